package streaming

import (
	"errors"
	"unsafe"

	"github.com/hibana-stream/hibana/messages"
)

// changeWriter encodes changes one behind the other into blocks. Those hold no pointers: while a batch's changes wait for its outputs,
// the collector of garbage does not have to look at every key.
type changeWriter struct {
	letter  byte
	block   []byte
	size    int                     // of a block
	full    func(block []byte) bool // takes a block, which is never written again unless reuse says so; false when no more are wanted
	reuse   bool
	stopped bool
}

// changeBlock is how long a block of many changes is.
const changeBlock = 64 << 10

var errNotAppended = errors.New("a codec's Encode does not append to what it is given")

// set writes an entry with its value.
func (w *changeWriter) set(key, value func([]byte) ([]byte, error)) error {
	start := w.begin()
	b, err := key(w.head())
	if err != nil {
		return err
	}
	middle := len(b)
	if b, err = value(b); err != nil {
		return err
	}
	return w.end(b, start, middle, false)
}

// drop writes that an entry is gone.
func (w *changeWriter) drop(key func([]byte) ([]byte, error)) error {
	start := w.begin()
	b, err := key(w.head())
	if err != nil {
		return err
	}
	return w.end(b, start, len(b), true)
}

// begin makes room for one change, and tells where it begins.
func (w *changeWriter) begin() (start int) {
	if cap(w.block)-len(w.block) < w.size/16 {
		w.flush()
	}
	if w.block == nil {
		w.block = make([]byte, 0, w.size)
	}
	return len(w.block)
}

// head is the block with the beginning of a change, and the cell's letter, which keys begin with.
func (w *changeWriter) head() []byte { return append(messages.BeginChange(w.block), w.letter) }

// end takes over b, in which a change stands behind start, its value behind middle. Until then the block is as it was.
func (w *changeWriter) end(b []byte, start, middle int, removed bool) error {
	if middle <= start+1 || len(b) < middle {
		return errNotAppended
	}
	w.block = messages.EndChange(b, start, middle, removed)
	return nil
}

// flush hands over what stands in the block.
func (w *changeWriter) flush() {
	if len(w.block) > 0 {
		w.take(w.block)
		if w.block = w.block[:0]; !w.reuse {
			w.block = nil
		}
	}
}

// take hands over a block that is full already.
func (w *changeWriter) take(block []byte) { w.stopped = w.stopped || !w.full(block) }

// textOf is b, to which nobody writes any more, as a string.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
