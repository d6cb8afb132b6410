package streaming

// A combiner folds one partition's elements into what the merge needs: T in, P out. open is called once for each partition and batch.
type combiner[T, P any] struct {
	open func(t *Task, n *node) (push func([]T), result func() P)
}

func (c combiner[T, P]) spec() combinerSpec {
	return func(t *Task, n *node) (any, func() any) {
		push, result := c.open(t, n)
		return sink[T]{push: push, end: func() {}}, func() any { return result() }
	}
}

// counting keeps a number.
func counting[T any]() combiner[T, int64] {
	return combiner[T, int64]{func(*Task, *node) (func([]T), func() int64) {
		var count int64
		return func(in []T) { count += int64(len(in)) }, func() int64 { return count }
	}}
}

// collecting keeps every element, off the fetch buffer.
func collecting[T any]() combiner[T, []T] {
	keep := keeper[T]()
	return combiner[T, []T]{func(t *Task, _ *node) (func([]T), func() []T) {
		var all []T
		return func(in []T) {
			for i := range in {
				kept, size := keep(in[i])
				all = append(all, kept)
				t.held += size
			}
		}, func() []T { return all }
	}}
}

// taking keeps the first limit elements.
func taking[T any](limit int) combiner[T, []T] {
	keep := keeper[T]()
	return combiner[T, []T]{func(*Task, *node) (func([]T), func() []T) {
		var first []T
		return func(in []T) {
			for i := 0; i < len(in) && len(first) < limit; i++ {
				kept, _ := keep(in[i])
				first = append(first, kept)
			}
		}, func() []T { return first }
	}}
}

// reduced is the result of a reduction, which is nothing for no elements.
type reduced[T any] struct {
	value T
	ok    bool
}

func (r *reduced[T]) add(v T, f func(T, T) T) {
	if !r.ok {
		r.value, r.ok = v, true
		return
	}
	r.value = f(r.value, v)
}

// reducing keeps one value. What f makes may alias the fetch buffer until the end of the batch.
func reducing[T any](f func(T, T) T) combiner[T, reduced[T]] {
	keep := keeper[T]()
	return combiner[T, reduced[T]]{func(t *Task, n *node) (func([]T), func() reduced[T]) {
		var r reduced[T]
		return func(in []T) {
			t.at(n)
			for i := range in {
				r.add(in[i], f)
			}
			r.value, _ = keep(r.value)
		}, func() reduced[T] { return r }
	}}
}

// keyed is a map that remembers the order in which its keys came: same keys come out in first-seen order.
type keyed[K comparable, V any] struct {
	index map[K]int
	pairs []Pair[K, V]
}

func newKeyed[K comparable, V any](size int) *keyed[K, V] {
	return &keyed[K, V]{index: make(map[K]int, size), pairs: make([]Pair[K, V], 0, size)}
}

// at is the place of k's value; isNew tells that it was not there, and the caller has to set it.
func (m *keyed[K, V]) at(k K, keep func(K) (K, int64)) (v *V, isNew bool) {
	i, ok := m.index[k]
	if !ok {
		k, _ = keep(k)
		i = len(m.pairs)
		m.index[k] = i
		m.pairs = append(m.pairs, Pair[K, V]{Key: k})
	}
	return &m.pairs[i].Value, !ok
}

// combiningByKey keeps one C a key: create makes it of the key's first value, add takes the others.
func combiningByKey[K comparable, V, C any](create func(V) C, add func(C, V) C) combiner[Pair[K, V], *keyed[K, C]] {
	keepKey, keepValue := keeper[K](), keeper[C]()
	return combiner[Pair[K, V], *keyed[K, C]]{func(t *Task, n *node) (func([]Pair[K, V]), func() *keyed[K, C]) {
		m := newKeyed[K, C](0)
		return func(in []Pair[K, V]) {
			t.at(n)
			for i := range in {
				v, isNew := m.at(in[i].Key, keepKey)
				if isNew {
					var size int64
					*v, size = keepValue(create(in[i].Value))
					t.held += size
					continue
				}
				*v = add(*v, in[i].Value)
			}
		}, func() *keyed[K, C] { return m }
	}}
}

// mergeByKey merges partitions in their order; it changes none of them.
func mergeByKey[K comparable, C any](parts []*keyed[K, C], merge func(C, C) C) *keyed[K, C] {
	if len(parts) == 1 {
		return parts[0]
	}
	size := 0
	for _, p := range parts {
		size = max(size, len(p.pairs))
	}
	out := newKeyed[K, C](size)
	for _, p := range parts {
		for i := range p.pairs {
			v, isNew := out.at(p.pairs[i].Key, as[K])
			if isNew {
				*v = p.pairs[i].Value
				continue
			}
			*v = merge(*v, p.pairs[i].Value)
		}
	}
	return out
}

// as keeps a value as it is.
func as[T any](v T) (T, int64) { return v, 0 }
