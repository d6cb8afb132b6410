package actors

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// ErrCheckpointAstray says that the checkpoint and the group's committed offsets do not belong together.
var ErrCheckpointAstray = errors.New("the checkpoint does not belong to the committed offsets")

// Kept is the checkpoint of a job: its state, saved with the offsets that it belongs to. It is the Saved of a Delivery.
type Kept struct {
	store *checkpoint.Store
	// folder is for error messages, reshape lets a job of another shape start.
	folder  string
	reshape bool
	runner  *streaming.Runner
	// saved is what was saved last; the runner writes it, the aggregator reads it.
	saved atomic.Pointer[checkpoint.Progress]
	// behind are the committed offsets that the saved state was ahead of when the partitions were assigned; never changed in place.
	behind atomic.Pointer[map[messages.TopicPartition]int64]
}

// NewKept makes it of an open store. With allowShapeChange a job may start that lacks operations whose state was saved, or encodes
// them in another way: their state is dropped.
func NewKept(s *checkpoint.Store, folder string, allowShapeChange bool) *Kept {
	return &Kept{store: s, folder: folder, reshape: allowShapeChange}
}

// restore gives the runner the saved state.
func (k *Kept) restore(r *streaming.Runner) error {
	k.runner = r
	stale, err := k.stale(r)
	if err != nil {
		return err
	}
	progress, ok, err := k.store.Load(func(c messages.Changes) error {
		if slices.Contains(stale, c.Operator()) {
			return nil
		}
		return r.Load(c)
	})
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w", k.folder, err)
	}
	if ok {
		k.saved.Store(&progress)
		r.SetZero(progress.Zero)
	}
	return nil
}

// stale are the operations whose saved state the job cannot use; without leave to drop it, that is an error.
func (k *Kept) stale(r *streaming.Runner) ([]string, error) {
	progress, ok := k.store.Progress()
	if !ok {
		return nil, nil
	}
	difference := checkpoint.Compare(slices.Collect(progress.Shapes()), r.Shapes())
	if err := difference.Err(); err != nil && !k.reshape {
		return nil, fmt.Errorf("checkpoint %s: %w (state.allow.shape.change: true would drop that state)", k.folder, err)
	}
	var stale []string
	for _, s := range difference.Removed {
		stale = append(stale, s.Operator)
	}
	for _, s := range difference.Changed {
		stale = append(stale, s.Was.Operator)
	}
	return stale, nil
}

// Plan notes the batch ahead of its outputs.
func (k *Kept) Plan(b Batch) error {
	return k.store.Plan(checkpoint.NewPlan(b.Time, b.Attempt, slices.Clone(b.Ranges)))
}

// Save makes the changes durable, as one with the batch's offsets.
func (k *Kept) Save(b Batch, changes iter.Seq[messages.Changes]) error {
	progress := checkpoint.NewProgress(checkpoint.Progress{Time: b.Time, Attempt: b.Attempt, Zero: k.runner.Zero()},
		k.ranges(b), k.runner.Shapes())
	progress = progress.WithTopicIDs(k.topics(b, progress))
	if err := k.store.Save(progress, changes, checkpoint.Whole{Entries: k.runner.Entries, Size: k.runner.StateBytes()}); err != nil {
		return fmt.Errorf("checkpoint %s: %w", k.folder, err)
	}
	k.saved.Store(&progress)
	return nil
}

// from is where the saved range of a partition begins: at the committed offset. That is the range's own From, but for partitions whose
// offset is still behind the state that was restored: there a second crash before the next commit must find it in the range.
func (k *Kept) from(r messages.OffsetRange) int64 {
	if behind := k.behind.Load(); behind != nil {
		if committed, ok := (*behind)[r.TopicPartition]; ok {
			return min(committed, r.From)
		}
	}
	return r.From
}

// committed forgets that offsets were behind: they have caught up.
func (k *Kept) committed(b Batch) {
	behind := k.behind.Load()
	if behind == nil {
		return
	}
	left := maps.Clone(*behind)
	for _, o := range b.done() {
		delete(left, o.TopicPartition)
	}
	k.behind.Store(&left)
}

