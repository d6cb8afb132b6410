package streaming

import (
	"fmt"
	"time"
)

// StateSpec says what MapWithState does. Spark: StateSpec.
type StateSpec[K comparable, V, S, U any] struct {
	// Function is called once for each record, with the batch's time; what it returns, unless None, is an element of the mapped stream.
	// It gets the records of one key one after the other, in their order; for different keys it may run at the same time.
	// With a timeout it is called once more for a key that has been idle too long, with value None.
	Function func(t time.Time, key K, value Option[V], state *KeyState[S]) Option[U]
	// Timeout is how long a key may be idle; one that is idle for longer is timed out in the batch that finds it so. 0: for ever.
	// A record counts as activity also when Function does not update the state.
	Timeout time.Duration
	// Initial is the state before the first batch; after a restart the saved state counts instead.
	Initial []Pair[K, S]
}

// MappedStream is the stream of what MapWithState's function returned.
type MappedStream[K comparable, S, U any] struct {
	Stream[U]
	snapshots Stream[Pair[K, S]]
}

// MapWithState keeps a state for each key under name and maps every record with it: once a record, in the order of the partitions and
// within a partition in Kafka's order; then once for each key that times out, the longest idle first. A batch costs what it touches,
// whatever the number of keys. A state with pointers, maps or slices in it is better replaced than changed in place: it is encoded
// once more before each call, so that a batch that fails can be taken back. Spark: mapWithState.
func MapWithState[K comparable, V, S, U any](p PairStream[K, V], name string, spec StateSpec[K, V, S, U]) MappedStream[K, S, U] {
	p.n = made(p.n, "mapWithState")
	c := p.n.context
	key, state, err := keyedCodecs[K, S](c)
	codecs := storeCodecs[K, S]{key, state}
	n := typed[U](&node{inputs: []*node{p.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(sharding[K, V]())}}})
	n.wide.initial = len(spec.Initial) > 0
	n.wide.open = func() operator {
		m := &mapping[K, V, S, U]{spec: spec, shards: newKeyShards(codecs, spec.Timeout > 0)}
		m.memory = newMemory(n.wide.shape).with('k', m.shards).with('!', &m.started)
		return m
	}
	form := codecs.name()
	if spec.Timeout > 0 {
		form += ", timed"
	}
	c.named("mapWithState", n, name, form, err)
	n.needs(spec.Function == nil, "the function").must(spec.Timeout < 0, fmt.Sprintf("the timeout is negative: %v", spec.Timeout))
	return MappedStream[K, S, U]{Stream[U]{n}, snapshots[K, V, S, U](n)}
}

// StateSnapshots is the stream of all keys with their states after each batch, in the order in which the keys came. Unlike the mapped
// stream it costs what the store holds, in every batch; unused it costs nothing. Spark: stateSnapshots.
func (m MappedStream[K, S, U]) StateSnapshots() PairStream[K, S] {
	return PairStream[K, S]{m.snapshots}
}

// snapshots reads the memory of an operation that has run before it.
func snapshots[K comparable, V, S, U any](of *node) Stream[Pair[K, S]] {
	n := typed[Pair[K, S]](&node{inputs: []*node{of}, wide: &wideSpec{combiners: []combinerSpec{specOf(ignoring[U]())}, beside: true}})
	n.wide.open = func() operator {
		return operatorFunc(func(b *run, _ *node, _ []gathered) (any, error) {
			return [][]Pair[K, S]{b.operators[of].(*mapping[K, V, S, U]).shards.snapshot()}, nil
		})
	}
	return Stream[Pair[K, S]]{of.context.add("stateSnapshots", n)}
}

// snapshot is all keys with their states.
func (h *keyShards[K, S]) snapshot() []Pair[K, S] {
	var all [shardCount]placed[Pair[K, S]]
	for i, s := range h.stores {
		for pos := range s.entries {
			if e := &s.entries[pos]; e.live {
				all[i].add(uint32(pos), Pair[K, S]{s.key(uint32(pos)), e.state})
			}
		}
	}
	return woven(h, &all)
}

// mapping is the operator of MapWithState.
type mapping[K comparable, V, S, U any] struct {
	spec    StateSpec[K, V, S, U]
	shards  *keyShards[K, S]
	started flag
	memory  *memory
}

func (m *mapping[K, V, S, U]) remembers() *memory { return m.memory }

