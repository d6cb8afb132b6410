package streaming

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// history is a cell: the last datasets of a stream, as a window needs them. Their type is known to those who made it: nothing here has
// to be compiled again for every type of a job.
type history struct {
	encode func(dst []byte, data any) ([]byte, error)
	decode func(wire string) (any, error)
	weigh  func(data any) int64
	steps  []step // in the order of their times
	// added and gone are this attempt's: a step that came, and the time up to which steps are no longer needed.
	added []step
	gone  int64
	held  int64
}

// step is one dataset of a stream, with its time in milliseconds.
type step struct {
	at   int64
	data any
	size int64
}

// newHistory makes one of datasets of type D.
//
//go:noinline
func newHistory[D any](codec Codec[D], weigh func(D) int64) *history {
	return &history{
		encode: func(dst []byte, data any) ([]byte, error) { return codec.Encode(dst, data.(D)) },
		decode: func(wire string) (any, error) { return codec.Decode(wire) },
		weigh:  func(data any) int64 { return weigh(data.(D)) },
	}
}

// datasets gives datasets their type back.
func datasets[D any](all []any) []D {
	out := make([]D, len(all))
	for i, data := range all {
		out[i] = data.(D)
	}
	return out
}

func (h *history) begin() { h.added, h.gone = nil, -1<<63 }

// add takes the dataset of this batch.
func (h *history) add(at time.Time, data any) {
	h.added = append(h.added, step{at: at.UnixMilli(), data: data, size: h.weigh(data)})
}

// between are the datasets after from, up to until.
func (h *history) between(from, until time.Time) []any {
	var out []any
	first := h.after(from.UnixMilli())
	for _, steps := range [][]step{h.steps[first:], h.added} {
		for _, s := range steps {
			if s.at > until.UnixMilli() {
				break
			}
			if s.at > from.UnixMilli() {
				out = append(out, s.data)
			}
		}
	}
	return out
}

// after is the index of the first step behind a time.
func (h *history) after(at int64) int {
	i, _ := slices.BinarySearchFunc(h.steps, at+1, func(s step, at int64) int { return cmp.Compare(s.at, at) })
	return i
}

// forget says that the datasets up to a time are not needed after this batch.
func (h *history) forget(until time.Time) { h.gone = max(h.gone, until.UnixMilli()) }

// commit takes in what was added, at its place: a batch that is run late may be older than the last. It costs what comes and goes.
func (h *history) commit() {
	for _, s := range h.added {
		h.steps = slices.Insert(h.steps, h.after(s.at), s)
		h.held += s.size
	}
	over := h.after(h.gone)
	for _, s := range h.steps[:over] {
		h.held -= s.size
	}
	clear(h.steps[:over])
	h.steps, h.added = h.steps[over:], nil
}

func (h *history) abort() { h.begin() }

func (h *history) bytes() int64 {
	sum := h.held
	for _, s := range h.added {
		sum += s.size
	}
	return sum
}

func (h *history) changes(w *changeWriter) error {
	for _, s := range h.steps[:h.after(h.gone)] {
		if err := w.drop(stepKey(s.at)); err != nil {
			return err
		}
	}
	return h.write(w, h.added)
}

func (h *history) all(w *changeWriter) error {
	if err := h.write(w, h.steps); err != nil {
		return err
	}
	return h.write(w, h.added)
}

// write writes the steps that are needed after this batch.
func (h *history) write(w *changeWriter, steps []step) error {
	for _, s := range steps {
		if s.at <= h.gone || w.stopped {
			continue
		}
		if err := w.set(stepKey(s.at), func(dst []byte) ([]byte, error) { return h.encode(dst, s.data) }); err != nil {
			return err
		}
	}
	return nil
}

func stepKey(at int64) func([]byte) ([]byte, error) {
	return func(dst []byte) ([]byte, error) { return binary.BigEndian.AppendUint64(dst, uint64(at)), nil }
}

func (h *history) load(key, value string, deleted bool) error {
	if len(key) != 8 {
		return errTorn
	}
	at := int64(binary.BigEndian.Uint64([]byte(key)))
	i := h.after(at)
	if i > 0 && h.steps[i-1].at == at {
		i--
		h.held -= h.steps[i].size
		h.steps = slices.Delete(h.steps, i, i+1)
	}
	if deleted {
		return nil
	}
	data, err := h.decode(value)
	if err != nil {
		return err
	}
	h.steps = slices.Insert(h.steps, i, step{at: at, data: data, size: h.weigh(data)})
	h.held += h.steps[i].size
	return nil
}
