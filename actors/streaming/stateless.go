package streaming

// Map applies f to each element. Spark: map.
func Map[T, U any](s Stream[T], f func(T) U) Stream[U] {
	return narrowed(s, "map", f == nil, func(t *Task, n *node, down sink[U]) sink[T] {
		var out []U
		return sink[T]{end: down.end, push: func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				out = append(out, f(in[i]))
			}
			down.push(out)
		}}
	})
}

// TryMap is Map with a function that may refuse an element: the record that the element comes from is rejected (see errors.tolerance),
// the batch goes on. Behind a shuffle there is no record to blame: there the error fails the batch.
func TryMap[T, U any](s Stream[T], f func(T) (U, error)) Stream[U] {
	out := narrowed(s, "tryMap", f == nil, func(t *Task, n *node, down sink[U]) sink[T] {
		var out []U
		return sink[T]{end: down.end, push: func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				u, err := f(in[i])
				if err != nil {
					t.refuse(n, err)
					return
				}
				out = append(out, u)
			}
			down.push(out)
		}}
	})
	out.n.rejects = true
	return out
}

// refuse rejects the record under way; without one it fails the batch.
func (t *Task) refuse(n *node, err error) {
	if t.record == nil {
		t.fail(n, err)
	}
	t.reject(t.record, n.op+" at "+n.place, err)
}

// flatChunk is how many elements FlatMap collects before it passes them on.
const flatChunk = 4096

// FlatMap applies f to each element and lines up what it returns. Spark: flatMap.
func FlatMap[T, U any](s Stream[T], f func(T) []U) Stream[U] {
	return narrowed(s, "flatMap", f == nil, func(t *Task, n *node, down sink[U]) sink[T] {
		var out []U
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
	})
}

// Filter keeps the elements for which keep is true. Spark: filter.
func (s Stream[T]) Filter(keep func(T) bool) Stream[T] {
	return narrowed(s, "filter", keep == nil, func(t *Task, n *node, down sink[T]) sink[T] {
		var out []T
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

// Glom makes one element of each partition: the slice of its elements. Spark: glom.
func Glom[T any](s Stream[T]) Stream[[]T] {
	return perPartition(s, "glom", false, func(in []T) [][]T { return [][]T{in} })
}

// MapPartitions applies f to each partition as a whole. Spark: mapPartitions.
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

// MapToPair makes a pair of each element. Spark: map to a tuple, which makes the operations by key available.
func MapToPair[T any, K comparable, V any](s Stream[T], f func(T) (K, V)) PairStream[K, V] {
	return PairStream[K, V]{narrowed(s, "mapToPair", f == nil, func(t *Task, n *node, down sink[Pair[K, V]]) sink[T] {
		var out []Pair[K, V]
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

// Union is this stream and the others as one: its partitions are theirs, one stream behind the other. Spark: union.
func (s Stream[T]) Union(others ...Stream[T]) Stream[T] {
	inputs := []*node{s.n}
	for _, o := range others {
		inputs = append(inputs, o.n)
	}
	return Stream[T]{s.n.context.add("union", typed[T](&node{inputs: inputs, union: true}))}
}

// Count is one number a batch: how many elements it has, 0 for an empty one. Spark: count.
// It is no output: Count() alone prints nothing, and a job of nothing else is refused.
func (s Stream[T]) Count() Stream[int64] {
	return widened(s, "count", false, counting[T](), func(_ *run, _ *node, parts []int64) ([][]int64, error) {
		var sum int64
		for _, p := range parts {
			sum += p
		}
		return [][]int64{{sum}}, nil
	})
}

// Reduce is one element a batch, and none for an empty batch. f must be associative and commutative. Spark: reduce.
func (s Stream[T]) Reduce(f func(T, T) T) Stream[T] {
	return widened(s, "reduce", f == nil, reducing(f), func(_ *run, _ *node, parts []reduced[T]) ([][]T, error) {
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

// ReduceByKey is one pair a key and batch, in the order in which the keys came. f must be associative and commutative.
// It reduces in the consumers first; what crosses over is one value a key and partition. Spark: reduceByKey.
func (p PairStream[K, V]) ReduceByKey(f func(V, V) V) PairStream[K, V] {
	return PairStream[K, V]{widened(p.Stream, "reduceByKey", f == nil, combiningByKey[K](as1[V], f),
		func(_ *run, _ *node, parts []*keyed[K, V]) ([][]Pair[K, V], error) {
			return [][]Pair[K, V]{mergeByKey(parts, f).pairs()}, nil
		})}
}

func as1[V any](v V) V { return v }

// CountByValue is one pair a distinct element and batch: the element and how often it came. Spark: countByValue.
func CountByValue[T comparable](s Stream[T]) PairStream[T, int64] {
	ones := narrowed(s, "countByValue", false, func(_ *Task, _ *node, down sink[Pair[T, int64]]) sink[T] {
		var out []Pair[T, int64]
		return sink[T]{end: down.end, push: func(in []T) {
			out = out[:0]
			for i := range in {
				out = append(out, Pair[T, int64]{in[i], 1})
			}
			down.push(out)
		}}
	})
	return PairStream[T, int64]{ones}.ReduceByKey(func(a, b int64) int64 { return a + b })
}
