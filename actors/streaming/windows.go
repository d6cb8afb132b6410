package streaming

import "time"

// ReduceByWindow is one element a window, and none for an empty one. f must be associative and commutative; it gets what the batches came
// to in their order. Each slide costs the reduced batches of the window. Spark: reduceByWindow.
func (s Stream[T]) ReduceByWindow(f func(T, T) T, width, slide time.Duration) Stream[T] {
	return reduceAs(windowed(divided(reduceAs(s, "reduceByWindow", f)), "reduceByWindow", width, slide), "reduceByWindow", f)
}

// ReduceByWindowInverse is ReduceByWindow for an f that inverse takes back: each slide costs what enters and what leaves, whatever
// the width. It has no element before the first one of the stream, and from then on one for each window, also an empty one.
// Spark: reduceByWindow with invReduceFunc.
func (s Stream[T]) ReduceByWindowInverse(f, inverse func(T, T) T, width, slide time.Duration) Stream[T] {
	const op = "reduceByWindow"
	s.n = made(s.n, op)
	value, err := codecFor[T](s.n.context)
	r := reducing(f)
	n := typed[T](&node{inputs: []*node{s.n}, wide: &wideSpec{combiners: []combinerSpec{func(t *Task, n *node) (any, func() any) {
		push, result := r.open(t, n)
		return sink[T]{push: push, end: nothing}, func() any {
			all := result()
			return singleAny(all.value, all.ok)
		}
	}}}})
	inverted1(n, op, boxing(f), boxing(inverse), width, slide, boxed1(value), err, func(v any, ok bool) any {
		if !ok {
			return [][]T{nil}
		}
		return [][]T{{v.(T)}}
	})
	return across(Stream[T]{n}, op, f)
}

// inverted1 is inverted without keys, of values whose type it does not know.
//
//go:noinline
func inverted1(n *node, op string, f, inverse func(a, b any) any, width, slide time.Duration, value Codec[any], err error, give func(v any, ok bool) any) {
	w := inverting[int, any]{reduce: f, inverse: inverse, width: width, slide: slide}
	codecs := windowCodecs[int, any]{integerCodec[int](typeOf[int]()), value, err}
	inverted(n, op, w, codecs, func(i *inverting[int, any]) any {
		if len(i.store.entries) == 0 {
			return give(nil, false)
		}
		return give(i.store.entries[0].state.value, true)
	})
}

// boxing lets f work on values whose type the window does not know: one a batch, which costs nothing, and spares the compiler a
// window by key for every type of a job.
//
//go:noinline
func boxing[T any](f func(T, T) T) func(a, b any) any {
	if f == nil {
		return nil
	}
	return func(a, b any) any { return f(a.(T), b.(T)) }
}

// boxed1 is the codec of such values.
//
//go:noinline
func boxed1[T any](c Codec[T]) Codec[any] {
	return Codec[any]{
		Name:   c.Name,
		Encode: func(dst []byte, v any) ([]byte, error) { return c.Encode(dst, v.(T)) },
		Decode: func(wire string) (any, error) { return c.Decode(wire) },
	}
}

// across reduces what the windows of the partitions gave to what one window over all of them would give, if they are kept apart.
func across[T any](s Stream[T], op string, f func(T, T) T) Stream[T] {
	if !s.n.context.byPartition {
		return s
	}
	return reduceAs(s, op, f)
}

// single is a keyed value without keys.
func single[V any](v V, ok bool) *keyed[int, V] {
	m := newKeyed[int, V](0)
	if ok {
		m.set(0, tagOf(0), v)
	}
	return m
}

//go:noinline
func singleAny(v any, ok bool) any { return single(v, ok) }

//go:noinline
func singleCount(n int64) any { return single(n, true) }

// CountByWindow is one number a window: how many elements it has, 0 for an empty one. Each slide costs what enters and what leaves,
// whatever the width. Spark: countByWindow.
func (s Stream[T]) CountByWindow(width, slide time.Duration) Stream[int64] {
	count := counting[T]()
	return countedByWindow(made(s.n, "countByWindow"), func(t *Task, n *node) (any, func() any) {
		push, result := count.open(t, n)
		return sink[T]{push: push, end: nothing}, func() any { return singleCount(result()) }
	}, width, slide)
}

