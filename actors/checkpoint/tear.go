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
	if frame, ok := r.peek(); ok && frame.number != r.next {
		return false
	} else if cut := !ok && r.size-r.at < frameHeader || ok && frame.length > r.size-r.at-frameHeader; cut {
		return !r.later()
	}
	return r.unwritten() && !r.later()
}

// peek reads the header at the reader's place, if there is one.
func (r *reader) peek() (frame, bool) {
	b := make([]byte, min(frameHeader, r.size-r.at))
	if _, err := r.file.ReadAt(b, r.at); err != nil {
		return frame{}, false
	}
	return parseFrame(b)
}

// unwritten tells whether the header, which is written last, or a whole sector behind it is nothing but zeros. No frame that
// was written has a piece of such a sector by accident at its ends: it begins with its magic and ends with tagEnd.
func (r *reader) unwritten() bool {
	var zeros [sector]byte
	var header [frameHeader]byte
	if _, err := r.file.ReadAt(header[:], r.at); err == nil && header == [frameHeader]byte{} {
		return true
	}
	b := make([]byte, sector)
	for at := r.at; at < r.size; {
		end := min((at/sector+1)*sector, r.size)
		piece := b[:end-at]
		if _, err := r.file.ReadAt(piece, at); err != nil {
			return false
		}
		if bytes.Equal(piece, zeros[:len(piece)]) {
			return true
		}
		at = end
	}
	return false
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
