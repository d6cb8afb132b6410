package streaming

import (
	"math"
	"reflect"
	"unsafe"
)

// keyList holds keys one behind the other. Those that are strings are kept as their bytes alone: the collector of garbage looks at each
// pointer that a batch holds, and a string is one.
type keyList[K comparable] struct {
	keys []K
	arena
	text   []byte
	starts []uint32 // in text, of each key, and of the next one
	isText bool
}

// isText tells whether a K is a string.
func isText[K comparable]() bool { return reflect.TypeFor[K]().Kind() == reflect.String }

// add takes a key off the fetch buffer; it gives an estimate of the bytes that it takes.
func (l *keyList[K]) add(k K, keep func(*arena, K) (K, int64), least int) (held int64) {
	if !l.isText {
		k, held = keep(&l.arena, k)
		l.keys = append(roomFor(l.keys, least), k)
		return held
	}
	s := *(*string)(unsafe.Pointer(&k))
	if uint64(len(l.text))+uint64(len(s)) > math.MaxUint32 {
		panic("the keys that one partition has for one shard in one batch take more than 4 GiB")
	}
	if l.starts == nil {
		l.starts, l.text = append(roomFor(l.starts, least+1), 0), make([]byte, 0, least*(len(s)+len(s)/8))
	}
	l.text = append(l.text, s...)
	l.starts = append(roomFor(l.starts, least), uint32(len(l.text)))
	return int64(len(s)) + 8
}

// at is the key at a position. A string aliases the list.
func (l *keyList[K]) at(i uint32) (k K) {
	if !l.isText {
		return l.keys[i]
	}
	*(*string)(unsafe.Pointer(&k)) = textOf(l.text[l.starts[i]:l.starts[i+1]])
	return k
}

// roomFor is s with room for one more: twice as much as there was, and least at least. append grows large slices by a quarter only, and
// copies each element several times.
func roomFor[T any](s []T, least int) []T {
	if len(s) < cap(s) {
		return s
	}
	more := make([]T, len(s), max(2*cap(s), least))
	copy(more, s)
	return more
}
