package actors

import (
	"context"
	"iter"
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

// Store makes a batch's offsets durable, as one with what it changed in the state.
type Store interface {
	// Plan notes the batch ahead of its outputs, so that whoever owns its partitions next runs it again.
	Plan(context.Context, Batch) error
	// Save makes the batch's offsets and changes durable. An error that wraps messages.ErrNotOwner says that another member owns the
	// partitions.
	Save(context.Context, Batch, iter.Seq[messages.Changes]) error
	// Abort gives up what a Save has begun. It does not fail.
	Abort(context.Context)
}

// InGroup keeps progress as the group's committed offsets, and state, when there is some, in a checkpoint folder.
type InGroup struct {
	Offsets Offsets
	// Saved keeps the state with the offsets; nil for a job without state.
	Saved Saved
}

// Saved saves state with the offsets that it belongs to.
type Saved interface {
	// Plan notes the batch ahead of its outputs.
	Plan(Batch) error
	// Save makes the changes durable, as one with the batch's offsets.
	Save(Batch, iter.Seq[messages.Changes]) error
	// committed tells that the batch's offsets are committed.
	committed(Batch)
}

// Plan writes the plan as metadata of an offset commit at From, and into the checkpoint.
func (p InGroup) Plan(ctx context.Context, b Batch) error {
	if err := commitOffsets(ctx, p.Offsets, b.planned()); err != nil {
		return err
	}
	if p.Saved == nil {
		return nil
	}
	return p.Saved.Plan(b)
}

// Save saves the state, then the offsets. A crash in between is found at the start: the checkpoint stands at the planned Until.
func (p InGroup) Save(ctx context.Context, b Batch, changes iter.Seq[messages.Changes]) error {
	if p.Saved != nil {
		if err := p.Saved.Save(b, changes); err != nil {
			return err
		}
	}
	if err := commitOffsets(ctx, p.Offsets, b.done()); err != nil {
		return err
	}
	if p.Saved != nil {
		p.Saved.committed(b)
	}
	return nil
}

// Abort does nothing: each of the two steps stands or does not.
func (p InGroup) Abort(context.Context) {}

// commitOffsets writes offsets, if there are any.
func commitOffsets(ctx context.Context, o Offsets, offsets []messages.Offset) error {
	if len(offsets) == 0 {
		return nil
	}
	return o.CommitOffsets(ctx, offsets)
}

// InChangelog keeps state in a changelog topic: a batch's changes and the offsets behind it are one Kafka transaction, whatever becomes of
// its outputs. So state and offsets never disagree, and whoever gets a partition finds both.
type InChangelog struct {
	Offsets      Offsets
	Transactions Transactions
	last         Batch // that was saved
}

// Plan writes the plan as metadata of an offset commit at From, outside of the transaction.
func (p *InChangelog) Plan(ctx context.Context, b Batch) error {
	return commitOffsets(ctx, p.Offsets, b.planned())
}

// Save is one transaction. A batch that was saved before its outputs, and is tried again because one of them failed, is not saved again:
// its offsets stand.
func (p *InChangelog) Save(ctx context.Context, b Batch, changes iter.Seq[messages.Changes]) error {
	if b.Time.Equal(p.last.Time) && slices.Equal(b.Ranges, p.last.Ranges) {
		return nil
	}
	if err := p.Transactions.Commit(ctx, b.Time, b.Attempt, b.claims(b.read(partitionsOf(changes))), changes); err != nil {
		return err
	}
	p.last = b
	return nil
}

// Abort gives up the transaction under way.
func (p *InChangelog) Abort(ctx context.Context) { p.Transactions.Abort(ctx) }

// partitionsOf are the partitions that changes belong to.
func partitionsOf(changes iter.Seq[messages.Changes]) map[messages.TopicPartition]bool {
	all := map[messages.TopicPartition]bool{}
	for c := range changes {
		all[c.Partition()] = true
	}
	return all
}
