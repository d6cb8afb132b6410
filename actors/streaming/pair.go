package streaming

import "fmt"

// Pair is a key with a value.
type Pair[K, V any] struct {
	Key   K
	Value V
}

// String is "(key,value)".
func (p Pair[K, V]) String() string { return fmt.Sprintf("(%v,%v)", p.Key, p.Value) }

func (Pair[K, V]) codecIn(c *Context) (any, error) {
	k, v, err := codecsOf[K, V](c)
	return pairCodec(k, v), err
}

func pairCodec[K, V any](k Codec[K], v Codec[V]) Codec[Pair[K, V]] {
	return twoParts("pair", k, v,
		func(p Pair[K, V]) (K, V) { return p.Key, p.Value },
		func(key K, value V) Pair[K, V] { return Pair[K, V]{key, value} })
}

// PairStream is a stream of pairs, with the operations by key.
type PairStream[K comparable, V any] struct{ Stream[Pair[K, V]] }

// Joined is what two streams have for one key: the value of a pair in a joined stream.
type Joined[L, R any] struct {
	Left  L
	Right R
}

// String is "(left,right)".
func (j Joined[L, R]) String() string { return fmt.Sprintf("(%v,%v)", j.Left, j.Right) }

func (Joined[L, R]) codecIn(c *Context) (any, error) {
	l, r, err := codecsOf[L, R](c)
	return twoParts("joined", l, r,
		func(j Joined[L, R]) (L, R) { return j.Left, j.Right },
		func(left L, right R) Joined[L, R] { return Joined[L, R]{left, right} }), err
}
