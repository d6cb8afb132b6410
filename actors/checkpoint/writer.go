package checkpoint

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

// chunk is how many bytes a writer collects before it writes: most batches are one write, and a large one needs no more memory.
const chunk = 1 << 20

// writer encodes one frame at a time into a buffer that it keeps. The header is written last: without it there is no frame.
type writer struct {
	buf     []byte
	file    file
	at      int64
	written int64
	sum     uint32
	// operators is the frame's dictionary; allowed are the shapes whose changes it may hold.
	operators []string
	allowed   []messages.Shape
}

// begin starts a frame at an offset of a file; head is what its payload begins with.
func (w *writer) begin(f file, at int64, head []byte, allowed []messages.Shape) {
	w.file, w.at, w.written, w.sum = f, at, 0, 0
	w.operators, w.allowed = w.operators[:0], allowed
	w.buf = slices.Grow(w.buf[:0], frameHeader+4+len(head))[:frameHeader]
	w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(len(head)))
	w.buf = append(w.buf, head...)
}

// changes adds a block of changes to the frame.
func (w *writer) changes(c messages.Changes) error {
	if c.Block() == "" {
		return nil
	}
	if err := w.operator(c.Operator()); err != nil {
		return err
	}
	w.buf = appendString(w.buf, c.Block())
	if len(w.buf) >= chunk {
		return w.spill()
	}
	return nil
}

// operator tells whose changes come next. In front of an operation's first it adds it to the frame's dictionary: the first number that is
// free, and the name.
func (w *writer) operator(name string) error {
	number := slices.Index(w.operators, name)
	if number >= 0 {
		w.buf = binary.AppendUvarint(w.buf, tagFirst+uint64(number))
		return nil
	}
	if !slices.ContainsFunc(w.allowed, func(s messages.Shape) bool { return s.Operator == name }) {
		return fmt.Errorf("%w: a change of %q, which is not among the saved shapes", ErrShape, name)
	}
	w.buf = appendString(binary.AppendUvarint(w.buf, tagFirst+uint64(len(w.operators))), name)
	w.operators = append(w.operators, name)
	return nil
}

// spill writes what is collected; the room for the header in front of it stays empty.
func (w *writer) spill() error {
	from := 0
	if w.written == 0 {
		from = frameHeader
	}
	payload := w.buf[from:]
	w.sum = crc32.Update(w.sum, castagnoli, payload)
	if _, err := w.file.WriteAt(payload, w.at+frameHeader+w.written); err != nil {
		return err
	}
	w.written += int64(len(payload))
	w.buf = w.buf[:0]
	return nil
}

// finish writes the rest and the header, in one write when nothing was written before, and returns the offset behind the frame.
func (w *writer) finish(kind byte, number uint64) (end int64, err error) {
	w.buf = append(w.buf, tagEnd)
	f := frame{kind: kind, number: number}
	if w.written == 0 {
		f.length, f.sum = int64(len(w.buf)-frameHeader), crc32.Checksum(w.buf[frameHeader:], castagnoli)
		f.put(w.buf)
		_, err = w.file.WriteAt(w.buf, w.at)
		return w.at + frameHeader + f.length, err
	}
	if err := w.spill(); err != nil {
		return 0, err
	}
	f.length, f.sum = w.written, w.sum
	var header [frameHeader]byte
	f.put(header[:])
	_, err = w.file.WriteAt(header[:], w.at)
	return w.at + frameHeader + f.length, err
}

// release lets go of the file, and of a buffer that one huge change has blown up.
func (w *writer) release() {
	w.file, w.allowed = nil, nil
	if cap(w.buf) > 4*chunk {
		w.buf = nil
	}
}
