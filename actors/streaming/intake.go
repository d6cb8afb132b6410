package streaming

import (
	"sync"

	"github.com/hibana-stream/hibana/messages"
)

// intake takes one partition's pairs in their order and lays each on the pile of its shard. A key that was among the last to come is held
// once; one that comes again later is held again: a table of all keys would cost more than it spares, where most come only once in a batch.
type intake[K comparable, V any] struct {
	sharded[K, V]
	all       *intakes[K, V]
	last      *recent
	partition messages.TopicPartition
	least     int // room that is made in a pile at once
}

// recent has, at the last bits of its hash, the key that came last there: hash << 32 | position in its pile + 1; 0 is none.
type recent struct {
	keys [recentKeys]uint64
	// pairs and again are how many have come, and how many of them with a key that was there.
	pairs, again int
}

// recentKeys is how many keys are remembered: so many that keys which come often are among them, so few that they stay in the
// processor's cache.
const recentKeys = 4096

// hopeless tells that keys come again too seldom to be looked for.
func (r *recent) hopeless() bool { return r.pairs > 2*recentKeys && r.again < r.pairs/16 }

// intakes is what the intakes of one operation share.
type intakes[K comparable, V any] struct {
	keepKey   func(*arena, K) (K, int64)
	keepValue func(*arena, V) (V, int64)
	plain     int64 // the size of a V that needs no keeping, else 0
	isText    bool
	recents   sync.Pool
	// typical is how many values each partition had in a pile, by and large, in its last batch: messages.TopicPartition → int.
	typical sync.Map
}

// mostAtOnce is how much room is made at once, however large the last batch was.
const mostAtOnce = 4096

// room is how many values a pile of this partition will have, about.
func (a *intakes[K, V]) room(partition messages.TopicPartition) int {
	last, _ := a.typical.Load(partition)
	n, _ := last.(int)
	return min(max(n+n/8, 4), mostAtOnce)
}

// sharding keeps all values, sorted by the shards of their keys.
func sharding[K comparable, V any]() combiner[Pair[K, V], *sharded[K, V]] {
	all := &intakes[K, V]{keepKey: keeper[K](), keepValue: keeper[V](), plain: plainSize[V](), isText: isText[K]()}
	all.recents.New = func() any { return &recent{} }
	return combiner[Pair[K, V], *sharded[K, V]]{func(t *Task, n *node) (func([]Pair[K, V]), func() *sharded[K, V]) {
		g := &intake[K, V]{all: all, partition: t.partition}
		return func(in []Pair[K, V]) {
			t.at(n)
			g.take(in, t)
		}, g.finish
	}}
}

// finish gives what was taken.
func (g *intake[K, V]) finish() *sharded[K, V] {
	if g.piles != nil {
		*g.last = recent{}
		g.all.recents.Put(g.last)
		g.all.typical.Store(g.partition, len(g.order)/shardCount)
	}
	return &g.sharded
}

func (g *intake[K, V]) begin() {
	g.last, g.least = g.all.recents.Get().(*recent), g.all.room(g.partition)
	g.piles = &[shardCount]pile[K, V]{}
	for i := range g.piles {
		g.piles[i].keys.isText = g.all.isText
	}
}

// take first looks at all keys: what is in no cache comes at once, not one after the other.
func (g *intake[K, V]) take(in []Pair[K, V], t *Task) {
	if g.piles == nil {
		g.begin()
	}
	var tags [probing]uint32
	inPieces(in, func(in []Pair[K, V]) {
		for i := range in {
			tags[i] = tagOf(in[i].Key)
		}
		t.held += g.lay(in, &tags, &t.arena)
	})
}

// lay lays each pair on its pile; it gives an estimate of the bytes that they take.
func (g *intake[K, V]) lay(in []Pair[K, V], tags *[probing]uint32, a *arena) (held int64) {
	least := g.least
	look, plain := !g.last.hopeless(), g.all.plain > 0
	g.last.pairs += len(in)
	for i := range in {
		tag := tags[i]
		shard := shardOf(tag)
		p := &g.piles[shard%shardCount]
		of, known := uint32(len(p.tags)), false
		if look {
			of, known = g.known(p, in[i].Key, tag)
		}
		if !known {
			held += p.keys.add(in[i].Key, g.all.keepKey, least) + 4
			p.tags = append(roomFor(p.tags, least), tag)
		}
		p.of = append(roomFor(p.of, least), of)
		value := in[i].Value
		if !plain {
			var size int64
			value, size = g.all.keepValue(a, value)
			held += size
		}
		p.values = append(roomFor(p.values, least), value)
		g.order = append(roomFor(g.order, least*shardCount), shard)
	}
	return held + (5+g.all.plain)*int64(len(in)) // of, order and values
}

// known finds a key among those that came last, and remembers that it came.
func (g *intake[K, V]) known(p *pile[K, V], k K, tag uint32) (of uint32, known bool) {
	last := &g.last.keys[tag%recentKeys]
	if *last != 0 && uint32(*last>>32) == tag && p.keys.at(uint32(*last)-1) == k {
		g.last.again++
		return uint32(*last) - 1, true
	}
	*last = uint64(tag)<<32 | uint64(len(p.tags)+1)
	return uint32(len(p.tags)), false
}
