package streamingtest

import (
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// Source is an input that a test feeds, batch by batch.
type Source[T any] struct {
	// Stream is the stream of what is fed.
	Stream     streaming.Stream[T]
	partitions int
	queue      [][][]T
}

// Input makes an input whose batches are cut into the given number of partitions, contiguously and as evenly as can be.
func Input[T any](k *Kit, partitions int) *Source[T] {
	s := &Source[T]{partitions: max(partitions, 1)}
	s.Stream = streaming.NewInput(k.context, s.next)
	return s
}

// Feed queues a batch; without elements an empty one. When the queue is empty, batches are empty.
func (s *Source[T]) Feed(elements ...T) { s.queue = append(s.queue, cut(elements, s.partitions)) }

// FeedNothing queues a batch without a dataset, which is not the same as an empty one.
func (s *Source[T]) FeedNothing() { s.queue = append(s.queue, nil) }

func (s *Source[T]) next(time.Time) ([][]T, bool) {
	if len(s.queue) == 0 {
		return cut[T](nil, s.partitions), true
	}
	batch := s.queue[0]
	s.queue = s.queue[1:]
	return batch, batch != nil
}

// cut slices elements as Spark's parallelize does: part i is [i·len/n, (i+1)·len/n).
func cut[T any](elements []T, n int) [][]T {
	parts := make([][]T, n)
	for i := range parts {
		parts[i] = elements[i*len(elements)/n : (i+1)*len(elements)/n]
	}
	return parts
}
