package checkpoint

import (
	"iter"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Progress is how far the stream has come: what a batch saves together with its changes of the state. It is immutable.
type Progress struct {
	// Time and Attempt are those of the saved batch.
	Time    time.Time
	Attempt int
	// Zero is the time from which windows count their batches.
	Zero    time.Time
	offsets []messages.OffsetRange
	topics  map[messages.TopicPartition]messages.TopicID
	shapes  []messages.Shape
	plan    *Plan
}

// NewProgress completes p. The offsets are the saved batch's ranges, one for every partition that the stream stands in, also
// for those that had nothing to read (From = Until): a partition that is left out is forgotten. The shapes are those of all
// stateful operations of the job. Both are given away.
func NewProgress(p Progress, offsets []messages.OffsetRange, shapes []messages.Shape) Progress {
	p.offsets, p.shapes = offsets, shapes
	return p
}

// WithTopicIDs says which topics the offsets belong to; a partition that is not in it is one whose topic's id is not known. ids is given away.
func (p Progress) WithTopicIDs(ids map[messages.TopicPartition]messages.TopicID) Progress {
	p.topics = ids
	return p
}

// TopicID is the id of the topic to which a partition's saved offset belongs; the zero value when it is not known.
func (p Progress) TopicID(partition messages.TopicPartition) messages.TopicID {
	return p.topics[partition]
}

// Offsets are the saved batch's ranges; the next batch starts at their Until.
func (p Progress) Offsets() iter.Seq[messages.OffsetRange] { return slices.Values(p.offsets) }

// Until is where the next batch of a partition starts; ok is false when nothing is saved for it.
func (p Progress) Until(partition messages.TopicPartition) (until int64, ok bool) {
	for _, r := range p.offsets {
		if r.TopicPartition == partition {
			return r.Until, true
		}
	}
	return 0, false
}

// Shapes are the stateful operations that the state was saved by.
func (p Progress) Shapes() iter.Seq[messages.Shape] { return slices.Values(p.shapes) }

// Planned is the batch that was planned after the saved one and not saved: it is run again, with just these ranges.
func (p Progress) Planned() (Plan, bool) {
	if p.plan == nil {
		return Plan{}, false
	}
	return *p.plan, true
}

// Plan is a batch as it is written down before its outputs run. It is immutable.
type Plan struct {
	Time    time.Time
	Attempt int
	ranges  []messages.OffsetRange
}

// NewPlan makes a plan; ranges is given away.
func NewPlan(at time.Time, attempt int, ranges []messages.OffsetRange) Plan {
	return Plan{Time: at, Attempt: attempt, ranges: ranges}
}

// Ranges are what the planned batch reads, by partition.
func (p Plan) Ranges() iter.Seq[messages.OffsetRange] { return slices.Values(p.ranges) }
