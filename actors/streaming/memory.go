package streaming

import (
	"errors"
	"fmt"

	"github.com/hibana-stream/hibana/messages"
)

// A cell is one piece of what a stateful operation keeps from batch to batch, written through an overlay for each attempt: begin,
// then writes, then commit or abort. Windows, state by key and event time are made of cells.
type cell interface {
	begin()
	commit()
	abort()
	// changes encodes what this attempt has changed since begin.
	changes(w *changeWriter) error
	// all encodes everything, with what the attempt under way has changed.
	all(w *changeWriter) error
	// load takes one saved entry, before the first batch; it keeps no part of the strings.
	load(key, value string, deleted bool) error
	// bytes is an estimate of what it holds.
	bytes() int64
}

// A settler is a cell that puts what was loaded in order when all is there. Otherwise begin does it.
type settler interface{ settle() }

// memory is all that one operation keeps: its cells, each under a letter that its keys begin with when they are saved.
type memory struct {
	shape messages.Shape
	place string // where the operation stands in the user's file
	cells map[byte]cell
	order []byte
}

func newMemory(shape messages.Shape) *memory { return &memory{shape: shape, cells: map[byte]cell{}} }

// with adds a cell.
func (m *memory) with(letter byte, c cell) *memory {
	m.cells[letter] = c
	m.order = append(m.order, letter)
	return m
}

func (m *memory) each(f func(cell)) {
	for _, letter := range m.order {
		f(m.cells[letter])
	}
}

// load routes saved entries to their cells, and tells how many were taken before an error.
func (m *memory) load(changes []messages.Change) (taken int, err error) {
	err = m.guard(func() error {
		var letter byte
		var c cell
		for _, change := range changes {
			if change.Key == "" {
				return errTorn
			}
			if c == nil || change.Key[0] != letter {
				letter = change.Key[0]
				if c = m.cells[letter]; c == nil {
					return errTorn
				}
			}
			if err := c.load(change.Key[1:], change.Value, change.Deleted); err != nil {
				return err
			}
			taken++
		}
		return nil
	})
	if err != nil {
		return taken, m.failed("read", err)
	}
	return taken, nil
}

// failed is what went wrong with what an operation keeps.
func (m *memory) failed(to string, err error) error {
	return &OpError{Op: m.shape.Kind, Place: m.place, Err: fmt.Errorf("the state %q cannot be %s: %w", m.shape.Operator, to, err)}
}

// guard makes an error of a panic in a codec.
func (m *memory) guard(f func() error) (err error) {
	err = apart(nil, f)
	if of := new(OpError); errors.As(err, &of) && of.Place == unknown {
		return of.Err // whoever calls names the operation
	}
	return err
}

// all encodes everything; it is false when emit has had enough. What emit gets is good until it returns.
func (m *memory) all(emit func(messages.Changes) bool) (bool, error) {
	w := m.writer(messages.TopicPartition{}, emit)
	w.reuse = true
	return m.write(w, cell.all)
}

// writer makes a writer of changes.
func (m *memory) writer(partition messages.TopicPartition, emit func(messages.Changes) bool) *changeWriter {
	return &changeWriter{size: changeBlock, full: func(block []byte) bool {
		return emit(messages.ChangesIn(m.shape.Operator, partition, block))
	}}
}

// write encodes what f writes of each cell; it is false when w has had enough.
func (m *memory) write(w *changeWriter, f func(cell, *changeWriter) error) (bool, error) {
	for _, letter := range m.order {
		w.letter = letter
		if err := m.guard(func() error { return f(m.cells[letter], w) }); err != nil {
			return false, m.failed("saved", err)
		}
	}
	w.flush()
	return !w.stopped, nil
}

// changes appends what the attempt has changed, which belongs to a partition of the source if there is one.
func (m *memory) changes(partition messages.TopicPartition, to []messages.Changes) ([]messages.Changes, error) {
	_, err := m.write(m.writer(partition, func(c messages.Changes) bool {
		to = append(to, c)
		return true
	}), cell.changes)
	return to, err
}

func (m *memory) bytes() (sum int64) {
	m.each(func(c cell) { sum += c.bytes() })
	return sum
}

// A rememberer is an operator with a memory.
type rememberer interface {
	operator
	remembers() *memory
}

// ErrStateLimit is the cause of the failure of a batch after which state would hold more than its limit (state.max.bytes).
var ErrStateLimit = errors.New("state.max.bytes is reached")