//go:noinline
func countedByWindow(from *node, in combinerSpec, width, slide time.Duration) Stream[int64] {
	const op = "countByWindow"
	n := typed[int64](&node{inputs: []*node{from}, wide: &wideSpec{combiners: []combinerSpec{in}}})
	w := inverting[int, int64]{reduce: plus, inverse: minus, width: width, slide: slide}
	inverted(n, op, w, windowCodecsFor[int, int64](from.context), func(i *inverting[int, int64]) any {
		if len(i.store.entries) == 0 {
			return [][]int64{{0}}
		}
		return [][]int64{{i.store.entries[0].state.value}}
	})
	return across(Stream[int64]{n}, op, plus)
}

func plus(a, b int64) int64 { return a + b }

func minus(a, b int64) int64 { return a - b }

// CountByValueAndWindow is one pair a window and distinct element: the element and how often it came, in the order in which they came;
// elements that are not in the window any more are gone. Each slide costs the distinct elements of what enters and of what leaves, and one
// look at each that the window has, whatever the width. Spark: countByValueAndWindow.
func CountByValueAndWindow[T comparable](s Stream[T], width, slide time.Duration) PairStream[T, int64] {
	const op = "countByValueAndWindow"
	s.n = made(s.n, op)
	ones := narrowed(s, op, false, mapping1(func(v T) Pair[T, int64] { return Pair[T, int64]{v, 1} }))
	w := inverting[T, int64]{reduce: plus, inverse: minus, width: width, slide: slide, keep: func(_ T, n int64) bool { return n != 0 }}
	n := typed[Pair[T, int64]](&node{inputs: []*node{ones.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(combiningByKey[T](as1[int64], plus))}}})
	inverted(n, op, w, windowCodecsFor[T, int64](s.n.context), pairsOf[T, int64])
	counts := PairStream[T, int64]{Stream[Pair[T, int64]]{n}}
	if s.n.context.byPartition {
		return reduceByKeyAs(counts, op, plus)
	}
	return counts
}

// GroupByKeyAndWindow is one pair a window and key: the key and all its values, in the order in which they came. All values in the window
// are held and saved, and looked at in every slide. Spark: groupByKeyAndWindow.
func GroupByKeyAndWindow[K comparable, V any](p PairStream[K, V], width, slide time.Duration) PairStream[K, []V] {
	const op = "groupByKeyAndWindow"
	return groupAs(PairStream[K, V]{windowed(p.Stream, op, width, slide)}, op)
}

// ReduceByKeyAndWindow is one pair a window and key, in the order in which the keys came in the window. reduce must be associative and
// commutative. Each slide costs the reduced batches of the window; ReduceByKeyAndWindowInverse does not. Spark: reduceByKeyAndWindow.
func (p PairStream[K, V]) ReduceByKeyAndWindow(reduce func(V, V) V, width, slide time.Duration) PairStream[K, V] {
	const op = "reduceByKeyAndWindow"
	steps := PairStream[K, V]{windowed(reduceByKeyAs(p, op, reduce).Stream, op, width, slide)}
	return reduceByKeyAs(steps, op, reduce)
}

// ReduceByKeyAndWindowInverse is ReduceByKeyAndWindow for a reduce that inverse takes back: each slide, and each key, costs one inverse of
// what leaves and one reduce of what enters, whatever the width. Pairs are in the order in which their keys first came. A key stays after
// its last value has left, with what inverse gave; keep, if not nil, says which pairs are given out, and keys that it refuses are forgotten
// when they have no value in the window. Spark: reduceByKeyAndWindow with invReduceFunc and filterFunc.
func (p PairStream[K, V]) ReduceByKeyAndWindowInverse(reduce, inverse func(V, V) V, width, slide time.Duration, keep func(K, V) bool) PairStream[K, V] {
	const op = "reduceByKeyAndWindow"
	w := inverting[K, V]{reduce: reduce, inverse: inverse, keep: keep, width: width, slide: slide}
	p.n = made(p.n, op)
	codecs := windowCodecsFor[K, V](p.n.context)
	n := typed[Pair[K, V]](&node{inputs: []*node{p.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(combiningByKey[K](as1[V], reduce))}}})
	inverted(n, op, w, codecs, pairsOf[K, V])
	return PairStream[K, V]{Stream[Pair[K, V]]{n}}
}
