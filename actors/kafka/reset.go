package kafka

import (
	"fmt"

	"github.com/hibana-stream/hibana/messages"
)

// ResetPolicy says where a partition without a committed offset starts: Kafka's auto.offset.reset.
type ResetPolicy int

const (
	// ResetEarliest starts at the first record that there is. It is the default.
	ResetEarliest ResetPolicy = iota
	// ResetLatest starts behind the last record.
	ResetLatest
	// ResetNone refuses: SourceFailed with messages.ErrNoOffset.
	ResetNone
)

// GonePolicy says what to do when the offset to go on from is not in the log any more: retention was faster, or the log was cut, or it is the
// offset of a topic that was deleted, and another one has its name now.
type GonePolicy int

const (
	// GoneFail refuses: SourceFailed with messages.ErrOffsetGone or messages.ErrRecreated. It is the default: records are lost, a person should know.
	GoneFail GonePolicy = iota
	// GoneEarliest goes on with the first record that there is; Position.Gone says how many are lost.
	GoneEarliest
	// GoneLatest goes on behind the last record.
	GoneLatest
)

// policies decide where a partition starts.
type policies struct {
	reset ResetPolicy
	gone  GonePolicy
}

// found is what the look-up has found out about one partition.
type found struct {
	start, highWatermark int64 // the log's bounds
	end                  int64 // under the isolation level
	committed            int64 // noOffset for none
	metadata             string
	topic                messages.TopicID
	explicit             int64 // the user's own start, noOffset for none; wins over committed
	fallback             int64 // where this assignment has started before anything was committed, noOffset for none
	lost                 int64 // the cluster has lost what is behind here, noOffset for nothing
}

// decide is where p starts: the user's offset, the committed one, where it started before, or the reset policy; if what it finds is
// not in the log, the gone policy.
func (c policies) decide(p messages.TopicPartition, f found) (messages.Position, error) {
	at := messages.Position{TopicPartition: p, End: f.end, TopicID: f.topic}
	what := "committed offset"
	switch {
	case f.explicit != noOffset:
		at.From, what = f.explicit, "given start offset"
	case f.committed != noOffset:
		at.From, at.Committed = f.committed, !f.former()
		at.Plan, at.Planned = messages.ParsePlan(f.metadata)
		at.Last = at.Plan.Time
	case f.fallback != noOffset:
		at.From, what = f.fallback, "start offset"
	case c.reset == ResetNone:
		return at, fmt.Errorf("%s: %w", p, messages.ErrNoOffset)
	case c.reset == ResetLatest:
		at.From = f.end
	default:
		at.From = f.start
	}
	if err := c.inLog(&at, f, what); err != nil {
		return at, err
	}
	// A plan that ends at or before From is a leftover; one that ends behind the log could never be run to its end.
	at.Planned = at.Planned && at.Committed && at.Plan.Until > at.From && at.Plan.Until <= f.highWatermark
	if !at.Planned {
		at.Plan = messages.Plan{}
	}
	at.End = max(at.End, at.From)
	return at, nil
}

// inLog applies the gone policy when at.From is out of the log's range, or behind a loss.
func (c policies) inLog(at *messages.Position, f found, what string) error {
	switch {
	case f.former() && f.explicit == noOffset:
		return c.recreated(at, f)
	case f.lost != noOffset && at.From >= f.lost:
		return c.cut(at, f, fmt.Sprintf("the cluster has lost what was read behind offset %d of %s", f.lost, at.TopicPartition))
	case at.From > f.highWatermark:
		return c.cut(at, f, fmt.Sprintf("%s %d of %s is behind the log's end %d, the log was cut", what, at.From, at.TopicPartition, f.highWatermark))
	case at.From < f.start:
		return c.removed(at, f, what)
	}
	return nil
}

// removed is retention's work: the records from at.From up to the log's start are gone.
func (c policies) removed(at *messages.Position, f found, what string) error {
	from, goesOn := c.goesOn(f)
	if !goesOn {
		return fmt.Errorf("%w: %s %d of %s: offsets %d to %d (%d records) are gone",
			messages.ErrOffsetGone, what, at.From, at.TopicPartition, at.From, f.start-1, f.start-at.From)
	}
	at.From, at.Gone = from, from-at.From
	return nil
}

// goesOn is where a partition goes on whose offset is gone; false when it does not.
func (c policies) goesOn(f found) (from int64, ok bool) {
	switch c.gone {
	case GoneEarliest:
		return f.start, true
	case GoneLatest:
		return f.end, true
	}
	return 0, false
}

// cut is the cluster's failure: the log ends before where we were.
func (c policies) cut(at *messages.Position, f found, why string) error {
	from, goesOn := c.goesOn(f)
	if !goesOn {
		return fmt.Errorf("%w: %s", messages.ErrOffsetGone, why)
	}
	if at.From = from; c.gone == GoneEarliest {
		at.From = max(f.lost, from) // noOffset, for nothing lost, is less
	}
	return nil
}
