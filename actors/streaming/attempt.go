package streaming

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// begin opens an attempt: what an earlier one has left open is dropped.
func (r *Runner) begin(parts []PartInput) {
	if r.open {
		r.Abort()
	}
	r.open, r.shards = true, nil
	r.forgetChanges()
	for _, part := range parts {
		if part.Shard != nil {
			r.shards = append(r.shards, part.Shard)
		}
	}
	r.eachMemory(func(m *memory) { m.each(cell.begin) })
}

// forgetChanges keeps the room: the next batch changes about as much.
func (r *Runner) forgetChanges() {
	clear(r.changed)
	r.changed = r.changed[:0]
}

// Changes is what the attempt under way has changed in state and windows, operator by operator, encoded. A batch that failed has none.
// It may be gone through until Commit or Abort.
func (r *Runner) Changes() iter.Seq[messages.Changes] { return slices.Values(r.changed) }

// Entries is all that state and windows hold, encoded, with the changes of the attempt under way: what a snapshot is made of. Each
// block is good until the next one is asked for. It panics when an entry cannot be encoded, which its Change could be.
func (r *Runner) Entries() iter.Seq[messages.Changes] {
	return func(yield func(messages.Changes) bool) {
		for _, m := range r.memories {
			on, err := m.all(yield)
			if err != nil {
				panic(err)
			}
			if !on {
				return
			}
		}
	}
}

// Commit folds the attempt's changes into the state.
func (r *Runner) Commit() {
	if r.open {
		r.eachMemory(func(m *memory) { m.each(cell.commit) })
	}
	r.open, r.shards, r.pulled = false, nil, pulled{}
	r.forgetChanges()
}

// Abort drops the attempt's changes: the same batch can be run again.
func (r *Runner) Abort() {
	if r.open {
		r.eachMemory(r.abort)
	}
	r.open, r.shards = false, nil
	r.forgetChanges()
}

// abort takes back what one operation has written. When a codec does not read what it wrote, nothing can be run on that state any more.
func (r *Runner) abort(m *memory) {
	err := m.guard(func() error {
		m.each(cell.abort)
		return nil
	})
	if err != nil && r.broken == nil {
		r.broken = m.failed("taken back", err)
	}
}

// Load gives the Runner saved entries, before its first Run. Of two with one key the later counts. It keeps no part of their block.
func (r *Runner) Load(c messages.Changes) error {
	r.loaded = slices.AppendSeq(r.loaded[:0], c.All())
	_, err := loadInto(r.memories, r.loaded)
	clear(r.loaded)
	return err
}

// loadInto gives each memory its changes, in the runs in which they stand together, and tells how many were taken before an error.
func loadInto(memories []*memory, changes []messages.Change) (taken int, err error) {
	for len(changes) > taken {
		operator, run := changes[taken].Operator, 1
		for taken+run < len(changes) && changes[taken+run].Operator == operator {
			run++
		}
		at := slices.IndexFunc(memories, func(m *memory) bool { return m.shape.Operator == operator })
		if at < 0 {
			return taken, fmt.Errorf("state was saved for the operation %q, which the job does not have", operator)
		}
		n, err := memories[at].load(changes[taken : taken+run])
		taken += n
		if err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// Zero is the time from which the slides of windows are counted: one interval before the first batch. It is to be saved with
// the state, so that windows keep their alignment. It is the zero time before the first Run.
func (r *Runner) Zero() time.Time { return r.zero }

// SetZero restores what Zero gave, before the first Run. When the interval has changed since, it is taken down to a multiple of the new
// one, as batch times are: otherwise no batch would ever be a slide's.
func (r *Runner) SetZero(at time.Time) {
	if !at.IsZero() {
		at = at.Add(-time.Duration(at.UnixNano() % int64(r.program.interval)))
	}
	r.zero = at
}

// Shapes are the job's stateful operations, windows among them, in the order of the graph.
func (p *Program) Shapes() []messages.Shape {
	var out []messages.Shape
	for _, n := range p.order {
		if n.stateful() {
			out = append(out, n.wide.shape)
		}
	}
	return out
}

// Shapes are the job's stateful operations.
func (r *Runner) Shapes() []messages.Shape { return r.program.Shapes() }

// StateBytes is an estimate of what state and windows hold, with the changes of the attempt under way.
func (r *Runner) StateBytes() (sum int64) {
	r.eachMemory(func(m *memory) { sum += m.bytes() })
	return sum
}

// eachMemory calls f for what is kept of all partitions, and then for what is kept of each that is in the attempt.
func (r *Runner) eachMemory(f func(*memory)) {
	for _, m := range r.memories {
		f(m)
	}
	for _, s := range r.shards {
		for _, m := range s.memories {
			f(m)
		}
	}
}

// settle ends the computing part of an attempt: what it changed is encoded, and must be within the limit.
func (r *Runner) settle() error {
	if !r.program.context.saved {
		return r.withinLimit()
	}
	var err error
	for _, m := range r.memories {
		if r.changed, err = m.changes(messages.TopicPartition{}, r.changed); err != nil {
			return err
		}
	}
	for _, s := range r.shards {
		for _, m := range s.memories {
			if r.changed, err = m.changes(s.partition, r.changed); err != nil {
				return err
			}
		}
	}
	return r.withinLimit()
}

func (r *Runner) withinLimit() error {
	limit, sum, largest := r.program.context.limit, int64(0), int64(-1)
	if limit <= 0 {
		return nil
	}
	var name string
	r.eachMemory(func(m *memory) {
		size := m.bytes()
		if sum += size; size > largest {
			largest, name = size, m.shape.Kind+" "+m.shape.Operator
		}
	})
	if sum <= limit {
		return nil
	}
	return fmt.Errorf("%w: state and windows would hold %d bytes, of at most %d; the largest is %s with %d bytes", ErrStateLimit, sum, limit, name, largest)
}