// ranges are the batch's, and for partitions that are not in it (not assigned yet, after a start) where they were saved last.
func (k *Kept) ranges(b Batch) []messages.OffsetRange {
	all := slices.Clone(b.Ranges)
	for i := range all {
		all[i].From = k.from(all[i])
	}
	before := k.saved.Load()
	if before == nil {
		return all
	}
	for r := range before.Offsets() {
		if !slices.ContainsFunc(all, func(in messages.OffsetRange) bool { return in.TopicPartition == r.TopicPartition }) {
			all = append(all, messages.OffsetRange{TopicPartition: r.TopicPartition, From: r.Until, Until: r.Until})
		}
	}
	return all
}

// topics are those that the offsets belong to: the batch's, and for partitions that are not in it those that were saved last.
func (k *Kept) topics(b Batch, p checkpoint.Progress) map[messages.TopicPartition]messages.TopicID {
	ids := map[messages.TopicPartition]messages.TopicID{}
	before := k.saved.Load()
	for r := range p.Offsets() {
		id, in := b.TopicIDs[r.TopicPartition]
		if !in && before != nil {
			id = before.TopicID(r.TopicPartition)
		}
		if id.Known() {
			ids[r.TopicPartition] = id
		}
	}
	return ids
}

// reconcile brings the committed positions in line with the saved state. A crash between the save and the offset commit leaves the
// checkpoint one batch ahead: its range holds the committed offset, its outputs ran (or, at most once, are lost), and the
// stream goes on behind it; the offset is committed with the next batch. Anything else means that state and offsets do not belong together.
//
// So does a topic that is not the one whose offsets were saved, though it has the same name. Where somebody has committed an offset in it
// (what is committed in the earlier topic does not count as such), he has said where the state goes on.
func (k *Kept) reconcile(m messages.Assigned, warn func(text string)) (messages.Assigned, error) {
	saved := k.saved.Load()
	if saved == nil {
		return m, nil
	}
	ranges := map[messages.TopicPartition]messages.OffsetRange{}
	for r := range saved.Offsets() {
		ranges[r.TopicPartition] = r
	}
	behind := map[messages.TopicPartition]int64{}
	if known := k.behind.Load(); known != nil {
		behind = maps.Clone(*known)
	}
	var positions []messages.Position
	for p := range m.Positions() {
		r, ok := ranges[p.TopicPartition]
		recreated := ok && saved.TopicID(p.TopicPartition).Differs(p.TopicID)
		switch {
		case recreated && p.Committed:
			delete(behind, p.TopicPartition)
			warn(fmt.Sprintf("the state in %s is that of an earlier topic %s: it goes on in the new one, from offset %d of %v, which was committed there",
				k.folder, p.Topic, p.From, p.TopicPartition))
		case recreated:
			return m, k.recreated(saved, r, p)
		case !ok || r.Until == p.From && p.Committed:
		case p.Committed && (p.From < r.From || p.From > r.Until):
			return m, fmt.Errorf("%w: %s stands at %d in %v, the group has committed %d; to begin without the saved state, remove the folder or name another one",
				ErrCheckpointAstray, k.folder, r.Until, p.TopicPartition, p.From)
		case r.Until > p.End:
			return m, fmt.Errorf("%w: %s stands at %d in %v, which ends at %d: it is another topic, or was recreated",
				ErrCheckpointAstray, k.folder, r.Until, p.TopicPartition, p.End)
		default:
			behind[p.TopicPartition] = p.From
			p.From, p.Committed = r.Until, false
		}
		if p.Planned && p.Plan.Until <= p.From {
			p.Planned, p.Plan = false, messages.Plan{}
		}
		p.Last = later(p.Last, saved.Time) // no other batch gets the time of the saved one
		positions = append(positions, p)
	}
	k.behind.Store(&behind)
	return messages.NewAssigned(positions), nil
}

// recreated refuses state of a topic that is no more.
func (k *Kept) recreated(saved *checkpoint.Progress, r messages.OffsetRange, p messages.Position) error {
	return fmt.Errorf("%w: %s stands at %d in %v of the topic with the id %s, whose last batch was that of %s, and it has the id %s now; to begin in the new topic "+
		"without the saved state, remove the folder or name another one, and delete the group's offsets of %s; to go on in it with that state, say where: "+
		"kafka-consumer-groups --reset-offsets --to-earliest --group GROUP --topic %[8]s --execute",
		messages.ErrRecreated, k.folder, r.Until, p.TopicPartition, saved.TopicID(p.TopicPartition), saved.Time.UTC().Format(time.RFC3339Nano), p.TopicID, p.Topic)
}

// Warnings are what the store found when it was opened.
func (k *Kept) Warnings() []string { return k.store.Warnings() }

var _ Saved = (*Kept)(nil)
