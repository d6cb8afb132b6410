package streaming

import (
	"slices"
	"sync"
)

// intake takes one partition's pairs in their order, for sharded to sort. A key that was among the last to come is held once; one
// that comes again later is held again: a table of all keys would cost more than it spares, where most come only once in a batch.
type intake[K comparable, V any] struct {
	keys   []K
	tags   []uint32
	of     []uint32 // the position of each value's key
	values []V
	// recent has, at the last bits of its hash, the key that came last there: hash << 32 | position + 1; 0 is none.
	recent [recentKeys]uint64
	moved  []uint32 // room for sharded
	// arenas hold what the keys of each shard point to: side by side, as they are looked up.
	arenas [shardCount]arena
}

// recentKeys is how many keys are remembered: so many that keys which come often are among them, so few that they stay in the
// processor's cache.
const recentKeys = 4096

// intakes are those that are not in use: the room that a batch has grown is the next one's.
type intakes[K comparable, V any] struct{ sync.Pool }

func (all *intakes[K, V]) get() *intake[K, V] {
	if g, ok := all.Get().(*intake[K, V]); ok {
		return g
	}
	return &intake[K, V]{}
}

// put takes back one that nobody looks at any more. It lets go of what keys and values point to.
func (all *intakes[K, V]) put(g *intake[K, V]) {
	clear(g.keys)
	clear(g.values)
	clear(g.recent[:])
	clear(g.arenas[:])
	g.keys, g.tags, g.of, g.values = g.keys[:0], g.tags[:0], g.of[:0], g.values[:0]
	all.Put(g)
}

// sharding keeps all values, and sorts them by the shards of their keys at the end of the batch.
func sharding[K comparable, V any]() combiner[Pair[K, V], *sharded[K, V]] {
	keepKey, keepValue, plain := keeper[K](), keeper[V](), plainSize[V]()
	all := &intakes[K, V]{}
	return combiner[Pair[K, V], *sharded[K, V]]{func(t *Task, n *node) (func([]Pair[K, V]), func() *sharded[K, V]) {
		var g *intake[K, V]
		push := func(in []Pair[K, V]) {
			t.at(n)
			if g == nil {
				g = all.get()
			}
			t.held += g.takeKeys(in, keepKey)
			t.held += g.takeValues(in, &t.arena, keepValue, plain)
		}
		return push, func() *sharded[K, V] {
			if g == nil {
				return &sharded[K, V]{}
			}
			s := g.sharded()
			all.put(g)
			g = nil
			return s
		}
	}}
}

// takeKeys takes the keys; it gives the bytes that they take.
func (g *intake[K, V]) takeKeys(in []Pair[K, V], keep func(*arena, K) (K, int64)) (held int64) {
	for i := range in {
		tag := tagOf(in[i].Key)
		last := &g.recent[tag%recentKeys]
		if uint32(*last>>32) == tag && *last != 0 && g.keys[uint32(*last)-1] == in[i].Key {
			g.of = append(g.of, uint32(*last)-1)
			continue
		}
		key, size := keep(&g.arenas[shardOf(tag)], in[i].Key)
		g.of = append(g.of, uint32(len(g.keys)))
		g.keys, g.tags = append(g.keys, key), append(g.tags, tag)
		*last = uint64(tag)<<32 | uint64(len(g.keys))
		held += size + 4
	}
	return held + 5*int64(len(in)) // of and order
}

// takeValues takes the values; plain is the size of one that needs no keeping, else 0.
func (g *intake[K, V]) takeValues(in []Pair[K, V], a *arena, keep func(*arena, V) (V, int64), plain int64) (held int64) {
	if plain > 0 {
		for i := range in {
			g.values = append(g.values, in[i].Value)
		}
		return plain * int64(len(in))
	}
	for i := range in {
		value, size := keep(a, in[i].Value)
		g.values = append(g.values, value)
		held += size
	}
	return held
}

// sharded sorts by shard.
func (g *intake[K, V]) sharded() *sharded[K, V] {
	s := &sharded[K, V]{
		keys: make([]K, len(g.keys)), tags: make([]uint32, len(g.keys)),
		of: make([]uint32, len(g.values)), values: make([]V, len(g.values)), order: make([]uint8, len(g.values)),
	}
	g.sortKeys(s)
	next := begins(&s.valuesFrom, func(count *[shardCount]uint32) {
		for i, of := range g.of {
			s.order[i] = shardOf(g.tags[of])
			count[s.order[i]%shardCount]++
		}
	})
	for i, shard := range s.order {
		to := &next[shard%shardCount]
		s.of[*to], s.values[*to] = g.moved[g.of[i]], g.values[i]
		*to++
	}
	return s
}

// sortKeys also writes down where each key has moved.
func (g *intake[K, V]) sortKeys(s *sharded[K, V]) {
	next := begins(&s.keysFrom, func(count *[shardCount]uint32) {
		for _, tag := range g.tags {
			count[shardOf(tag)]++
		}
	})
	g.moved = slices.Grow(g.moved[:0], len(g.keys))[:len(g.keys)]
	for i, tag := range g.tags {
		to := &next[shardOf(tag)]
		s.keys[*to], s.tags[*to], g.moved[i] = g.keys[i], tag, *to
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
