package streaming

// ReduceByKey is one pair a key and batch, in the order in which the keys came. f must be associative and commutative; it gets a key's
// values in their order, partition by partition. It costs a look-up and a call of f a pair, in the consumers; what crosses over is one
// value a key and partition. Spark: reduceByKey.
func (p PairStream[K, V]) ReduceByKey(f func(V, V) V) PairStream[K, V] {
	return reduceByKeyAs(p, "reduceByKey", f)
}

func reduceByKeyAs[K comparable, V any](p PairStream[K, V], op string, f func(V, V) V) PairStream[K, V] {
	return combineAs(p, op, f == nil, as1[V], f, f)
}

func as1[V any](v V) V { return v }

// CombineByKey is one pair a key and batch: create makes a C of a key's first value, mergeValue adds the others of the partition,
// mergeCombiners joins what the partitions have, in their order. Keys are in the order in which they came. It costs what ReduceByKey does.
// Spark: combineByKey.
func CombineByKey[K comparable, V, C any](p PairStream[K, V], create func(V) C, mergeValue func(C, V) C, mergeCombiners func(C, C) C) PairStream[K, C] {
	return combineAs(p, "combineByKey", create == nil || mergeValue == nil || mergeCombiners == nil, create, mergeValue, mergeCombiners)
}

func combineAs[K comparable, V, C any](p PairStream[K, V], op string, missing bool, create func(V) C, add func(C, V) C, merge func(C, C) C) PairStream[K, C] {
	return PairStream[K, C]{divided(widened(p.Stream, op, missing, combiningByKey[K](create, add),
		func(_ *run, _ *node, parts []*keyed[K, C]) ([][]Pair[K, C], error) {
			return [][]Pair[K, C]{mergeByKey(parts, merge).pairs()}, nil
		}))}
}

// GroupByKey is one pair a key and batch: the key and all its values, both in the order in which they came. All values of the batch are
// held and cross over; a reduction holds one a key. Spark: groupByKey.
func GroupByKey[K comparable, V any](p PairStream[K, V]) PairStream[K, []V] {
	return groupAs(p, "groupByKey")
}

func groupAs[K comparable, V any](p PairStream[K, V], op string) PairStream[K, []V] {
	return PairStream[K, []V]{divided(widened(p.Stream, op, false, grouping[K, V](), func(_ *run, _ *node, parts []*grouped[K, V]) ([][]Pair[K, []V], error) {
		return [][]Pair[K, []V]{groups(parts).pairs()}, nil
	}))}
}

// groups are all values of each key, in the order of the partitions.
func groups[K comparable, V any](parts []*grouped[K, V]) *keyed[K, []V] {
	out := newKeyed[K, []V](0)
	for _, p := range parts {
		slots := make([]uint32, len(p.keys))
		for i := range p.keys {
			at, ok := out.find(p.keys[i], p.tags[i])
			if !ok {
				at = out.insert(p.keys[i], p.tags[i])
				out.values = append(out.values, nil)
			}
			slots[i] = at
		}
		for i := range p.values {
			at := slots[p.keyOf(i)]
			out.values[at] = append(out.values[at], p.values[i])
		}
	}
	return out
}

// MapValues applies f to each value, in order; the keys stay. It costs a call of f a pair and holds nothing. Spark: mapValues.
func MapValues[K comparable, V, W any](p PairStream[K, V], f func(V) W) PairStream[K, W] {
	return PairStream[K, W]{narrowed(p.Stream, "mapValues", f == nil, mapping1(func(p Pair[K, V]) Pair[K, W] {
		return Pair[K, W]{p.Key, f(p.Value)}
	}))}
}

// FlatMapValues is one pair for each value that f makes of a pair's value, under the same key and in order. It costs a call of f a pair and
// holds nothing. Spark: flatMapValues.
func FlatMapValues[K comparable, V, W any](p PairStream[K, V], f func(V) []W) PairStream[K, W] {
	return PairStream[K, W]{narrowed(p.Stream, "flatMapValues", f == nil, flattening(func(p Pair[K, V]) []Pair[K, W] {
		values := f(p.Value)
		out := make([]Pair[K, W], len(values))
		for i := range values {
			out[i] = Pair[K, W]{p.Key, values[i]}
		}
		return out
	}))}
}
