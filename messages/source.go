package messages

import (
	"iter"
	"slices"
	"time"
)

// Records gives a fetched partition batch piece by piece, so that nothing is copied before it is looked at.
// An implementation is read-only and safe for one reader at a time.
type Records interface {
	// Len is the number of entries, transaction markers among them.
	Len() int
	// Read fills dst with the records from entry from on, past transaction markers. It returns how many it wrote, and the entry
	// from which the next Read goes on; that is Len at the end.
	Read(dst []Raw, from int) (n, next int)
}

// Events is a piece of one partition, as it was fetched: at most about 10,000 records.
type Events struct {
	partition TopicPartition
	epoch     int64
	until     int64
	end       int64
	bytes     int
	records   Records
}

// NewEvents makes the message. until is the position behind these records, past transaction markers and gaps;
// end is the partition's end as the broker said it with this fetch; bytes is what the records hold in memory.
func NewEvents(p TopicPartition, epoch, until, end int64, bytes int, records Records) Events {
	return Events{partition: p, epoch: epoch, until: until, end: end, bytes: bytes, records: records}
}

// Partition is where the records come from.
func (e Events) Partition() TopicPartition { return e.partition }

// Epoch is the reset of the position after which they were read. Whoever holds a newer one drops them.
func (e Events) Epoch() int64 { return e.epoch }

// Until is the partition's position behind these records.
func (e Events) Until() int64 { return e.until }

// End is the partition's end (the offset of the next record to be written) at the time of the fetch.
func (e Events) End() int64 { return e.end }

// Bytes is the memory that the records hold, in bytes; it is what Reader.Consumed gives back.
func (e Events) Bytes() int { return e.bytes }

// Len is the number of entries that Read goes through; it is 0 when only the position moved.
func (e Events) Len() int {
	if e.records == nil {
		return 0
	}
	return e.records.Len()
}

// Read fills dst with the records from entry from on; see Records.
func (e Events) Read(dst []Raw, from int) (n, next int) { return e.records.Read(dst, from) }

// Plan is what the owner of a partition wrote down before it ran a batch's outputs: the batch's time, where it ends in
// this partition, and which attempt it was. Whoever owns the partition next runs exactly this range again under exactly this time.
type Plan struct {
	Time    time.Time
	Until   int64
	Attempt int
	// TopicID is the topic's for which it was written: the offsets of another one of that name mean nothing.
	TopicID TopicID
}

// Position is where a partition starts after it was assigned.
type Position struct {
	TopicPartition
	// From is the offset of the first record to be read.
	From int64
	// End is the partition's end at the time of the assignment.
	End int64
	// Committed tells whether From was committed by the group; if not, it comes from auto.offset.reset or from the user.
	Committed bool
	// Gone is the number of records that retention removed before From, when a policy let the stream go on behind them.
	Gone int64
	// Planned tells whether Plan holds a batch to be run again.
	Planned bool
	Plan    Plan
	// Last is the time of the last batch that was planned or committed there, by whomever; the zero time for none that is known.
	Last time.Time
	// TopicID is the topic's in which it starts.
	TopicID TopicID
	// Assignment is a number of this assignment's own: a batch that began in an earlier one must not be committed in this.
	Assignment int64
}

// Claim is a range that a batch is about to commit, under the assignment in which it was opened; 0 claims it under any.
type Claim struct {
	OffsetRange
	Assignment int64
	// TopicID is that of the topic that was read.
	TopicID TopicID
}

// Assigned tells the aggregator which partitions it has been given, in addition to those that it has.
type Assigned struct{ positions []Position }

// NewAssigned makes the message from a copy of positions, in the order of the partitions.
func NewAssigned(positions []Position) Assigned {
	sorted := slices.SortedFunc(slices.Values(positions), func(a, b Position) int { return a.Compare(b.TopicPartition) })
	return Assigned{positions: sorted}
}

// Positions are the partitions in order, each with where it starts.
func (a Assigned) Positions() iter.Seq[Position] { return slices.Values(a.positions) }

// Len is the number of partitions.
func (a Assigned) Len() int { return len(a.positions) }

// Revoked asks the aggregator to let go of partitions. The group waits (bounded) until Membership.Released is called with ID:
// after the running batch has committed.
type Revoked struct {
	ID         int64
	partitions []TopicPartition
}

// NewRevoked makes the message from a copy of partitions.
func NewRevoked(id int64, partitions []TopicPartition) Revoked {
	return Revoked{ID: id, partitions: slices.Clone(partitions)}
}

// Partitions are those to let go of.
func (r Revoked) Partitions() iter.Seq[TopicPartition] { return slices.Values(r.partitions) }

// Lost tells the aggregator that partitions are gone already: another member may own them. Nothing may be committed for them.
type Lost struct{ partitions []TopicPartition }

// NewLost makes the message from a copy of partitions.
func NewLost(partitions []TopicPartition) Lost { return Lost{partitions: slices.Clone(partitions)} }

// Partitions are those that are gone.
func (l Lost) Partitions() iter.Seq[TopicPartition] { return slices.Values(l.partitions) }

// SourceWaits tells what the source is waiting for, for status and log: "" when it waits for nothing.
type SourceWaits struct{ For string }

// SourceFailed ends the stream: the source cannot go on, and trying again would not help.
type SourceFailed struct{ Err error }
