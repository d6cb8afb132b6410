package checkpoint

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

// payload reads the changes of one frame block by block. A block is never written again after it was read, since the keys
// and values that were handed out share it.
type payload struct {
	file file
	at   int64
	left int64
	sum  uint32
	rest []byte

	operators []string
	wanted    []bool
}

// What next found.
type found int

const (
	change  found = iota // a change
	unknown              // a change that is not wanted, or the name of an operation
	ended                // the end of the payload
	broken               // something else
	short                // a piece of a change, whose rest is in the next block
)

// more reads the next block behind what is left of the last one, each as large as the piece before it at least: a value of
// any size is read in a number of steps that grows with its logarithm.
func (p *payload) more() error {
	n := min(p.left, int64(max(chunk, len(p.rest))))
	block := make([]byte, len(p.rest)+int(n))
	fresh := block[copy(block, p.rest):]
	if _, err := p.file.ReadAt(fresh, p.at); err != nil {
		return err
	}
	p.sum = crc32.Update(p.sum, castagnoli, fresh)
	p.at, p.left, p.rest = p.at+n, p.left-n, block
	return nil
}

// start passes over the title.
func (p *payload) start() error {
	if err := p.fill(4); err != nil {
		return err
	}
	n := 4 + int(binary.LittleEndian.Uint32(p.rest))
	if err := p.fill(n); err != nil {
		return err
	}
	p.rest = p.rest[n:]
	return nil
}

// fill reads on until n bytes are there.
func (p *payload) fill(n int) error {
	for len(p.rest) < n {
		if p.left == 0 {
			return io.ErrUnexpectedEOF
		}
		if err := p.more(); err != nil {
			return err
		}
	}
	return nil
}

// next decodes one change, and reads on where that needs it.
func (p *payload) next(known func(string) bool) (messages.Change, found, error) {
	for {
		c, verdict := p.decode(known)
		switch {
		case verdict == short && p.left == 0:
			return c, broken, nil
		case verdict == ended && (p.left > 0 || len(p.rest) > 0):
			return c, broken, nil
		case verdict != short:
			return c, verdict, nil
		}
		if err := p.more(); err != nil {
			return c, broken, err
		}
	}
}

// decode takes one change off the block, or leaves the block as it is when it ends too early.
func (p *payload) decode(known func(string) bool) (c messages.Change, verdict found) {
	d := decoder{rest: p.rest}
	tag := d.uvarint()
	switch {
	case d.bad:
		return c, short
	case tag == tagEnd:
		p.rest = d.rest
		return c, ended
	case tag == 0, tag>>1 > uint64(len(p.operators))+1:
		return c, broken
	}
	number := int(tag>>1) - 1
	if number == len(p.operators) {
		return c, p.introduce(&d, known)
	}
	c.Operator, c.Deleted, c.Key = p.operators[number], tag&1 == 1, d.string()
	if !c.Deleted {
		c.Value = d.string()
	}
	if d.bad {
		return c, short
	}
	p.rest = d.rest
	if !p.wanted[number] {
		return c, unknown
	}
	return c, change
}

// introduce adds an operation to the frame's dictionary; its changes follow.
func (p *payload) introduce(d *decoder, known func(string) bool) found {
	name := d.string()
	if d.bad {
		return short
	}
	p.rest = d.rest
	p.operators = append(p.operators, strings.Clone(name))
	p.wanted = append(p.wanted, known(name))
	return unknown
}
