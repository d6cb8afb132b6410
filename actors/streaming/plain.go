package streaming

import (
	"encoding/binary"
	"unsafe"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain tells whether s is ASCII without control characters, quotes and backslashes: what JSON writes as it stands.
// It looks at eight bytes at a time and, to keep the loop free of branches, judges them all at the end; the last eight may overlap
// those before. The tests are "a word has a byte less than n" and "equal to n" of Sean Eron Anderson's Bit Twiddling Hacks,
// which are exact as long as no byte has its high bit set, and that is one of the tests.
func plain(s string) bool {
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	if len(b) < 8 {
		return plainShort(b)
	}
	bad := suspects(binary.LittleEndian.Uint64(b[len(b)-8:]))
	for ; len(b) > 16; b = b[16:] {
		bad |= suspects(binary.LittleEndian.Uint64(b)) | suspects(binary.LittleEndian.Uint64(b[8:]))
	}
	if len(b) > 8 {
		bad |= suspects(binary.LittleEndian.Uint64(b))
	}
	return bad&highs == 0
}

// suspects has a high bit set for a control character, a quote, a backslash, or a byte that is not ASCII.
func suspects(w uint64) uint64 {
	return w | (w - ones*0x20) | ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones)
}

func plainShort(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
