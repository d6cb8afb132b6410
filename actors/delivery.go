package actors

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Batch is what a Delivery is told of a batch: its time and attempt, and the ranges in the order of the partitions.
type Batch struct {
	Time    time.Time
	Attempt int
	Ranges  []messages.OffsetRange
	// Fresh are partitions without a committed offset. They are committed with their first batch even when nothing was read:
	// otherwise a group that began at the end would begin there again, and miss what came in between.
	Fresh map[messages.TopicPartition]bool
}

// Delivery is the order in which a batch's outputs, its state and its offsets become durable; there is one implementation a mode.
// The runner calls it, one call at a time, and its methods may block:
//
//	Plan → (merge) → Begin → (outputs) → Commit      or, after any failure,      Abort
//
// After Abort the same batch may come again, with a higher attempt. An error for which errors.Is(err, messages.ErrNotOwner) holds
// says that another member owns the partitions now; it will run the batch.
type Delivery interface {
	// Plan writes the batch down ahead of everything.
	Plan(context.Context, Batch) error
	// Begin opens the batch's outputs: what is produced from here on belongs to it. The state is computed by now.
	Begin(ctx context.Context, b Batch, changes iter.Seq[messages.Change]) error
	// Commit makes the batch durable, with what it changed in the state.
	Commit(ctx context.Context, b Batch, changes iter.Seq[messages.Change]) error
	// Abort gives the batch up. It must not fail.
	Abort(context.Context, Batch)
}

// moved tells whether anything was read.
func (b Batch) moved() bool {
	return slices.ContainsFunc(b.Ranges, func(r messages.OffsetRange) bool { return r.Count() > 0 })
}

// planned are the offsets that say «at From, and the batch under way ends at Until».
func (b Batch) planned() []messages.Offset {
	var out []messages.Offset
	for _, r := range b.Ranges {
		if r.Count() > 0 {
			out = append(out, b.offset(r, r.From))
		}
	}
	return out
}

// done are the offsets behind the batch. Their metadata is the batch's too: whoever comes next gives no other batch its time.
func (b Batch) done() []messages.Offset {
	var out []messages.Offset
	for _, r := range b.read() {
		out = append(out, b.offset(r, r.Until))
	}
	return out
}

func (b Batch) offset(r messages.OffsetRange, at int64) messages.Offset {
	plan := messages.Plan{Time: b.Time, Until: r.Until, Attempt: b.Attempt}
	return messages.Offset{TopicPartition: r.TopicPartition, At: at, Metadata: plan.Encode()}
}

// commitOffsets writes offsets, if there are any.
func commitOffsets(ctx context.Context, o Offsets, offsets []messages.Offset) error {
	if len(offsets) == 0 {
		return nil
	}
	return o.CommitOffsets(ctx, offsets)
}

// AtLeastOnce plans, runs the outputs, then commits. A crash in between leaves the plan at From, and whoever owns the partition
// next runs that very range again under that very time: outputs may repeat, nothing is lost, state is exact.
type AtLeastOnce struct {
	// Offsets is where progress is kept.
	Offsets Offsets
	// Saved keeps the state with the offsets; nil for a job without state.
	Saved Saved
}

// Saved saves state with the offsets that it belongs to.
type Saved interface {
	// Plan notes the batch ahead of its outputs.
	Plan(Batch) error
	// Save makes the changes durable, as one with the batch's offsets.
	Save(Batch, iter.Seq[messages.Change]) error
	// committed tells that the batch's offsets are committed.
	committed(Batch)
}

// Plan writes the plan as metadata of an offset commit at From, and into the checkpoint.
func (d AtLeastOnce) Plan(ctx context.Context, b Batch) error {
	if err := commitOffsets(ctx, d.Offsets, b.planned()); err != nil {
		return err
	}
	if d.Saved == nil {
		return nil
	}
	return d.Saved.Plan(b)
}

// Begin does nothing: outputs stand as soon as they are written.
func (d AtLeastOnce) Begin(context.Context, Batch, iter.Seq[messages.Change]) error { return nil }

// Commit saves the state, then the offsets. A crash in between is found at the start: the checkpoint stands at the planned Until.
func (d AtLeastOnce) Commit(ctx context.Context, b Batch, changes iter.Seq[messages.Change]) error {
	return saveAndCommit(ctx, d.Saved, d.Offsets, b, changes)
}

func saveAndCommit(ctx context.Context, s Saved, o Offsets, b Batch, changes iter.Seq[messages.Change]) error {
	if s != nil {
		if err := s.Save(b, changes); err != nil {
			return err
		}
	}
	if err := commitOffsets(ctx, o, b.done()); err != nil {
		return err
	}
	if s != nil {
		s.committed(b)
	}
	return nil
}

// Abort does nothing: the plan stays, and the batch is run again.
func (d AtLeastOnce) Abort(context.Context, Batch) {}

// AtMostOnce commits, then runs the outputs: a crash in between loses the batch's outputs, nothing is ever repeated.
type AtMostOnce struct {
	// Offsets is where progress is kept.
	Offsets Offsets
	// Saved keeps the state with the offsets; nil for a job without state.
	Saved Saved
}

// Plan does nothing: no batch is run again.
func (d AtMostOnce) Plan(context.Context, Batch) error { return nil }

// Begin saves the state and commits the offsets behind the batch, before its outputs.
func (d AtMostOnce) Begin(ctx context.Context, b Batch, changes iter.Seq[messages.Change]) error {
	return saveAndCommit(ctx, d.Saved, d.Offsets, b, changes)
}

// Commit does nothing more.
func (d AtMostOnce) Commit(context.Context, Batch, iter.Seq[messages.Change]) error { return nil }

// Abort does nothing: what is committed stays so.
func (d AtMostOnce) Abort(context.Context, Batch) {}
