package actors

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Batch is what a Delivery is told of a batch: its time and attempt, and the ranges in the order of the partitions. Those whose state is
// being restored are not in it.
type Batch struct {
	Time    time.Time
	Attempt int
	Ranges  []messages.OffsetRange
	// Fresh are partitions without a committed offset. They are committed with their first batch even when nothing was read:
	// otherwise a group that began at the end would begin there again, and miss what came in between.
	Fresh map[messages.TopicPartition]bool
	// Assignments are those in which the partitions were opened.
	Assignments map[messages.TopicPartition]int64
	// TopicIDs are those of the partitions' topics; none for a partition is not known.
	TopicIDs map[messages.TopicPartition]messages.TopicID
}

// claims are ranges with the assignments in which they were opened.
func (b Batch) claims(ranges []messages.OffsetRange) []messages.Claim {
	out := make([]messages.Claim, len(ranges))
	for i, r := range ranges {
		out[i] = messages.Claim{OffsetRange: r, Assignment: b.Assignments[r.TopicPartition], TopicID: b.TopicIDs[r.TopicPartition]}
	}
	return out
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
	Begin(ctx context.Context, b Batch, changes iter.Seq[messages.Changes]) error
	// Commit makes the batch durable, with what it changed in the state.
	Commit(ctx context.Context, b Batch, changes iter.Seq[messages.Changes]) error
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
	for _, r := range b.read(nil) {
		out = append(out, b.offset(r, r.Until))
	}
	return out
}

func (b Batch) offset(r messages.OffsetRange, at int64) messages.Offset {
	plan := messages.Plan{Time: b.Time, Until: r.Until, Attempt: b.Attempt, TopicID: b.TopicIDs[r.TopicPartition]}
	return messages.Offset{TopicPartition: r.TopicPartition, At: at, Metadata: plan.Encode()}
}

// read are the ranges whose offsets the batch commits, and those of the partitions whose state it has changed.
func (b Batch) read(changed map[messages.TopicPartition]bool) []messages.OffsetRange {
	var out []messages.OffsetRange
	for _, r := range b.Ranges {
		if r.Count() > 0 || b.Fresh[r.TopicPartition] || changed[r.TopicPartition] {
			out = append(out, r)
		}
	}
	return out
}

// AtLeastOnce plans, runs the outputs, then commits. A crash in between leaves the plan at From, and whoever owns the partition
// next runs that very range again under that very time: outputs may repeat, nothing is lost, state is exact.
type AtLeastOnce struct {
	// Store is where offsets and state are kept.
	Store Store
}

// Plan writes the batch down ahead.
func (d AtLeastOnce) Plan(ctx context.Context, b Batch) error { return d.Store.Plan(ctx, b) }

// Begin does nothing: outputs stand as soon as they are written.
func (d AtLeastOnce) Begin(context.Context, Batch, iter.Seq[messages.Changes]) error { return nil }

// Commit saves offsets and state.
func (d AtLeastOnce) Commit(ctx context.Context, b Batch, changes iter.Seq[messages.Changes]) error {
	return d.Store.Save(ctx, b, changes)
}

// Abort gives up what was not saved: the plan stays, and the batch is run again.
func (d AtLeastOnce) Abort(ctx context.Context, _ Batch) { d.Store.Abort(ctx) }

// AtMostOnce commits, then runs the outputs: a crash in between loses the batch's outputs, nothing is ever repeated.
type AtMostOnce struct {
	// Store is where offsets and state are kept.
	Store Store
}

// Plan does nothing: no batch is run again.
func (d AtMostOnce) Plan(context.Context, Batch) error { return nil }

// Begin saves the state and commits the offsets behind the batch, before its outputs.
func (d AtMostOnce) Begin(ctx context.Context, b Batch, changes iter.Seq[messages.Changes]) error {
	return d.Store.Save(ctx, b, changes)
}

// Commit does nothing more.
func (d AtMostOnce) Commit(context.Context, Batch, iter.Seq[messages.Changes]) error { return nil }

// Abort gives up what was not saved; what is committed stays so.
func (d AtMostOnce) Abort(ctx context.Context, _ Batch) { d.Store.Abort(ctx) }
