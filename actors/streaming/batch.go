package streaming

import (
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Batch is one dataset of a stream: what ForeachBatch and Transform get. It is read-only.
type Batch[T any] struct {
	time       time.Time
	partitions [][]T
	ranges     []messages.OffsetRange
}

// NewBatch makes a dataset; no partitions at all is the empty dataset.
func NewBatch[T any](partitions ...[]T) *Batch[T] { return &Batch[T]{partitions: partitions} }

// Time is the batch's time, a multiple of the interval. A batch that is run again has the time of its first run.
func (b Batch[T]) Time() time.Time { return b.time }

// Partitions are the elements partition by partition: of a stream read from Kafka, one for each Kafka partition, in the order of OffsetRanges.
func (b Batch[T]) Partitions() [][]T { return slices.Clone(b.partitions) }

// Elements are all elements in the order of the partitions.
func (b Batch[T]) Elements() []T { return slices.Concat(b.partitions...) }

// Len is the number of elements.
func (b Batch[T]) Len() int {
	n := 0
	for _, p := range b.partitions {
		n += len(p)
	}
	return n
}

// OffsetRanges are the Kafka ranges that the batch was read from, one for each partition, also for idle ones.
// Behind an operation that shuffles (a reduction, a join, state) they are those of the whole batch.
func (b Batch[T]) OffsetRanges() []messages.OffsetRange { return slices.Clone(b.ranges) }
