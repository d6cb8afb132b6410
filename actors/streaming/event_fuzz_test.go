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
