package checkpoint

import (
	"bytes"
	"errors"
)

// sector is the least that a disk writes or does not write as a whole, in bytes.
const sector = 512

// torn tells whether the damage that r met is what a crash leaves of the frame it was writing, so that cutting it off loses
// nothing that was ever saved: the file ends too early, or a piece of it was never written and reads as zeros. Anything else,
// above all a whole frame of a later batch behind the damage, is a damage of what was saved.
func torn(r *reader, damage error) bool {
	var corrupt *CorruptError
	if !errors.As(damage, &corrupt) || corrupt.Offset < preambleSize {
		return false
	}
	if r.size-r.at < frameHeader {
		return true
	}
	if frame, ok := r.peek(); ok {
		if frame.number != r.next {
			return false
		}
		if frame.length > r.size-r.at-frameHeader {
			return true
		}
	}
	return r.unwritten() && !r.later()
}

// peek reads the header at the reader's place, if there is one.
func (r *reader) peek() (frame, bool) {
	b := make([]byte, frameHeader)
	if _, err := r.file.ReadAt(b, r.at); err != nil {
		return frame{}, false
	}
	return parseFrame(b)
}

// unwritten tells whether a sector of the frame was never written, or its header, which comes last, not to its end. No piece that
// was written is all zeros by accident at the frame's ends: it begins with its magic and ends with tagEnd.
func (r *reader) unwritten() bool {
	header := make([]byte, frameHeader)
	if _, err := r.file.ReadAt(header, r.at); err != nil {
		return false
	}
	if zeros(header[frameHeader-len(frameEnd):]) || zeroSector(header, r.at) {
		return true
	}
	b := make([]byte, chunk/4)
	for at := r.at; at < r.size; {
		piece := b[:min(int64(len(b))-at%sector, r.size-at)]
		if _, err := r.file.ReadAt(piece, at); err != nil {
			return false
		}
		if zeroSector(piece, at) {
			return true
		}
		at += int64(len(piece))
	}
	return false
}

// zeroSector tells whether all that b has of some sector is zeros; b stands at an offset of its file.
func zeroSector(b []byte, at int64) bool {
	for len(b) > 0 {
		n := min(sector-int(at%sector), len(b))
		if zeros(b[:n]) {
			return true
		}
		b, at = b[n:], at+int64(n)
	}
	return false
}

func zeros(b []byte) bool {
	var none [sector]byte
	return bytes.Equal(b, none[:len(b)])
}

// later tells whether the rest of the file holds the header of a frame that was written after the one at the reader's place.
func (r *reader) later() bool {
	b := make([]byte, chunk/4)
	for at := r.at + 1; r.size-at >= frameHeader; {
		piece := b[:min(int64(len(b)), r.size-at)]
		if _, err := r.file.ReadAt(piece, at); err != nil {
			return false
		}
		if holds(piece, r.next) {
			return true
		}
		at += int64(len(piece)) - frameHeader + 1
	}
	return false
}

// holds looks for the header of a frame with a number higher than n.
func holds(b []byte, n uint64) bool {
	for {
		i := bytes.Index(b, []byte(frameMagic))
		if i < 0 {
			return false
		}
		if f, ok := parseFrame(b[i:]); ok && f.number > n {
			return true
		}
		b = b[i+1:]
	}
}
