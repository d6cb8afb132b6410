package streamingtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// Source is an input that a test feeds, batch by batch.
type Source[T any] struct {
	// Stream is the stream of what is fed.
	Stream streaming.Stream[T]
	next   []messages.OffsetRange // one for each partition; its Until is the offset of the next element
	queue  [][][]T
	given  map[int64]given[T] // by batch time, until the batch is committed
}

// given is what a batch got: no partitions at all when there was no dataset.
type given[T any] struct {
	partitions [][]T
	ranges     []messages.OffsetRange
}

// Input makes an input whose batches are cut into the given number of partitions, contiguously and as evenly as can be. Its elements
// have offsets, which count the elements of each partition, so that OffsetRanges of a batch are those of a topic "input-0", of the
// test's second input "input-1", and so on. 0 partitions are 1.
func Input[T any](k *Kit, partitions int) *Source[T] {
	k.t.Helper()
	k.divides("Input", partitions)
	s := &Source[T]{next: make([]messages.OffsetRange, max(partitions, 1)), given: map[int64]given[T]{}}
	for i := range s.next {
		s.next[i].TopicPartition = messages.TopicPartition{Topic: fmt.Sprintf("input-%d", len(k.inputs)), Partition: int32(i)}
	}
	s.Stream = streaming.NewRangedInput(k.context, s.at, s.ranges)
	k.inputs = append(k.inputs, s)
	return s
}

// mostPartitions is how many an input of a test can have: each runs in a goroutine of its own.
const mostPartitions = 1 << 16

// divides ends the test when something is to have a number of partitions that it cannot have.
func (k *Kit) divides(what string, partitions int) {
	k.t.Helper()
	if partitions < 0 || partitions > mostPartitions {
		k.t.Fatalf("streamingtest.%s: the number of partitions must be between 1 and %d, not %d", what, mostPartitions, partitions)
	}
}

// Feed queues a batch; without elements an empty one. When the queue is empty, batches are empty. A slice that is passed on (with ...)
// stays the caller's: what is written into it later does not reach the batch.
func (s *Source[T]) Feed(elements ...T) {
	s.queue = append(s.queue, cut(slices.Clone(elements), len(s.next)))
}

// FeedNothing queues a batch without a dataset, which is not the same as an empty one.
func (s *Source[T]) FeedNothing() { s.queue = append(s.queue, nil) }

// at gives the batch of a time: the same one each time it is asked for it.
func (s *Source[T]) at(at time.Time) ([][]T, bool) {
	batch, ok := s.given[at.UnixMilli()]
	if !ok {
		batch = s.take()
		s.given[at.UnixMilli()] = batch
	}
	return batch.partitions, batch.partitions != nil
}

// take takes the next batch from the queue, and counts its elements on.
func (s *Source[T]) take() given[T] {
	batch := given[T]{partitions: cut[T](nil, len(s.next))}
	if len(s.queue) > 0 {
		batch.partitions, s.queue = s.queue[0], s.queue[1:]
	}
	for i, elements := range batch.partitions {
		s.next[i].From = s.next[i].Until
		s.next[i].Until += int64(len(elements))
		batch.ranges = append(batch.ranges, s.next[i])
	}
	return batch
}

// ranges are those of a batch that at has given, none when there was no dataset.
func (s *Source[T]) ranges(at time.Time) []messages.OffsetRange {
	return s.given[at.UnixMilli()].ranges
}

// fetched are the ranges of the batch of a time, taken from the queue if it has not been yet.
func (s *Source[T]) fetched(at time.Time) []messages.OffsetRange {
	s.at(at)
	return s.ranges(at)
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
