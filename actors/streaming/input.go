package streaming

import "time"

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
