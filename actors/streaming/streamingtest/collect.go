package streamingtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// Output keeps what a stream gave, batch by batch.
type Output[T any] struct {
	mu      sync.Mutex
	batches []streaming.Batch[T]
}

// Collect registers an output that keeps everything. It has one entry for each batch in which the stream had a dataset, in the order
// of their times: a window whose slide is two intervals has one in every second batch, an input without a dataset has none. A batch
// that is run again replaces its entry.
func Collect[T any](s streaming.Stream[T]) *Output[T] {
	o := &Output[T]{}
	s.ForeachBatch(func(_ context.Context, b streaming.Batch[T]) error {
		o.take(b)
		return nil
	})
	return o
}

func (o *Output[T]) take(b streaming.Batch[T]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, again := slices.BinarySearchFunc(o.batches, b, func(x, y streaming.Batch[T]) int { return x.Time().Compare(y.Time()) })
	if again {
		o.batches[at] = b
		return
	}
	o.batches = slices.Insert(o.batches, at, b)
}

// Batches are the elements of each batch, in the order of the partitions.
func (o *Output[T]) Batches() [][]T {
	return each(o, func(b streaming.Batch[T]) []T { return b.Elements() })
}

// Partitions are the elements of each batch, partition by partition.
func (o *Output[T]) Partitions() [][][]T {
	return each(o, func(b streaming.Batch[T]) [][]T { return b.Partitions() })
}

// Times are the times of the batches.
func (o *Output[T]) Times() []time.Time {
	return each(o, func(b streaming.Batch[T]) time.Time { return b.Time() })
}

func each[T, U any](o *Output[T], f func(streaming.Batch[T]) U) []U {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := make([]U, len(o.batches))
	for i, b := range o.batches {
		out[i] = f(b)
	}
	return out
}
