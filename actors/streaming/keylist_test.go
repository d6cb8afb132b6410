package streaming

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"
)

// Strings, numbers and structs with strings in them, the empty key among them, are read back from a list as they came, although what they
// pointed into is written over.
func TestAListOfKeysKeepsThemAsTheyCame(t *testing.T) {
	type name string
	type place struct {
		topic string
		at    int
	}
	listed(t, func(s string, _ int) string { return s })
	listed(t, func(s string, _ int) name { return name(s) })
	listed(t, func(_ string, i int) int { return i })
	listed(t, func(s string, i int) place { return place{s, i} })
	listed(t, func(s string, _ int) any { return len(s) })
}

func listed[K comparable](t *testing.T, of func(s string, i int) K) {
	t.Helper()
	l, keep := keyList[K]{isText: isText[K]()}, keeper[K]()
	var got, want []K
	for i := range 300 {
		buffer := []byte(fmt.Sprint("keys-", i)[:i%7])
		l.add(of(unsafe.String(unsafe.SliceData(buffer), len(buffer)), i), keep, 3)
		want = append(want, of(string(buffer), i))
		clear(buffer)
	}
	for i := range 300 {
		got = append(got, l.at(uint32(i)))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if l.isText != (len(l.keys) == 0) {
		t.Errorf("text: %v, and %d whole keys", l.isText, len(l.keys))
	}
}
