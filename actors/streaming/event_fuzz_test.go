package streaming

import (
	"strings"
	"testing"
)

// FuzzDecodeContent holds the quick reader of {"content":"…"} against the library: both always agree, on the content and on what is no event.
func FuzzDecodeContent(f *testing.F) {
	for _, seed := range []string{
		`{"content":"hello"}`, `{"content":""}`, `{"content":"a\"b"}`, `{"content":"é"}`, `{"content":"\u00e9"}`, `{"content":"x"} `,
		` {"content":"x"}`, `{"content":"x"}}`, `{"content":"a","content":"b"}`, `{"content":null}`, `{"content":1}`, `{}`, ``, `[]`,
		`{"content":"a","b":1}`, `{"Content":"x"}`, `{"content":"12345678\"}`, `{"content":"1234567` + "\x00" + `"}`, "{\"content\":\"\xff\"}",
		`{"content":"` + strings.Repeat("x", 100) + `"}`, `{"content":"x","content` + "`" + `":"y"}`,
		`{"content":"x","Content":"y"}`, `{"c\u006fntent":"x"}`, `{"content":"x","c\u006fntent":"y"}`, `{"content":"\ud800"}`, `{"content":"\ud83d\ude00"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wire string) {
		quick, quickErr := decodeContent(wire)
		slow, slowErr := decodeContentSlow(wire)
		if (quickErr == nil) != (slowErr == nil) || quick != slow {
			t.Fatalf("%q: got %q, %v; the library says %q, %v", wire, quick.Content(), quickErr, slow.Content(), slowErr)
		}
	})
}

// The field has one name and one value, and its text is all characters.
func TestContentIsReadByItsName(t *testing.T) {
	for wire, want := range map[string]string{
		`{"content":"x","Content":"y"}`: "x", `{"CONTENT":1,"content":"x"}`: "x", `{"c\u006fntent":"x"}`: "x", `{"content":"\ud83d\ude00"}`: "😀",
		`{"content":"\ufffd"}`: "\ufffd", `{"content":"say \"content\""}`: `say "content"`, `{"a":{"content":"y"},"content":"x"}`: "x",
	} {
		if got, err := decodeContent(wire); err != nil || got.Content() != want {
			t.Errorf("%s: %q, %v", wire, got.Content(), err)
		}
	}
	for wire, want := range map[string]string{
		`{"Content":"x"}`: `no field "content"`, `{"CONTENT":"x"}`: `no field "content"`, `{"\u0043ontent":"x"}`: `no field "content"`,
		`{"content":"x","c\u006fntent":"y"}`: "twice", `{"content":"\ud800"}`: "no character", `{"content":null,"Content":"x"}`: `no field "content"`,
		`{"a":{"content":"y"}}`: `no field "content"`, `{"content":1,"Content":"x"}`: "string",
	} {
		if got, err := decodeContent(wire); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", wire, got.Content(), err)
		}
	}
}
