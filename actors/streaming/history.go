package streaming

import (
	"encoding/binary"
	"time"
)

// history is a cell: the last datasets of a stream, as a window needs them.
type history[D any] struct {
	codec Codec[D]
	weigh func(D) int64
	steps []step[D] // in the order of their times
	// added and gone are this attempt's: a step that came, and the time up to which steps are no longer needed.
	added []step[D]
	gone  int64
}

// step is one dataset of a stream, with its time in milliseconds.
type step[D any] struct {
	at   int64
	data D
	size int64
}

func (h *history[D]) begin() { h.added, h.gone = nil, -1<<63 }

// add takes the dataset of this batch.
func (h *history[D]) add(at time.Time, data D) {
	h.added = append(h.added, step[D]{at: at.UnixMilli(), data: data, size: h.weigh(data)})
}

// between are the datasets after from, up to until.
func (h *history[D]) between(from, until time.Time) []D {
	var out []D
	for _, steps := range [][]step[D]{h.steps, h.added} {
		for _, s := range steps {
			if s.at > from.UnixMilli() && s.at <= until.UnixMilli() {
				out = append(out, s.data)
			}
		}
	}
	return out
}

// forget says that the datasets up to a time are not needed after this batch.
func (h *history[D]) forget(until time.Time) { h.gone = max(h.gone, until.UnixMilli()) }

func (h *history[D]) commit() {
	all := append(h.steps, h.added...)
	kept := all[:0]
	for _, s := range all {
		if s.at > h.gone {
			kept = append(kept, s)
		}
	}
	clear(all[len(kept):])
	h.steps, h.added = kept, nil
}

func (h *history[D]) abort() { h.begin() }

func (h *history[D]) bytes() (sum int64) {
	for _, s := range h.steps {
		sum += s.size
	}
	for _, s := range h.added {
		sum += s.size
	}
	return sum
}

func (h *history[D]) changes(w *changeWriter) error {
	for _, s := range h.steps {
		if s.at <= h.gone {
			if err := w.drop(stepKey(s.at)); err != nil {
				return err
			}
		}
	}
	return h.write(w, h.added)
}

func (h *history[D]) all(w *changeWriter) error {
	if err := h.write(w, h.steps); err != nil {
		return err
	}
	return h.write(w, h.added)
}

// write writes the steps that are needed after this batch.
func (h *history[D]) write(w *changeWriter, steps []step[D]) error {
	for _, s := range steps {
		if s.at <= h.gone || w.stopped {
			continue
		}
		if err := w.set(stepKey(s.at), func(dst []byte) ([]byte, error) { return h.codec.Encode(dst, s.data) }); err != nil {
			return err
		}
	}
	return nil
}

func stepKey(at int64) func([]byte) ([]byte, error) {
	return func(dst []byte) ([]byte, error) { return binary.BigEndian.AppendUint64(dst, uint64(at)), nil }
}

func (h *history[D]) load(key, value string, deleted bool) error {
	if len(key) != 8 {
		return errTorn
	}
	at := int64(binary.BigEndian.Uint64([]byte(key)))
	i := 0
	for i < len(h.steps) && h.steps[i].at < at {
		i++
	}
	if i < len(h.steps) && h.steps[i].at == at {
		h.steps = append(h.steps[:i], h.steps[i+1:]...)
	}
	if deleted {
		return nil
	}
	data, err := h.codec.Decode(value)
	if err != nil {
		return err
	}
	h.steps = append(h.steps, step[D]{})
	copy(h.steps[i+1:], h.steps[i:])
	h.steps[i] = step[D]{at: at, data: data, size: h.weigh(data)}
	return nil
}
