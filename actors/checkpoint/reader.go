package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/hibana-stream/hibana/messages"
)

// reader walks the frames of one file.
type reader struct {
	file file
	path string
	at   int64
	size int64
	// next is the number that the next frame must have.
	next  uint64
	frame frame
	buf   []byte
}

// openReader reads the preamble. size < 0 takes the file as long as it is.
func openReader(f file, path string, role byte, size int64) (*reader, error) {
	if size < 0 {
		var err error
		if size, err = f.size(); err != nil {
			return nil, err
		}
	}
	head := make([]byte, min(size, preambleSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), head); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	p, form, ok := parsePreamble(head)
	switch {
	case ok && form != version:
		return nil, fmt.Errorf("%s has %w %d; this program reads %d (to begin without that state, move the folder away)", path, ErrVersion, form, version)
	case !ok, p.role != role, p.first == 0:
		return nil, &CorruptError{File: path, Expected: fmt.Sprintf("the preamble of a hibana checkpoint (%s…)", preambleMagic)}
	}
	return &reader{file: f, path: path, at: preambleSize, size: size, next: p.first}, nil
}

// head reads the next frame's header; io.EOF is the end of the file.
func (r *reader) head() error {
	if r.at == r.size {
		return io.EOF
	}
	var b [frameHeader]byte
	if r.size-r.at < frameHeader {
		return r.damage("the header of frame %d, %d bytes", r.next, frameHeader)
	}
	if _, err := r.file.ReadAt(b[:], r.at); err != nil {
		return r.failed(err)
	}
	f, ok := parseFrame(b[:])
	switch {
	case !ok:
		return r.damage("the header of frame %d", r.next)
	case f.number != r.next:
		return r.damage("frame %d, and there is %d", r.next, f.number)
	case f.length > r.size-r.at-frameHeader:
		return r.damage("frame %d, %d bytes", r.next, frameHeader+f.length)
	case f.kind != kindBatch && f.kind != kindPlan:
		return r.damage("a batch or a plan as frame %d", r.next)
	}
	r.frame = f
	return nil
}

// check verifies the payload's checksum.
func (r *reader) check() error {
	if want := int(min(r.frame.length, chunk/4)); len(r.buf) < want {
		r.buf = make([]byte, want)
	}
	sum := uint32(0)
	for at, left := r.at+frameHeader, r.frame.length; left > 0; {
		piece := r.buf[:min(left, int64(len(r.buf)))]
		if _, err := r.file.ReadAt(piece, at); err != nil {
			return r.failed(err)
		}
		sum = crc32.Update(sum, castagnoli, piece)
		at, left = at+int64(len(piece)), left-int64(len(piece))
	}
	if sum != r.frame.sum {
		return r.damage("frame %d with the checksum %08x, and it has %08x", r.next, r.frame.sum, sum)
	}
	return nil
}

// title reads what the payload begins with: the progress or the plan.
func (r *reader) title() ([]byte, error) {
	var size [4]byte
	if r.frame.length < 5 {
		return nil, r.damage("a payload as frame %d", r.next)
	}
	if _, err := r.file.ReadAt(size[:], r.at+frameHeader); err != nil {
		return nil, r.failed(err)
	}
	n := int64(binary.LittleEndian.Uint32(size[:]))
	if n > r.frame.length-5 {
		return nil, r.damage("a progress as frame %d", r.next)
	}
	b := make([]byte, n)
	if _, err := r.file.ReadAt(b, r.at+frameHeader+4); err != nil {
		return nil, r.failed(err)
	}
	return b, nil
}

// skip goes on to the next frame.
func (r *reader) skip() {
	r.at += frameHeader + r.frame.length
	r.next++
}

func (r *reader) damage(expected string, args ...any) error {
	return &CorruptError{File: r.path, Offset: r.at, Expected: fmt.Sprintf(expected, args...)}
}

// failed names the file of a read error. A file that ends too early is damaged: its size was asked before.
func (r *reader) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.damage("a file of %d bytes", r.size)
	}
	return fmt.Errorf("reading %s: %w", r.path, err)
}

// changes gives the frame's changes to each, in their order, without those of operations that are not known.
func (r *reader) changes(known func(operator string) bool, each func(messages.Changes) error) error {
	p := payload{file: r.file, at: r.at + frameHeader, left: r.frame.length}
	if err := p.start(); err != nil {
		return r.failed(err)
	}
	for {
		c, verdict, err := p.next(known)
		switch {
		case err != nil:
			return r.failed(err)
		case verdict == broken:
			return r.damage("changes that can be decoded in frame %d", r.next)
		case verdict == ended:
			if p.sum != r.frame.sum {
				return r.damage("frame %d with the checksum %08x, and it has %08x", r.next, r.frame.sum, p.sum)
			}
			return nil
		case verdict == unwanted:
			continue
		}
		if err := each(c); err != nil {
			return err
		}
	}
}
