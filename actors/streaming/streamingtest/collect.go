package streamingtest

import (
	"context"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// Output keeps what a stream gave, batch by batch.
type Output[T any] struct {
	partitions [][][]T
	times      []time.Time
}

// Collect registers an output that keeps everything. It has one entry for each batch in which the stream had a dataset:
// a window whose slide is two intervals has one in every second batch, an input without a dataset has none.
func Collect[T any](s streaming.Stream[T]) *Output[T] {
	o := &Output[T]{}
	s.ForeachBatch(func(_ context.Context, b streaming.Batch[T]) error {
		o.partitions = append(o.partitions, b.Partitions())
		o.times = append(o.times, b.Time())
		return nil
	})
	return o
}

// Batches are the elements of each batch, in the order of the partitions.
func (o *Output[T]) Batches() [][]T {
	out := make([][]T, len(o.partitions))
	for i, p := range o.partitions {
		out[i] = slices.Concat(p...)
	}
	return out
}

// Partitions are the elements of each batch, partition by partition.
func (o *Output[T]) Partitions() [][][]T { return slices.Clone(o.partitions) }

// Times are the times of the batches.
func (o *Output[T]) Times() []time.Time { return slices.Clone(o.times) }
