package streaming

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/hibana-stream/hibana/messages"
)

// changeWriter encodes changes one behind the other into blocks. Those hold no pointers: while a batch's changes wait for its outputs,
// the collector of garbage does not have to look at every key.
type changeWriter struct {
	letter  byte
	block   []byte
	size    int                     // of a block
	full    func(block []byte) bool // takes a block, which is never written again; false when no more are wanted
	stopped bool
}

// A change in a block is the length of its key, with removedBit when the entry is gone, the length of its value, the key, the value.
const (
	changeBlock = 64 << 10
	changeHead  = 8
	removedBit  = 1 << 31
)

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
	return w.end(b, start, middle, 0)
}

// drop writes that an entry is gone.
func (w *changeWriter) drop(key func([]byte) ([]byte, error)) error {
	start := w.begin()
	b, err := key(w.head())
	if err != nil {
		return err
	}
	return w.end(b, start, len(b), removedBit)
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

// head is the block with an empty head, and the cell's letter, which keys begin with.
func (w *changeWriter) head() []byte { return append(w.block, 0, 0, 0, 0, 0, 0, 0, 0, w.letter) }

// end takes over b, in which a change stands behind start, its value behind middle. Until then the block is as it was.
func (w *changeWriter) end(b []byte, start, middle int, removed uint32) error {
	key, value := middle-start-changeHead, len(b)-middle
	switch {
	case key < 1 || value < 0:
		return errNotAppended
	case key >= removedBit || value > math.MaxUint32:
		return fmt.Errorf("an entry of %d bytes is more than can be saved", key+value)
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(key)|removed)
	binary.LittleEndian.PutUint32(b[start+4:], uint32(value))
	w.block = b
	return nil
}

// flush hands over what stands in the block.
func (w *changeWriter) flush() {
	if len(w.block) > 0 {
		w.take(w.block)
		w.block = nil
	}
}

// take hands over a block that is full already.
func (w *changeWriter) take(block []byte) { w.stopped = w.stopped || !w.full(block) }

// encoded are changes of one operation, in blocks.
type encoded struct {
	operator  string
	partition messages.TopicPartition
	blocks    [][]byte
}

// each gives all of them, whose strings alias the blocks; it is false when yield has had enough.
func (e *encoded) each(yield func(messages.Change) bool) bool {
	for _, b := range e.blocks {
		for len(b) > 0 {
			first, value := binary.LittleEndian.Uint32(b), int(binary.LittleEndian.Uint32(b[4:]))
			key := int(first &^ removedBit)
			b = b[changeHead:]
			c := messages.Change{
				Operator: e.operator, Partition: e.partition, Deleted: first&removedBit != 0,
				Key: textOf(b[:key]), Value: textOf(b[key : key+value]),
			}
			if b = b[key+value:]; !yield(c) {
				return false
			}
		}
	}
	return true
}

// textOf is b, to which nobody writes any more, as a string.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
