package streaming

import "unsafe"

// arena holds copies of strings that live and die together: those of one batch and partition. It spares an allocation a string,
// at the price that one string keeps its whole chunk alive; what is to live longer is cloned on its own (a nil arena).
type arena struct{ chunk []byte }

const (
	smallestChunk = 64
	largestChunk  = 32 << 10
)

// clone copies s off the fetch buffer.
func (a *arena) clone(s string) string {
	if len(s) == 0 {
		return ""
	}
	if a == nil {
		return string([]byte(s))
	}
	if len(a.chunk)+len(s) > cap(a.chunk) {
		next := min(max(smallestChunk, cap(a.chunk)*2), largestChunk)
		a.chunk = make([]byte, 0, max(next, len(s)))
	}
	at := len(a.chunk)
	a.chunk = append(a.chunk, s...)
	return unsafe.String(&a.chunk[at], len(s))
}