// run treats a missing dataset as an empty one, as Spark does.
func (m *mapping[K, V, S, U]) run(b *run, n *node, in []gathered) (any, error) {
	due := b.time.Add(m.spec.Timeout).UnixMilli()
	if !m.started.is {
		m.begin(due)
	}
	parts, order, values := shardedIn[K, V](in[0])
	var all [shardCount]mapped[U]
	var firsts [shardCount][]uint32
	err := m.shards.each(n, values, func(shard int, s *store[K, S]) {
		all[shard], firsts[shard] = m.fold(b.time, due, shard, s, parts)
		if b.program.context.saved {
			s.encodeEarly('k', func(note int) K {
				at := s.origins[note]
				return parts[at.part].piles[shard].keys.at(at.key)
			})
		}
	})
	if err != nil {
		return nil, err
	}
	m.shards.numberNew(order, &firsts)
	out := inOrder(order, &all)
	if m.spec.Timeout > 0 {
		out = m.timeOut(b.time, out)
	}
	return [][]U{out}, nil
}

func (m *mapping[K, V, S, U]) begin(due int64) {
	m.started.is = true
	for _, p := range m.spec.Initial {
		m.shards.initially(p.Key, p.Value, due)
	}
}

// mapped is what the function returned for the values of one shard. some tells for each whether it was something; nil: it was for all
// of them, or for none.
type mapped[U any] struct {
	some []bool
	all  []U
}

// add takes what was returned for value at, of size.
func (m *mapped[U]) add(u Option[U], at, size int) {
	if m.some == nil && at > 0 && u.ok != (len(m.all) > 0) {
		m.some = make([]bool, size)
		for i := range m.all {
			m.some[i] = true
		}
	}
	if !u.ok {
		return
	}
	if m.all == nil {
		m.all = make([]U, 0, size-at)
	}
	if m.all = append(m.all, u.value); m.some != nil {
		m.some[at] = true
	}
}

// inOrder brings what was returned into the order of the records.
func inOrder[U any](orders [][]uint8, of *[shardCount]mapped[U]) []U {
	size := 0
	for i := range of {
		size += len(of[i].all)
	}
	out := make([]U, 0, size)
	if size == 0 {
		return out
	}
	var value, next [shardCount]uint32
	for _, order := range orders {
		for _, shard := range order {
			shard &= shardCount - 1
			if m := &of[shard]; len(m.all) > 0 && (m.some == nil || m.some[value[shard]]) {
				out = append(out, m.all[next[shard]])
				next[shard]++
			}
			value[shard]++
		}
	}
	return out
}

// fold calls the function for each record of a shard; each distinct key of a partition is looked up once. It also tells which values
// were the first of a new key.
func (m *mapping[K, V, S, U]) fold(now time.Time, due int64, shard int, s *store[K, S], parts []*sharded[K, V]) (out mapped[U], firsts []uint32) {
	size := 0
	for _, p := range parts {
		size += len(p.piles[shard].values)
	}
	known, at := uint32(len(s.entries)), 0
	var state KeyState[S]
	s.origins = s.origins[:0]
	for part := range parts {
		p := &parts[part].piles[shard]
		s.slots = s.listed(&p.keys, p.tags, s.slots[:0])
		for i, of := range p.of {
			pos := s.slots[of]
			if pos == known {
				firsts = append(firsts, uint32(at))
				known++
			}
			e, noted := &s.entries[pos], len(s.notes)
			if s.fragile {
				s.note(pos)
			}
			state = KeyState[S]{value: e.state, exists: e.live}
			out.add(m.spec.Function(now, p.keys.at(of), Some(p.values[i]), &state), at, size)
			if s.apply(pos, &state, due); len(s.notes) > noted {
				s.origins = append(s.origins, origin{uint32(part), of})
			}
			at++
		}
	}
	return out, firsts
}

// apply takes over what the function did to the state.
func (s *store[K, S]) apply(pos uint32, state *KeyState[S], due int64) {
	switch {
	case state.removed:
		s.drop(pos)
		return
	case state.updated:
		s.set(pos, state.value)
	}
	if s.timed && state.exists {
		s.dueAt(pos, due)
	}
}

// timeOut calls the function for each key that has been idle for longer than the timeout, and drops it.
func (m *mapping[K, V, S, U]) timeOut(now time.Time, out []U) []U {
	for _, d := range m.shards.due(now.UnixMilli()) {
		state := KeyState[S]{value: d.in.entries[d.pos].state, exists: true, timingOut: true}
		if u, ok := m.spec.Function(now, d.in.key(d.pos), None[V](), &state).Get(); ok {
			out = append(out, u)
		}
		d.in.drop(d.pos)
	}
	return out
}
