package actors

import (
	"context"

	"github.com/hibana-stream/hibana/messages"
)

// Reader is a consumer's view of the Kafka source. Neither method blocks; both may be called from any goroutine.
type Reader interface {
	// Reset puts the position of p to from, starts (or restarts) fetching, and directs what comes from now on to deliver,
	// which must not block. The epoch it returns is higher than every epoch before, of any partition, in this process;
	// Events of p with an older one are stale. A Reset of a partition that is not assigned does nothing.
	Reset(p messages.TopicPartition, from int64, deliver func(messages.Events)) (epoch int64)
	// Consumed gives back the credit of Events that have been folded or dropped. A stale epoch is ignored.
	Consumed(p messages.TopicPartition, epoch int64, bytes int)
	// Detach stops fetching p for whoever holds epoch; a newer Reset makes it do nothing.
	Detach(p messages.TopicPartition, epoch int64)
}

// Membership is the aggregator's view of the Kafka source. No method blocks; all may be called from any goroutine.
type Membership interface {
	// Join directs Assigned, Revoked, Lost, SourceWaits and SourceFailed to deliver, which must not block, and replays what is
	// assigned now as one Assigned with positions read afresh (possibly later, when they are known). A second Join replaces the first.
	Join(deliver func(any))
	// Released answers the Revoked with this ID: the partitions may go to somebody else.
	Released(id int64)
	// Pause stops (or with on = false lets go on) the fetching of p for the operator's reason; the position stays.
	Pause(p messages.TopicPartition, on bool)
}

// Offsets writes the group's offsets. It is called by the runner only, one call at a time, and blocks.
type Offsets interface {
	// CommitOffsets writes all of them or fails. An error for which errors.Is(err, messages.ErrNotOwner) holds says that this member has
	// lost the partitions: the batch was not committed here and will be run by somebody else.
	CommitOffsets(ctx context.Context, offsets []messages.Offset) error
}

// Writer writes records to Kafka.
type Writer interface {
	// Produce hands over one record and returns at once; done is called exactly once, from any goroutine, when it stands or
	// has failed. When too many records are unacknowledged, done gets messages.ErrTooManyUnacknowledged at once.
	Produce(record messages.Outgoing, done func(messages.Delivered))
	// ProduceAll writes records and returns when all of them are acknowledged, or with the first error.
	ProduceAll(ctx context.Context, records []messages.Outgoing) error
	// Flush waits until nothing is unacknowledged.
	Flush(ctx context.Context) error
}

// Rest is what a group has still to do of what stood in its topics at the start.
type Rest interface {
	// Undrained are the partitions, other than the member's own, of which that is not all committed. It blocks; what it fails with may pass,
	// unless it wraps messages.ErrRefused.
	Undrained(ctx context.Context, own []messages.TopicPartition) ([]messages.TopicPartition, error)
}

// Changelog is where the state of partitions is kept when it follows them (exchange: partition).
type Changelog interface {
	// Restore reads what was kept of a partition, as it stands behind the group's committed offset, and gives it to load entry by entry.
	// told hears from time to time how many of how many records have been read. It blocks until all is read or ctx ends; what passes is
	// tried again. An error that wraps messages.ErrReassigned says that the partition is restored anew, under another assignment.
	Restore(ctx context.Context, p messages.TopicPartition, load func([]messages.Change) (taken int, err error), told func(done, total int64)) error
}
