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
	version       = 1

	frameMagic  = "HBF1"
	frameHeader = 32

	roleLog      = 'L'
	roleSnapshot = 'S'

	kindBatch = 'B'
	kindPlan  = 'P'

	// tagEnd closes every payload. It is not zero, so that a sector that was never written is never mistaken for the end of one.
	tagEnd = 1
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

func (f frame) put(b []byte) {
	clear(b[:frameHeader])
	copy(b, frameMagic)
	b[4] = f.kind
	binary.LittleEndian.PutUint64(b[8:], f.number)
	binary.LittleEndian.PutUint64(b[16:], uint64(f.length))
	binary.LittleEndian.PutUint32(b[24:], f.sum)
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b[:28], castagnoli))
}

// parseFrame reads a header; ok is false when the bytes are none.
func parseFrame(b []byte) (f frame, ok bool) {
	if len(b) < frameHeader || string(b[:4]) != frameMagic ||
		binary.LittleEndian.Uint32(b[28:]) != crc32.Checksum(b[:28], castagnoli) {
		return frame{}, false
	}
	f = frame{
		kind:   b[4],
		number: binary.LittleEndian.Uint64(b[8:]),
		length: int64(binary.LittleEndian.Uint64(b[16:])),
		sum:    binary.LittleEndian.Uint32(b[24:]),
	}
	return f, f.length > 0
}
