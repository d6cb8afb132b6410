package streaming

import (
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// NewInput is an input of one's own: compute is called once a batch, with the batch's time, and returns the batch's partitions;
// ok = false says that there is no dataset at this time, which is not the same as an empty one. Spark: InputDStream.
func NewInput[T any](c *Context, compute func(at time.Time) (partitions [][]T, ok bool)) Stream[T] {
	n := typed[T](&node{source: &sourceSpec{}})
	n.source.pull = func(at time.Time) (any, bool) {
		partitions, ok := compute(at)
		return partitions, ok
	}
	return Stream[T]{c.add("input", n).needs(compute == nil, "the function")}
}

// NewRangedInput is NewInput for a source whose elements have offsets: ranges is asked for a batch that compute gave, and its ranges, one
// for each partition and in their order, are what OffsetRanges gives to the functions of the job; none at all say that it has no offsets.
// Spark: an InputDStream of RDDs that are HasOffsetRanges.
func NewRangedInput[T any](c *Context, compute func(at time.Time) (partitions [][]T, ok bool), ranges func(at time.Time) []messages.OffsetRange) Stream[T] {
	s := NewInput(c, compute)
	s.n.needs(ranges == nil, "the function of the ranges")
	s.n.source.ranges = ranges
	return s
}
