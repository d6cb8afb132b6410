package streaming

import (
	"reflect"
	"unsafe"
)

// grouped is one partition's pairs in their order, each key held once: what state by key gets. Whoever reads it looks up each
// distinct key once, and then goes through the values without hashing.
type grouped[K comparable, V any] struct {
	table[K]
	of     []uint32 // the position of each value's key
	values []V
}

// grouping keeps all values, and each key once.
func grouping[K comparable, V any]() combiner[Pair[K, V], *grouped[K, V]] {
	keepKey, keepValue := keeper[K](), keeper[V]()
	keys, values := &estimate{}, &estimate{}
	return combiner[Pair[K, V], *grouped[K, V]]{func(t *Task, n *node) (func([]Pair[K, V]), func() *grouped[K, V]) {
		g := &grouped[K, V]{table: newTable[K](keys.room())}
		g.of, g.values = make([]uint32, 0, values.room()), make([]V, 0, values.room())
		var tags [probing]uint32
		take := func(in []Pair[K, V]) {
			hashAll(&g.table, in, func(p *Pair[K, V]) K { return p.Key }, &tags)
			for i := range in {
				at, ok := g.find(in[i].Key, tags[i])
				if !ok {
					key, held := keepKey(&t.arena, in[i].Key)
					at = g.insert(key, tags[i])
					t.held += held + 12
				}
				value, held := keepValue(&t.arena, in[i].Value)
				g.of, g.values = append(g.of, at), append(g.values, value)
				t.held += held + 4
			}
		}
		return func(in []Pair[K, V]) {
				t.at(n)
				inPieces(in, take)
			}, func() *grouped[K, V] {
				keys.saw(len(g.keys))
				values.saw(len(g.values))
				return g
			}
	}}
}

// hasStrings tells whether a T holds strings in itself.
func hasStrings[T any]() bool { return len(stringOffsets(reflect.TypeFor[T](), 0, nil)) > 0 }

// sizeOf is what a T takes in a slice.
func sizeOf[T any]() int64 {
	var v T
	return int64(unsafe.Sizeof(v))
}
