package streaming

// shardCount is how many shards the keys of an operation with state are in: so many that what a batch touches of a large state stays in
// a processor's cache while one shard after the other is worked on, so few that a small batch does not notice.
const shardCount = 32

// shardOf is the shard of the keys with this tag. It is in the bits that a table looks at last.
func shardOf(tag uint32) uint8 { return uint8(tag >> 27) }

// sharded is one partition's pairs shard by shard, within a shard in the order in which they came.
type sharded[K comparable, V any] struct {
	keys   []K
	tags   []uint32
	of     []uint32 // the position of each value's key; nil: that of the value itself
	values []V
	// Where each shard begins in keys and in values.
	keysFrom, valuesFrom [shardCount + 1]uint32
	// order is the shard of each value, in the order in which they came.
	order []uint8
}

// sharding is grouping, sorted by shard at the end of the batch.
func sharding[K comparable, V any]() combiner[Pair[K, V], *sharded[K, V]] {
	all := grouping[K, V]()
	return combiner[Pair[K, V], *sharded[K, V]]{func(t *Task, n *node) (func([]Pair[K, V]), func() *sharded[K, V]) {
		push, result := all.open(t, n)
		return push, func() *sharded[K, V] { return result().sharded() }
	}}
}

// sharded sorts by shard.
func (g *grouped[K, V]) sharded() *sharded[K, V] {
	s := &sharded[K, V]{
		keys: make([]K, len(g.keys)), tags: make([]uint32, len(g.keys)),
		values: make([]V, len(g.values)), order: make([]uint8, len(g.values)),
	}
	if g.of == nil {
		s.takeFlat(g)
	} else {
		s.takeGrouped(g)
	}
	return s
}

func (s *sharded[K, V]) takeFlat(g *grouped[K, V]) {
	next := begins(&s.valuesFrom, func(count *[shardCount]uint32) {
		for i, tag := range g.tags {
			s.order[i] = shardOf(tag)
			count[s.order[i]&(shardCount-1)]++
		}
	})
	s.keysFrom = s.valuesFrom
	for i, shard := range s.order {
		to := &next[shard&(shardCount-1)]
		s.keys[*to], s.tags[*to], s.values[*to] = g.keys[i], g.tags[i], g.values[i]
		*to++
	}
}

func (s *sharded[K, V]) takeGrouped(g *grouped[K, V]) {
	next := begins(&s.keysFrom, func(count *[shardCount]uint32) {
		for _, tag := range g.tags {
			count[shardOf(tag)]++
		}
	})
	moved := make([]uint32, len(g.keys))
	for i, tag := range g.tags {
		to := &next[shardOf(tag)]
		s.keys[*to], s.tags[*to], moved[i] = g.keys[i], tag, *to
		*to++
	}
	next = begins(&s.valuesFrom, func(count *[shardCount]uint32) {
		for i, of := range g.of {
			s.order[i] = shardOf(g.tags[of])
			count[s.order[i]&(shardCount-1)]++
		}
	})
	s.of = make([]uint32, len(g.values))
	for i, shard := range s.order {
		to := &next[shard&(shardCount-1)]
		s.of[*to], s.values[*to] = moved[g.of[i]], g.values[i]
		*to++
	}
}

// begins writes down where each shard begins, and gives that again for whoever fills them.
func begins(from *[shardCount + 1]uint32, counting func(*[shardCount]uint32)) (next [shardCount]uint32) {
	var count [shardCount]uint32
	counting(&count)
	for i, n := range count {
		next[i] = from[i]
		from[i+1] = from[i] + n
	}
	return next
}

// keyOf is the position of the key of value i.
func (s *sharded[K, V]) keyOf(i uint32) uint32 {
	if s.of == nil {
		return i
	}
	return s.of[i]
}

// orders are the orders in which the values came, and how many they are.
func orders[K comparable, V any](parts []*sharded[K, V]) (all [][]uint8, values int) {
	for _, p := range parts {
		all = append(all, p.order)
		values += len(p.order)
	}
	return all, values
}
