package streaming

import (
	"encoding/binary"
	"unsafe"
)

// plain tells whether s is ASCII without control characters, quotes and backslashes: what JSON writes as it stands.
// Eight bytes at a time; the bit tricks are those of "Determine if a word has a byte less than n" and "… equal to n",
// Sean Eron Anderson, Bit Twiddling Hacks.
func plain(s string) bool {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		if w&highs != 0 || less(w, 0x20)|less(w^(ones*'"'), 1)|less(w^(ones*'\\'), 1) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// less has a high bit set in w's bytes if one of them is less than n (n ≤ 128).
func less(w, n uint64) uint64 { return (w - ones*n) & ^w & highs }
