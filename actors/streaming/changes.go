package streaming

import (
	"unsafe"

	"github.com/hibana-stream/hibana/messages"
)

// changeWriter encodes changes into chunks, one allocation for many; a chunk is never written again where a string stands.
type changeWriter struct {
	operator string
	letter   byte
	emit     func(messages.Change) bool
	stopped  bool
	chunk    []byte
}

const changeChunk = 64 << 10

// set writes an entry with its value.
func (w *changeWriter) set(key, value func([]byte) ([]byte, error)) error {
	k, err := w.text(true, key)
	if err != nil {
		return err
	}
	v, err := w.text(false, value)
	if err != nil {
		return err
	}
	w.give(messages.Change{Operator: w.operator, Key: k, Value: v})
	return nil
}

// drop writes that an entry is gone.
func (w *changeWriter) drop(key func([]byte) ([]byte, error)) error {
	k, err := w.text(true, key)
	if err != nil {
		return err
	}
	w.give(messages.Change{Operator: w.operator, Key: k, Deleted: true})
	return nil
}

func (w *changeWriter) give(c messages.Change) { w.stopped = w.stopped || !w.emit(c) }

// text encodes one string at the end of the chunk; a key begins with the cell's letter.
func (w *changeWriter) text(isKey bool, encode func([]byte) ([]byte, error)) (string, error) {
	if cap(w.chunk)-len(w.chunk) < changeChunk/16 {
		w.chunk = make([]byte, 0, changeChunk)
	}
	start := len(w.chunk)
	b := w.chunk
	if isKey {
		b = append(b, w.letter)
	}
	b, err := encode(b)
	if err != nil || len(b) == start {
		return "", err
	}
	w.chunk = b // when it grew beyond the chunk it was moved, whole, to a new one
	return unsafe.String(&b[start], len(b)-start), nil
}
