package streaming

import (
	"reflect"
	"sync/atomic"
)

// grouped is one partition's pairs in their order: what state by key, groups and joins get. Usually each key is held once, and whoever
// reads it looks up each distinct key once and then goes through the values without hashing. Where most keys come only once in a
// batch that would cost more than it spares: then it is flat, every value has a key of its own, and of is nil.
type grouped[K comparable, V any] struct {
	table[K]
	of     []uint32 // the position of each value's key
	values []V
}

// keyOf is the position of the key of value i.
func (g *grouped[K, V]) keyOf(i int) uint32 {
	if g.of == nil {
		return uint32(i)
	}
	return g.of[i]
}

// grouping keeps all values, and each key once unless keys hardly repeat.
func grouping[K comparable, V any]() combiner[Pair[K, V], *grouped[K, V]] {
	keepKey, keepValue, plain := keeper[K](), keeper[V](), plainSize[V]()
	past := &repetition{}
	return combiner[Pair[K, V], *grouped[K, V]]{func(t *Task, n *node) (func([]Pair[K, V]), func() *grouped[K, V]) {
		g := &grouping1[K, V]{t: t, keepKey: keepKey, keepValue: keepValue, plain: plain, flat: past.hardly()}
		g.grow(past)
		return func(in []Pair[K, V]) {
				t.at(n)
				inPieces(in, g.take)
			}, func() *grouped[K, V] {
				past.saw(g.flat, len(g.keys), len(g.values))
				return &g.grouped
			}
	}}
}

// grouping1 groups one partition.
type grouping1[K comparable, V any] struct {
	grouped[K, V]
	t             *Task
	keepKey       func(*arena, K) (K, int64)
	keepValue     func(*arena, V) (V, int64)
	plain         int64 // the size of a V that needs no keeping, else 0
	flat          bool
	tags, guesses [probing]uint32
}

func (g *grouping1[K, V]) grow(past *repetition) {
	keys, values := int(past.keys.Load()), int(past.values.Load())
	if g.values = make([]V, 0, values); g.flat {
		g.table = table[K]{keys: make([]K, 0, values), tags: make([]uint32, 0, values)}
		return
	}
	g.table, g.of = newTable[K](keys), make([]uint32, 0, values)
}

func (g *grouping1[K, V]) take(in []Pair[K, V]) {
	for i := range in {
		g.tags[i] = tagOf(in[i].Key)
	}
	if g.flat {
		g.addAll(in)
	} else {
		g.group(in)
	}
	if g.plain > 0 {
		for i := range in {
			g.values = append(g.values, in[i].Value)
		}
		g.t.held += g.plain * int64(len(in))
		return
	}
	for i := range in {
		value, held := g.keepValue(&g.t.arena, in[i].Value)
		g.values = append(g.values, value)
		g.t.held += held
	}
}

func (g *grouping1[K, V]) addAll(in []Pair[K, V]) {
	g.table.tags = append(g.table.tags, g.tags[:len(in)]...)
	for i := range in {
		key, held := g.keepKey(&g.t.arena, in[i].Key)
		g.keys = append(g.keys, key)
		g.t.held += held + 4
	}
}

func (g *grouping1[K, V]) group(in []Pair[K, V]) {
	g.guess(g.tags[:len(in)], &g.guesses)
	for i := range in {
		at, ok := g.findAt(in[i].Key, g.tags[i], g.guesses[i])
		if !ok {
			key, held := g.keepKey(&g.t.arena, in[i].Key)
			at = g.insert(key, g.tags[i])
			g.t.held += held + 12
		}
		g.of = append(g.of, at)
	}
	g.t.held += 4 * int64(len(in))
}

// repetition remembers how often keys came again in the partitions before: room is made for as many, and a flat form is chosen when
// most came once. A flat batch does not show how many were distinct, so one in eight is grouped to see.
type repetition struct {
	keys, values atomic.Int64
	batches      atomic.Int64
}

func (r *repetition) hardly() bool {
	return r.values.Load() > 1024 && 2*r.keys.Load() > r.values.Load() && r.batches.Add(1)%8 != 0
}

func (r *repetition) saw(flat bool, keys, values int) {
	if flat {
		keys = int(float64(values) * float64(r.keys.Load()) / float64(max(r.values.Load(), 1)))
	}
	r.keys.Store(int64(keys))
	r.values.Store(int64(values))
}

// plainSize is the size of a T that holds nothing behind itself and no string, 0 of another one.
func plainSize[T any]() int64 {
	if t := reflect.TypeFor[T](); !shares(t) && len(stringOffsets(t, 0, nil)) == 0 {
		return max(int64(t.Size()), 1)
	}
	return 0
}

// hasStrings tells whether a T holds strings in itself.
func hasStrings[T any]() bool { return len(stringOffsets(reflect.TypeFor[T](), 0, nil)) > 0 }
