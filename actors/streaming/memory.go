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

// memory is all that one operation keeps: its cells, each under a letter that its keys begin with when they are saved.
type memory struct {
	shape messages.Shape
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

// load routes a saved entry to its cell.
func (m *memory) load(c messages.Change) error {
	if c.Key == "" || m.cells[c.Key[0]] == nil {
		return fmt.Errorf("%s %q: %w", m.shape.Kind, m.shape.Operator, errTorn)
	}
	if err := m.cells[c.Key[0]].load(c.Key[1:], c.Value, c.Deleted); err != nil {
		return fmt.Errorf("%s %q: %w", m.shape.Kind, m.shape.Operator, err)
	}
	return nil
}

// write encodes what f writes of each cell; it is false when emit has had enough.
func (m *memory) write(f func(cell, *changeWriter) error, emit func(messages.Change) bool) (bool, error) {
	w := &changeWriter{operator: m.shape.Operator, emit: emit}
	for _, letter := range m.order {
		w.letter = letter
		if err := f(m.cells[letter], w); err != nil {
			return false, fmt.Errorf("%s %q cannot be saved: %w", m.shape.Kind, m.shape.Operator, err)
		}
	}
	return !w.stopped, nil
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
