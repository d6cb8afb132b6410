package checkpoint

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

// payload reads the changes of one frame piece by piece. A piece is never written again after it was read, since the changes that were
// handed out share it.
type payload struct {
	file file
	at   int64
	left int64
	sum  uint32
	rest []byte

	operators []string
	known     []bool // whether their changes are wanted
}

// What next found.
type found int

const (
	wanted   found = iota // changes
	unwanted              // changes that are not wanted
	ended                 // the end of the payload
	broken                // something else
	short                 // the beginning of changes, whose rest is in the next piece
)

// more reads the next piece behind what is left of the last one, and as long as that at least: a block of any size is read in a
// number of steps that grows with its logarithm.
func (p *payload) more() error {
	n := min(p.left, int64(max(chunk, len(p.rest))))
	piece := make([]byte, len(p.rest)+int(n))
	fresh := piece[copy(piece, p.rest):]
	if _, err := p.file.ReadAt(fresh, p.at); err != nil {
		return err
	}
	p.sum = crc32.Update(p.sum, castagnoli, fresh)
	p.at, p.left, p.rest = p.at+n, p.left-n, piece
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

// next decodes one block of changes, and reads on where that needs it.
func (p *payload) next(known func(string) bool) (messages.Changes, found, error) {
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

// decode takes one block of changes off the piece, or leaves the piece as it is when it ends too early.
func (p *payload) decode(known func(string) bool) (c messages.Changes, verdict found) {
	d := decoder{rest: p.rest}
	tag := d.uvarint()
	number := int(min(tag, math.MaxInt32)) - tagFirst
	switch {
	case d.bad:
		return c, short
	case tag == tagEnd:
		p.rest = d.rest
		return c, ended
	case number < 0, number > len(p.operators):
		return c, broken
	}
	name := ""
	if number == len(p.operators) {
		name = d.string()
	}
	block := d.bytes()
	if d.bad {
		return c, short
	}
	p.rest = d.rest
	if number == len(p.operators) {
		p.operators, p.known = append(p.operators, strings.Clone(name)), append(p.known, known(name))
	}
	if !p.known[number] {
		return c, unwanted
	}
	if c = messages.ChangesIn(p.operators[number], messages.TopicPartition{}, block); !c.Whole() {
		return c, broken
	}
	return c, wanted
}
