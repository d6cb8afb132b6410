package streaming

import (
	"slices"
	"sync"
	"time"
)

// Queue is an input that the program itself feeds. Spark: queueStream.
type Queue[T any] struct {
	// Stream is the stream of what is pushed.
	Stream Stream[T]

	mu        sync.Mutex
	batches   [][]T
	oneByOne  bool
	otherwise []T
}

// QueueStream is an input with a queue of batches, in the order in which they were pushed: with oneAtATime each batch of the stream is one
// of them, otherwise it is all that are in the queue, each as a partition. While the queue is empty, a batch is what was set with Default,
// and without that an empty one, which has no partition. What is in the queue is held in memory and not saved. Spark: queueStream.
func QueueStream[T any](c *Context, oneAtATime bool) *Queue[T] {
	q := &Queue[T]{oneByOne: oneAtATime}
	n := typed[T](&node{source: &sourceSpec{pull: func(time.Time) (any, bool) {
		return q.next(), true
	}}})
	q.Stream = Stream[T]{c.add("queueStream", n)}
	return q
}

// Push puts a batch into the queue, behind those that are there. It may be called from any goroutine, before and after the start, also from
// functions of the job. Spark: adding to the queue of queueStream.
func (q *Queue[T]) Push(elements ...T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batches = append(q.batches, slices.Clone(elements))
}

// Default sets what a batch is while the queue is empty. Spark: defaultRDD.
func (q *Queue[T]) Default(elements ...T) *Queue[T] {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.otherwise = append([]T{}, elements...)
	return q
}

// next takes a batch. Spark: QueueInputDStream.compute.
func (q *Queue[T]) next() (partitions [][]T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.batches) == 0 && q.otherwise == nil:
		return nil // no partition at all, as Spark's emptyRDD
	case len(q.batches) == 0:
		return [][]T{q.otherwise}
	case q.oneByOne:
		partitions, q.batches = q.batches[:1:1], q.batches[1:]
	default:
		partitions, q.batches = q.batches, nil
	}
	return partitions
}
