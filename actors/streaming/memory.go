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
	// load takes one saved entry, before the first batch.
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

// changes encodes what all cells changed.
func (m *memory) changes(out []messages.Change) ([]messages.Change, error) {
	w := &changeWriter{operator: m.shape.Operator, out: out}
	for _, letter := range m.order {
		w.letter = letter
		if err := m.cells[letter].changes(w); err != nil {
			return w.out, fmt.Errorf("%q cannot be saved: %w", m.shape.Operator, err)
		}
	}
	return w.out, nil
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
