package streaming

// Join is one pair for each two values, one of each stream, that have the same key: keys in the order in which they came in the left
// stream, and for each of its values those of the right one in their order. Both batches are held, and a key costs the product of its
// values. A batch in which one of the streams has no dataset fails. Spark: join.
func Join[K comparable, V, W any](left PairStream[K, V], right PairStream[K, W]) PairStream[K, Joined[V, W]] {
	return joined(left, right, "join", func(vs []V, ws []W, give func(Joined[V, W])) {
		for _, v := range vs {
			for _, w := range ws {
				give(Joined[V, W]{v, w})
			}
		}
	})
}

// LeftOuterJoin is Join with, also, each left value whose key the right stream does not have, in its place among the left ones. It costs
// what Join does. Spark: leftOuterJoin.
func LeftOuterJoin[K comparable, V, W any](left PairStream[K, V], right PairStream[K, W]) PairStream[K, Joined[V, Option[W]]] {
	return joined(left, right, "leftOuterJoin", func(vs []V, ws []W, give func(Joined[V, Option[W]])) {
		for _, v := range vs {
			for _, w := range options(ws) {
				give(Joined[V, Option[W]]{v, w})
			}
		}
	})
}

// RightOuterJoin is Join with, also, each right value whose key the left stream does not have; these come last. It costs what Join does.
// Spark: rightOuterJoin.
func RightOuterJoin[K comparable, V, W any](left PairStream[K, V], right PairStream[K, W]) PairStream[K, Joined[Option[V], W]] {
	return joined(left, right, "rightOuterJoin", func(vs []V, ws []W, give func(Joined[Option[V], W])) {
		if len(ws) == 0 {
			return
		}
		for _, v := range options(vs) {
			for _, w := range ws {
				give(Joined[Option[V], W]{v, w})
			}
		}
	})
}

// FullOuterJoin is Join with, also, each value whose key the other stream does not have: the left ones in their place, the right ones last.
// It costs what Join does. Spark: fullOuterJoin.
func FullOuterJoin[K comparable, V, W any](left PairStream[K, V], right PairStream[K, W]) PairStream[K, Joined[Option[V], Option[W]]] {
	return joined(left, right, "fullOuterJoin", func(vs []V, ws []W, give func(Joined[Option[V], Option[W]])) {
		for _, v := range options(vs) {
			for _, w := range options(ws) {
				give(Joined[Option[V], Option[W]]{v, w})
			}
		}
	})
}

// CoGroup is one pair a key: the key with all its values of the left and of the right stream, in their order. Keys come in the order in
// which they came, those that only the right stream has last. Both batches are held. Spark: cogroup.
func CoGroup[K comparable, V, W any](left PairStream[K, V], right PairStream[K, W]) PairStream[K, Joined[[]V, []W]] {
	return joined(left, right, "cogroup", func(vs []V, ws []W, give func(Joined[[]V, []W])) { give(Joined[[]V, []W]{vs, ws}) })
}

// options are the values, or one None when there are none.
func options[T any](values []T) []Option[T] {
	if len(values) == 0 {
		return []Option[T]{{}}
	}
	out := make([]Option[T], len(values))
	for i, v := range values {
		out[i] = Some(v)
	}
	return out
}

// joined registers a join: match gives the elements for the values that a key has in both streams.
func joined[K comparable, V, W, J any](left PairStream[K, V], right PairStream[K, W], op string, match func([]V, []W, func(J))) PairStream[K, J] {
	combiners := []combinerSpec{specOf(grouping[K, V]()), specOf(grouping[K, W]())}
	left.n = made(left.n, op)
	return PairStream[K, J]{divided(joining(left.n.context, op, false, []*node{left.n, right.n}, combiners, func(_ *run, in []gathered) ([][]Pair[K, J], error) {
		lefts, rights := groups(results[*grouped[K, V]](in[0])), groups(results[*grouped[K, W]](in[1]))
		var out []Pair[K, J]
		at := func(k K) func(J) { return func(j J) { out = append(out, Pair[K, J]{k, j}) } }
		for i, k := range lefts.keys {
			match(lefts.values[i], rights.of(k, lefts.tags[i]), at(k))
		}
		for i, k := range rights.keys {
			if _, ok := lefts.find(k, rights.tags[i]); !ok {
				match(nil, rights.values[i], at(k))
			}
		}
		return [][]Pair[K, J]{out}, nil
	}))}
}

// of is the value of a key, the zero value for one that is not there.
func (m *keyed[K, V]) of(k K, tag uint32) (v V) {
	if at, ok := m.find(k, tag); ok {
		v = m.values[at]
	}
	return v
}
