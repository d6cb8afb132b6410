package streamingtest

import (
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// Source is an input that a test feeds, batch by batch.
type Source[T any] struct {
	// Stream is the stream of what is fed.
	Stream     streaming.Stream[T]
	partitions int
	queue      [][][]T
	given      map[int64][][]T // by batch time, until the batch is committed
}

// Input makes an input whose batches are cut into the given number of partitions, contiguously and as evenly as can be.
func Input[T any](k *Kit, partitions int) *Source[T] {
	s := &Source[T]{partitions: max(partitions, 1), given: map[int64][][]T{}}
	s.Stream = streaming.NewInput(k.context, s.next)
	k.inputs = append(k.inputs, s)
	return s
}

// Feed queues a batch; without elements an empty one. When the queue is empty, batches are empty. A slice that is passed on (with ...)
// stays the caller's: what is written into it later does not reach the batch.
func (s *Source[T]) Feed(elements ...T) {
	s.queue = append(s.queue, cut(slices.Clone(elements), s.partitions))
}

// FeedNothing queues a batch without a dataset, which is not the same as an empty one.
func (s *Source[T]) FeedNothing() { s.queue = append(s.queue, nil) }

// next gives the batch of a time: the same one each time it is asked for it.
func (s *Source[T]) next(at time.Time) ([][]T, bool) {
	batch, ok := s.given[at.UnixMilli()]
	if !ok {
		batch = cut[T](nil, s.partitions)
		if len(s.queue) > 0 {
			batch, s.queue = s.queue[0], s.queue[1:]
		}
		s.given[at.UnixMilli()] = batch
	}
	return batch, batch != nil
}

func (s *Source[T]) records(at time.Time) int64 {
	batch, _ := s.next(at)
	n := 0
	for _, p := range batch {
		n += len(p)
	}
	return int64(n)
}

func (s *Source[T]) committed(at time.Time) { delete(s.given, at.UnixMilli()) }

// cut slices elements as Spark's parallelize does: part i is [i·len/n, (i+1)·len/n).
func cut[T any](elements []T, n int) [][]T {
	parts := make([][]T, n)
	for i := range parts {
		parts[i] = elements[i*len(elements)/n : (i+1)*len(elements)/n]
	}
	return parts
}
