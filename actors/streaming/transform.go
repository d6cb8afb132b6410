package streaming

import (
	"errors"
	"time"
)

// errTransformNull is Spark's sentence for a transform that returned nothing.
var errTransformNull = errors.New("Transform function must not return null. Return NewBatch() instead to represent no element as the result of transformation.") //nolint:staticcheck // Spark's sentence

// noParent is Spark's sentence for a transformation of what is not there.
func noParent(at time.Time) error { return &timeError{"Couldn't generate RDD from parent at time", at} }

// Transform makes a dataset of each dataset as a whole. f gets the batch's time with it, and its elements partition by partition, in their
// order. A batch in which s has no dataset fails, and so does one for which f returns nil: no element at all is NewBatch(). The elements of
// a batch are held until it has run. Spark: transform.
func Transform[T, U any](s Stream[T], f func(*Batch[T]) (*Batch[U], error)) Stream[U] {
	s.n = made(s.n, "transform")
	return transformed(s.n.context, "transform", f == nil, []*node{s.n}, []combinerSpec{specOf(collecting[T]())},
		func(b *run, in []gathered) (*Batch[U], error) { return f(batchOf[T](b, in[0])) })
}

// TransformWith is Transform of two streams, which must have the same slide; the elements of both are held. Spark: transformWith.
func TransformWith[T, U, W any](s Stream[T], other Stream[U], f func(*Batch[T], *Batch[U]) (*Batch[W], error)) Stream[W] {
	s.n = made(s.n, "transformWith")
	return transformed(s.n.context, "transformWith", f == nil, []*node{s.n, other.n},
		[]combinerSpec{specOf(collecting[T]()), specOf(collecting[U]())},
		func(b *run, in []gathered) (*Batch[W], error) { return f(batchOf[T](b, in[0]), batchOf[U](b, in[1])) })
}

// TransformAll is Transform of any number of streams, which must have the same slide and whose datasets f gets in the order in which they
// are given; the elements of all are held. Spark: StreamingContext.transform.
func TransformAll[T, U any](c *Context, streams []Stream[T], f func([]*Batch[T]) (*Batch[U], error)) Stream[U] {
	combiners := make([]combinerSpec, len(streams))
	for i := range combiners {
		combiners[i] = specOf(collecting[T]())
	}
	out := transformed(c, "transform", f == nil, nodesOf(streams), combiners, func(b *run, in []gathered) (*Batch[U], error) {
		batches := make([]*Batch[T], len(in))
		for i := range in {
			batches[i] = batchOf[T](b, in[i])
		}
		return f(batches)
	})
	out.n.must(len(streams) == 0, "List of DStreams to transform is empty")
	return out
}

func transformed[U any](c *Context, op string, missing bool, inputs []*node, combiners []combinerSpec, f func(*run, []gathered) (*Batch[U], error)) Stream[U] {
	return joining(c, op, missing, inputs, combiners, func(b *run, in []gathered) ([][]U, error) {
		out, err := f(b, in)
		if err != nil {
			return nil, err
		}
		if out == nil {
			return nil, errTransformNull
		}
		return append([][]U{}, out.partitions...), nil
	})
}

// joining registers a wide operation, without state, of several inputs, each of which must have a dataset.
func joining[U any](c *Context, op string, missing bool, inputs []*node, combiners []combinerSpec, f func(*run, []gathered) ([][]U, error)) Stream[U] {
	n := typed[U](&node{inputs: inputs, wide: &wideSpec{combiners: combiners}})
	n.wide.open = func() operator {
		return operatorFunc(func(b *run, _ *node, in []gathered) (any, error) {
			for i := range in {
				if in[i].none {
					return nil, noParent(b.time)
				}
			}
			return boxed(f(b, in))
		})
	}
	c.add(op, n).needs(missing, "the function")
	return Stream[U]{n}
}

// batchOf is one collected input as a dataset.
func batchOf[T any](b *run, in gathered) *Batch[T] {
	return &Batch[T]{time: b.time, partitions: results[[]T](in), ranges: b.rangesOf(in)}
}
