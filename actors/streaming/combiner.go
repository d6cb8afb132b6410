package streaming

// A combiner folds one partition's elements into what the merge needs: T in, P out. open is called once for each partition and batch.
type combiner[T, P any] struct {
	open func(t *Task, n *node) (push func([]T), result func() P)
}

// specOf forgets the combiner's types. Like everything that makes functions once a job, it is not inlined: the functions would be
// compiled once more in each place, for every type of a job.
//
//go:noinline
func specOf[T, P any](c combiner[T, P]) combinerSpec {
	return func(t *Task, n *node) (any, func() any) {
		push, result := c.open(t, n)
		return sink[T]{push: push, end: nothing}, func() any { return result() }
	}
}

func nothing() {}

// ignoring keeps nothing: the operation only needs to run behind its input.
func ignoring[T any]() combiner[T, struct{}] {
	return combiner[T, struct{}]{func(*Task, *node) (func([]T), func() struct{}) {
		return func([]T) {}, func() struct{} { return struct{}{} }
	}}
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
				kept, size := keep(&t.arena, in[i])
				all = append(all, kept)
				t.held += size
			}
		}, func() []T { return all }
	}}
}

// taking keeps the first limit elements.
func taking[T any](limit int) combiner[T, []T] {
	keep := keeper[T]()
	return combiner[T, []T]{func(t *Task, _ *node) (func([]T), func() []T) {
		var first []T
		return func(in []T) {
			for i := 0; i < len(in) && len(first) < limit; i++ {
				kept, _ := keep(&t.arena, in[i])
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

// reducing keeps one value, which may alias the fetch buffer until the end of a slice.
func reducing[T any](f func(T, T) T) combiner[T, reduced[T]] {
	keep := keeper[T]()
	return combiner[T, reduced[T]]{func(t *Task, n *node) (func([]T), func() reduced[T]) {
		var r reduced[T]
		return func(in []T) {
			t.at(n)
			for i := range in {
				r.add(in[i], f)
			}
			if r.ok {
				r.value, _ = keep(nil, r.value)
			}
		}, func() reduced[T] { return r }
	}}
}
