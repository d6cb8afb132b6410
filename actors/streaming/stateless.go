package streaming

import (
	"fmt"
	"slices"
)

// Map applies f to each element, in order. It costs a call of f an element and holds nothing: it is one step of the pass that is made over
// what was fetched. Spark: map.
func Map[T, U any](s Stream[T], f func(T) U) Stream[U] {
	return narrowed(s, "map", f == nil, mapping1(f))
}

// mapping1 is the narrow step of one for one.
func mapping1[T, U any](f func(T) U) func(t *Task, n *node, down sink[U]) sink[T] {
	return func(t *Task, n *node, down sink[U]) sink[T] {
		var out []U
		t.rests(func() { clear(out[:cap(out)]) })
		return sink[T]{end: down.end, push: func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				out = append(out, f(in[i]))
			}
			down.push(out)
		}}
	}
}

// flatChunk is how many elements FlatMap collects before it passes them on.
const flatChunk = 4096

// FlatMap applies f to each element and lines up what it returns, in order. It costs a call of f an element and holds nothing but the slice
// that f returned last. Spark: flatMap.
func FlatMap[T, U any](s Stream[T], f func(T) []U) Stream[U] {
	return narrowed(s, "flatMap", f == nil, flattening(f))
}

// flattening is the narrow step of one for many.
func flattening[T, U any](f func(T) []U) func(t *Task, n *node, down sink[U]) sink[T] {
	return func(t *Task, n *node, down sink[U]) sink[T] {
		var out []U
		t.rests(func() { clear(out[:cap(out)]) })
		return sink[T]{end: down.end, push: func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				out = append(out, f(in[i])...)
				if len(out) >= flatChunk {
					down.push(out)
					t.at(n)
					out = out[:0]
				}
			}
			if len(out) > 0 {
				down.push(out)
			}
		}}
	}
}

// Filter keeps the elements for which keep is true, in their order. It costs a call of keep an element and holds nothing. Spark: filter.
func (s Stream[T]) Filter(keep func(T) bool) Stream[T] {
	return narrowed(s, "filter", keep == nil, func(t *Task, n *node, down sink[T]) sink[T] {
		var out []T
		t.rests(func() { clear(out[:cap(out)]) })
		return sink[T]{end: down.end, push: func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				if keep(in[i]) {
					out = append(out, in[i])
				}
			}
			if len(out) > 0 {
				down.push(out)
			}
		}}
	})
}

// Glom makes one element of each partition: the slice of its elements in their order, nil for a partition without any. The elements are
// held until the batch has run. Spark: glom.
func Glom[T any](s Stream[T]) Stream[[]T] {
	return perPartition(s, "glom", false, func(in []T) [][]T { return [][]T{in} })
}

// MapPartitions applies f to each partition as a whole, once a batch, also to an empty one. The slice has the partition's elements in their
// order, and they are held until the batch has run. Spark: mapPartitions.
func MapPartitions[T, U any](s Stream[T], f func([]T) []U) Stream[U] {
	return perPartition(s, "mapPartitions", f == nil, f)
}

// perPartition collects a partition and passes on what f makes of it when the partition's batch is over.
func perPartition[T, U any](s Stream[T], op string, missing bool, f func([]T) []U) Stream[U] {
	keep := keeper[T]()
	return narrowed(s, op, missing, func(t *Task, n *node, down sink[U]) sink[T] {
		var all []T
		push := func(in []T) {
			for i := range in {
				kept, size := keep(&t.arena, in[i])
				all = append(all, kept)
				t.held += size
			}
		}
		end := func() {
			t.at(n)
			if out := f(all); len(out) > 0 {
				down.push(out)
			}
			down.end()
		}
		return sink[T]{push: push, end: end}
	})
}

// MapToPair makes a pair of each element, in order. It costs a call of f an element and holds nothing. Spark: map to a tuple, which makes
// the operations by key available.
func MapToPair[T any, K comparable, V any](s Stream[T], f func(T) (K, V)) PairStream[K, V] {
	return PairStream[K, V]{narrowed(s, "mapToPair", f == nil, func(t *Task, n *node, down sink[Pair[K, V]]) sink[T] {
		var out []Pair[K, V]
		t.rests(func() { clear(out[:cap(out)]) })
		return sink[T]{end: down.end, push: func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				k, v := f(in[i])
				out = append(out, Pair[K, V]{k, v})
			}
			down.push(out)
		}}
	})}
}

// mostPartitions is how many partitions a batch can be cut into: each runs in a goroutine of its own.
const mostPartitions = 1 << 16

// Repartition cuts the elements of a batch into the given number of partitions, at most 65536, evenly, contiguously and in order: what
// follows runs that many at a time. All elements cross over to the aggregator and are held until the batch has run. Spark: repartition.
func (s Stream[T]) Repartition(partitions int) Stream[T] {
	out := widened(s, "repartition", false, collecting[T](), func(_ *run, _ *node, parts [][]T) ([][]T, error) {
		all, out := slices.Concat(parts...), make([][]T, partitions)
		for i := range out {
			out[i] = all[i*len(all)/partitions : (i+1)*len(all)/partitions]
		}
		return out, nil
	})
	out.n.must(partitions <= 0 || partitions > mostPartitions, fmt.Sprintf("the number of partitions must be positive and at most %d, not %d", mostPartitions, partitions))
	return out
}

// Count is one number a batch: how many elements it has, 0 for an empty one; in a batch without a dataset it has none either, where Spark
// fails. It costs an addition for each fetched piece; what crosses over is one number a partition. Spark: count.
// It is no output: Count() alone prints nothing, and a job of nothing else is refused.
func (s Stream[T]) Count() Stream[int64] { return countAs(s, "count") }

func countAs[T any](s Stream[T], op string) Stream[int64] {
	return widened(s, op, false, counting[T](), func(_ *run, _ *node, parts []int64) ([][]int64, error) {
		var sum int64
		for _, p := range parts {
			sum += p
		}
		return [][]int64{{sum}}, nil
	})
}

// Reduce is one element a batch, and none for an empty batch. f must be associative and commutative; it gets a partition's elements in
// their order, and then what the partitions came to in theirs. It costs a call of f an element; what crosses over is one element a
// partition. Spark: reduce.
func (s Stream[T]) Reduce(f func(T, T) T) Stream[T] { return reduceAs(s, "reduce", f) }

func reduceAs[T any](s Stream[T], op string, f func(T, T) T) Stream[T] {
	return widened(s, op, f == nil, reducing(f), func(_ *run, _ *node, parts []reduced[T]) ([][]T, error) {
		var all reduced[T]
		for _, p := range parts {
			if p.ok {
				all.add(p.value, f)
			}
		}
		if !all.ok {
			return [][]T{}, nil
		}
		return [][]T{{all.value}}, nil
	})
}

// CountByValue is one pair a distinct element and batch: the element and how often it came, in the order in which they came. It costs a
// look-up an element; what crosses over is one pair a distinct element and partition. Spark: countByValue.
func CountByValue[T comparable](s Stream[T]) PairStream[T, int64] {
	const op = "countByValue"
	ones := narrowed(s, op, false, mapping1(func(v T) Pair[T, int64] { return Pair[T, int64]{v, 1} }))
	return reduceByKeyAs(PairStream[T, int64]{ones}, op, func(a, b int64) int64 { return a + b })
}
