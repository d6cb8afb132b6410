package streaming

import "context"

// TryMap is Map with a function that takes a context, which ends when the stream ends, and that may refuse an element: the record that the
// element comes from is rejected (see errors.tolerance), the batch goes on. Behind a shuffle there is no record to blame: there the error
// fails the batch. Spark: map with a function that throws, which fails the batch.
func TryMap[T, U any](s Stream[T], f func(context.Context, T) (U, error)) Stream[U] {
	return trying(s, "tryMap", f == nil, func(ctx context.Context, v T, out []U) ([]U, error) {
		u, err := f(ctx, v)
		return append(out, u), err
	})
}

// TryFlatMap is FlatMap with a function that takes a context and may refuse an element, as TryMap's. Spark: flatMap with a function that
// throws.
func TryFlatMap[T, U any](s Stream[T], f func(context.Context, T) ([]U, error)) Stream[U] {
	return trying(s, "tryFlatMap", f == nil, func(ctx context.Context, v T, out []U) ([]U, error) {
		us, err := f(ctx, v)
		return append(out, us...), err
	})
}

// TryFilter is Filter with a function that takes a context and may refuse an element, as TryMap's. Spark: filter with a function that
// throws.
func (s Stream[T]) TryFilter(keep func(context.Context, T) (bool, error)) Stream[T] {
	return trying(s, "tryFilter", keep == nil, func(ctx context.Context, v T, out []T) ([]T, error) {
		ok, err := keep(ctx, v)
		if !ok {
			return out, err
		}
		return append(out, v), err
	})
}

// trying registers a narrow operation whose function may reject the record under way.
func trying[T, U any](s Stream[T], op string, missing bool, f func(context.Context, T, []U) ([]U, error)) Stream[U] {
	out := narrowed(s, op, missing, func(t *Task, n *node, down sink[U]) sink[T] {
		var out []U
		t.rests(func() { clear(out[:cap(out)]) })
		return sink[T]{end: down.end, push: func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				var err error
				if out, err = f(t.ended, in[i], out); err != nil {
					t.refuse(n, err)
					return
				}
			}
			if len(out) > 0 {
				down.push(out)
			}
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
