package checkpoint

import (
	"encoding/binary"
	"hash/crc32"
)

// castagnoli is CRC-32C, which processors compute themselves.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// What a file begins with, and what each of its frames begins with: see the package's documentation for the picture.
const (
	preambleMagic = "HIBANACP"
	preambleSize  = 32
	version       = 3

	frameMagic  = "HBF1"
	frameEnd    = "-HBF"
	frameHeader = 32

	roleLog      = 'L'
	roleSnapshot = 'S'

	kindBatch = 'B'
	kindPlan  = 'P'

	// tagEnd closes every payload. It is not zero, so that a sector that was never written is never mistaken for the end of one.
	// tagFirst is that of the changes of the frame's first operation.
	tagEnd   = 1
	tagFirst = 2
)

// preamble says what a file is: which role, and the number of its first frame.
type preamble struct {
	role  byte
	first uint64
}

func (p preamble) encode() []byte {
	b := make([]byte, preambleSize)
	copy(b, preambleMagic)
	binary.LittleEndian.PutUint32(b[8:], version)
	b[12] = p.role
	binary.LittleEndian.PutUint64(b[16:], p.first)
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b[:28], castagnoli))
	return b
}

// parsePreamble reads the first bytes of a file; ok is false when they are not a preamble of any version.
func parsePreamble(b []byte) (p preamble, form uint32, ok bool) {
	if len(b) < preambleSize || string(b[:8]) != preambleMagic ||
		binary.LittleEndian.Uint32(b[28:]) != crc32.Checksum(b[:28], castagnoli) {
		return preamble{}, 0, false
	}
	return preamble{role: b[12], first: binary.LittleEndian.Uint64(b[16:])}, binary.LittleEndian.Uint32(b[8:]), true
}

// frame is the header of one saved batch or plan. Frames are numbered from 1 on through all logs, without a gap.
type frame struct {
	kind   byte
	number uint64
	length int64
	sum    uint32
}

// put writes the header: magic, number, kind and length, the payload's checksum, the header's own, and an end that shows whether
// all of it has been written.
func (f frame) put(b []byte) {
	copy(b, frameMagic)
	binary.LittleEndian.PutUint64(b[4:], f.number)
	binary.LittleEndian.PutUint64(b[12:], uint64(f.kind)<<56|uint64(f.length))
	binary.LittleEndian.PutUint32(b[20:], f.sum)
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	copy(b[28:], frameEnd)
}

// parseFrame reads a header; ok is false when the bytes are none.
func parseFrame(b []byte) (f frame, ok bool) {
	if len(b) < frameHeader || string(b[:4]) != frameMagic || string(b[28:frameHeader]) != frameEnd ||
		binary.LittleEndian.Uint32(b[24:]) != crc32.Checksum(b[:24], castagnoli) {
		return frame{}, false
	}
	length := binary.LittleEndian.Uint64(b[12:])
	f = frame{
		kind:   byte(length >> 56),
		number: binary.LittleEndian.Uint64(b[4:]),
		length: int64(length << 8 >> 8),
		sum:    binary.LittleEndian.Uint32(b[20:]),
	}
	return f, f.length > 0
}
