//go:build go1.27

package streaming

import (
	"context"
	"time"
)

// The operations that change the element's type, as methods: Go 1.27 has generic methods. Those that would make a type grow within
// itself (Glom, CountByValue, GroupByKey, the joins and their like) stay functions: the signature alone, PairStream[K, Joined[V, W]] as
// the result of a method of PairStream[K, V], is what the compiler refuses ("instantiation cycle: V instantiated as Joined[V, W]").

// Map is the function Map.
func (s Stream[T]) Map[U any](f func(T) U) Stream[U] { return Map(s, f) }

// TryMap is the function TryMap.
func (s Stream[T]) TryMap[U any](f func(context.Context, T) (U, error)) Stream[U] {
	return TryMap(s, f)
}

// FlatMap is the function FlatMap.
func (s Stream[T]) FlatMap[U any](f func(T) []U) Stream[U] { return FlatMap(s, f) }

// TryFlatMap is the function TryFlatMap.
func (s Stream[T]) TryFlatMap[U any](f func(context.Context, T) ([]U, error)) Stream[U] {
	return TryFlatMap(s, f)
}

// MapPartitions is the function MapPartitions.
func (s Stream[T]) MapPartitions[U any](f func([]T) []U) Stream[U] { return MapPartitions(s, f) }

// MapToPair is the function MapToPair.
func (s Stream[T]) MapToPair[K comparable, V any](f func(T) (K, V)) PairStream[K, V] {
	return MapToPair(s, f)
}

// Transform is the function Transform.
func (s Stream[T]) Transform[U any](f func(*Batch[T]) (*Batch[U], error)) Stream[U] {
	return Transform(s, f)
}

// TransformWith is the function TransformWith.
func (s Stream[T]) TransformWith[U, W any](other Stream[U], f func(*Batch[T], *Batch[U]) (*Batch[W], error)) Stream[W] {
	return TransformWith(s, other, f)
}

// WithEventTime is the function WithEventTime.
func (s Stream[T]) WithEventTime(at func(T) time.Time, allowedLateness time.Duration) EventTimed[T] {
	return WithEventTime(s, at, allowedLateness)
}

// MapValues is the function MapValues.
func (p PairStream[K, V]) MapValues[W any](f func(V) W) PairStream[K, W] { return MapValues(p, f) }

// FlatMapValues is the function FlatMapValues.
func (p PairStream[K, V]) FlatMapValues[W any](f func(V) []W) PairStream[K, W] {
	return FlatMapValues(p, f)
}

// CombineByKey is the function CombineByKey.
func (p PairStream[K, V]) CombineByKey[C any](create func(V) C, mergeValue func(C, V) C, mergeCombiners func(C, C) C) PairStream[K, C] {
	return CombineByKey(p, create, mergeValue, mergeCombiners)
}

// UpdateStateByKey is the function UpdateStateByKey.
func (p PairStream[K, V]) UpdateStateByKey[S any](name string, f func([]V, Option[S]) Option[S], opts ...StateOption[K, S]) PairStream[K, S] {
	return UpdateStateByKey(p, name, f, opts...)
}

// UpdateStateByKeyAt is the function UpdateStateByKeyAt.
func (p PairStream[K, V]) UpdateStateByKeyAt[S any](name string, f func(time.Time, K, []V, Option[S]) Option[S], opts ...StateOption[K, S]) PairStream[K, S] {
	return UpdateStateByKeyAt(p, name, f, opts...)
}

// MapWithState is the function MapWithState.
func (p PairStream[K, V]) MapWithState[S, U any](name string, spec StateSpec[K, V, S, U]) MappedStream[K, S, U] {
	return MapWithState(p, name, spec)
}

// TumblingCount is the function TumblingCount.
func (e EventTimed[T]) TumblingCount[K comparable](name string, key func(T) K, width time.Duration) Stream[Windowed[K, int64]] {
	return TumblingCount(e, name, key, width)
}

// SlidingCount is the function SlidingCount.
func (e EventTimed[T]) SlidingCount[K comparable](name string, key func(T) K, width, slide time.Duration) Stream[Windowed[K, int64]] {
	return SlidingCount(e, name, key, width, slide)
}

// SessionCount is the function SessionCount.
func (e EventTimed[T]) SessionCount[K comparable](name string, key func(T) K, gap time.Duration) Stream[Windowed[K, int64]] {
	return SessionCount(e, name, key, gap)
}

// Tumbling is the function Tumbling.
func (e EventTimed[T]) Tumbling[K comparable, A any](name string, key func(T) K, width time.Duration, a Aggregate[T, A]) Stream[Windowed[K, A]] {
	return Tumbling(e, name, key, width, a)
}

// Sliding is the function Sliding.
func (e EventTimed[T]) Sliding[K comparable, A any](name string, key func(T) K, width, slide time.Duration, a Aggregate[T, A]) Stream[Windowed[K, A]] {
	return Sliding(e, name, key, width, slide, a)
}

// Session is the function Session.
func (e EventTimed[T]) Session[K comparable, A any](name string, key func(T) K, gap time.Duration, a Aggregate[T, A]) Stream[Windowed[K, A]] {
	return Session(e, name, key, gap, a)
}
