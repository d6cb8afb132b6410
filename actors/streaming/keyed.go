package streaming

import "sync/atomic"

// keyed has a value for each key, in the order in which the keys came.
type keyed[K comparable, V any] struct {
	table[K]
	values []V
}

func newKeyed[K comparable, V any](size int) *keyed[K, V] {
	return &keyed[K, V]{table: newTable[K](size), values: make([]V, 0, size)}
}

// pairs are the keys with their values, in order.
func (m *keyed[K, V]) pairs() []Pair[K, V] {
	out := make([]Pair[K, V], len(m.values))
	for i := range out {
		out[i] = Pair[K, V]{m.keys[i], m.values[i]}
	}
	return out
}

// set gives a key its value.
func (m *keyed[K, V]) set(k K, tag uint32, v V) {
	if at, ok := m.find(k, tag); ok {
		m.values[at] = v
		return
	}
	m.insert(k, tag)
	m.values = append(m.values, v)
}

// estimate remembers how large the last partition's table was: the next one is made with room for as much.
type estimate struct{ atomic.Int64 }

func (e *estimate) room() int { return int(e.Load()) }

func (e *estimate) saw(size int) { e.Store(int64(size)) }

// combiningByKey keeps one C a key: create makes it of the key's first value, add takes the others.
func combiningByKey[K comparable, V, C any](create func(V) C, add func(C, V) C) combiner[Pair[K, V], *keyed[K, C]] {
	keepKey, keepValue, strung := keeper[K](), keeper[C](), hasStrings[C]()
	size := &estimate{}
	return combiner[Pair[K, V], *keyed[K, C]]{func(t *Task, n *node) (func([]Pair[K, V]), func() *keyed[K, C]) {
		m := newKeyed[K, C](size.room())
		var tags, guesses [probing]uint32
		take := func(in []Pair[K, V]) {
			for i := range in {
				tags[i] = tagOf(in[i].Key)
			}
			m.guess(tags[:len(in)], &guesses)
			for i := range in {
				if at, ok := m.findAt(in[i].Key, tags[i], guesses[i]); ok {
					m.values[at] = add(m.values[at], in[i].Value)
					continue
				}
				key, held := keepKey(&t.arena, in[i].Key)
				value, more := keepValue(&t.arena, create(in[i].Value))
				m.insert(key, tags[i])
				m.values = append(m.values, value)
				t.held += held + more + 12
			}
		}
		result := func() *keyed[K, C] {
			size.saw(len(m.values))
			if strung { // what add made may alias the fetch buffer
				for i := range m.values {
					m.values[i], _ = keepValue(&t.arena, m.values[i])
				}
			}
			return m
		}
		return func(in []Pair[K, V]) {
			t.at(n)
			inPieces(in, take)
		}, result
	}}
}

// inPieces hands over pieces of at most probing elements.
func inPieces[T any](in []T, take func([]T)) {
	for len(in) > probing {
		take(in[:probing])
		in = in[probing:]
	}
	take(in)
}

// mergeByKey merges partitions in their order; it changes none of them.
func mergeByKey[K comparable, C any](parts []*keyed[K, C], merge func(C, C) C) *keyed[K, C] {
	if len(parts) == 1 {
		return parts[0]
	}
	size := 0
	for _, p := range parts {
		size = max(size, len(p.values))
	}
	out := newKeyed[K, C](size)
	for _, p := range parts {
		for i := range p.values {
			if at, ok := out.find(p.keys[i], p.tags[i]); ok {
				out.values[at] = merge(out.values[at], p.values[i])
				continue
			}
			out.insert(p.keys[i], p.tags[i])
			out.values = append(out.values, p.values[i])
		}
	}
	return out
}
