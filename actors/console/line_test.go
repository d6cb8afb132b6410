package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each row types into an empty line; | is the cursor afterwards.
func TestLineEditing(t *testing.T) {
	for _, c := range []struct{ keys, want string }{
		{"a b c", "abc|"},
		{"a b c left left x", "ax|bc"},
		{"a b c home delete", "|bc"},
		{"a b c ctrl+a ctrl+d end backspace", "b|"},
		{"one space two space three alt+b alt+b x", "one x|two three"},
		{"one space two home alt+f", "one| two"},
		{"one space two home ctrl+right ctrl+right", "one two|"},
		{"one space two ctrl+w", "one |"},
		{"one space two ctrl+w ctrl+a ctrl+y", "two|one "},
		{"one space two ctrl+left ctrl+k", "one |"},
		{"one space two ctrl+left ctrl+u", "|two"},
		{"one space two home alt+d", "| two"},
		{"日 本 ö left backspace", "日|ö"},
		{"e \u0301 x left left", "|e\u0301x"},
		{"👩‍👩‍👧 backspace", "|"},
		{"left right backspace delete ctrl+k ctrl+u ctrl+w", "|"},
		{"a f5", "a|"},
	} {
		var b buffer
		for _, name := range strings.Fields(c.keys) {
			if name == "space" {
				name = " "
			}
			if !b.edit(name) && name != "f5" {
				b.insert(name)
			}
		}
		got := strings.Join(b.chars[:b.cursor], "") + "|" + strings.Join(b.chars[b.cursor:], "")
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.keys, got, c.want)
		}
	}
}

// The history is for its owner alone, and two consoles add to the same file.
func TestHistoryIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hibana", "history")
	a, _ := readHistory(path)
	b, _ := readHistory(path)
	for _, err := range []error{a.add("one"), b.add("two"), a.add("three"), a.add("three"), a.add(""), a.add(" hidden")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := readHistory(path)
	if err != nil || strings.Join(c.lines, ",") != "one,two,three" {
		t.Errorf("%v %v", c.lines, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("%v", info.Mode())
	}
}

func TestHistoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(path, []byte(strings.Repeat("x\n", 2*mostHistory)+"last\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readHistory(path); err != nil {
		t.Fatal(err)
	}
	content, _ := os.ReadFile(path)
	if n := strings.Count(string(content), "\n"); n != mostHistory || !strings.HasSuffix(string(content), "last\n") {
		t.Errorf("%d lines", n)
	}
}

// A history that cannot be read or written is said, and the console works without.
func TestHistoryThatCannotBeKept(t *testing.T) {
	dir := t.TempDir()
	h, err := readHistory(dir)
	if err == nil || h == nil {
		t.Errorf("%v %v", h, err)
	}
	if err := h.add("line"); err == nil || h.lines[0] != "line" {
		t.Errorf("%v %v", h.lines, err)
	}
}

func TestHarmlessKeepsTextAndColors(t *testing.T) {
	for line, want := range map[string]string{
		"plain 日本":                 "plain 日本",
		"a\tb":                     "a       b",
		"12345678\tb":              "12345678        b",
		"\x1b[31mred\x1b[m":        "\x1b[31mred\x1b[m",
		"up\x1b[2A\x1b[2Jand away": "upand away",
		"bell\a\rreturn":           "bellreturn",
		"\x1b]0;title\atext":       "text",
	} {
		if got := harmless(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}
