package streaming

import "time"

// StateSpec says what MapWithState does. Spark: StateSpec.
type StateSpec[K comparable, V, S, U any] struct {
	// Function is called once for each record, in order, with the batch's time; what it returns, unless None, is an element of the
	// mapped stream. With a timeout it is called once more for a key that has been idle too long, with value None.
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
	c := p.n.context
	key, state, err := codecsOf[K, S](c)
	codecs := storeCodecs[K, S]{key, state}
	n := typed[U](&node{inputs: []*node{p.n}, wide: &wideSpec{combiners: []combinerSpec{grouping[K, V]().spec()}}})
	n.wide.initial = len(spec.Initial) > 0
	n.wide.open = func() operator {
		m := &mapping[K, V, S, U]{spec: spec, store: newStore(codecs, spec.Timeout > 0)}
		m.memory = newMemory(n.wide.shape).with('k', m.store).with('!', &m.started)
		return m
	}
	form := codecs.name()
	if spec.Timeout > 0 {
		form += ", timed"
	}
	c.named("mapWithState", n, name, form, err)
	n.needs(spec.Function == nil, "the function").must(spec.Timeout < 0, "the timeout is negative")
	return MappedStream[K, S, U]{Stream[U]{n}, snapshots[K, V, S, U](n)}
}

// StateSnapshots is the stream of all keys with their states after each batch, in the order in which the keys came. Unlike the mapped
// stream it costs what the store holds, in every batch; unused it costs nothing. Spark: stateSnapshots.
func (m MappedStream[K, S, U]) StateSnapshots() PairStream[K, S] {
	return PairStream[K, S]{m.snapshots}
}

// snapshots reads the memory of an operation that has run before it.
func snapshots[K comparable, V, S, U any](of *node) Stream[Pair[K, S]] {
	n := typed[Pair[K, S]](&node{inputs: []*node{of}, wide: &wideSpec{combiners: []combinerSpec{ignoring[U]().spec()}, beside: true}})
	n.wide.open = func() operator {
		return operatorFunc(func(b *run, _ *node, _ []gathered) (any, error) {
			return [][]Pair[K, S]{b.operators[of].(*mapping[K, V, S, U]).store.snapshot()}, nil
		})
	}
	return Stream[Pair[K, S]]{of.context.add("stateSnapshots", n)}
}

// snapshot is all keys with their states.
func (s *store[K, S]) snapshot() []Pair[K, S] {
	out := make([]Pair[K, S], 0, s.used)
	for pos := range s.entries {
		if e := &s.entries[pos]; e.live {
			out = append(out, Pair[K, S]{s.keys[pos], e.state})
		}
	}
	return out
}

// mapping is the operator of MapWithState.
type mapping[K comparable, V, S, U any] struct {
	spec    StateSpec[K, V, S, U]
	store   *store[K, S]
	started flag
	memory  *memory
	slots   []uint32
	hint    int
}

func (m *mapping[K, V, S, U]) remembers() *memory { return m.memory }

// run treats a missing dataset as an empty one, as Spark does.
func (m *mapping[K, V, S, U]) run(b *run, _ *node, in []gathered) (any, error) {
	due := b.time.Add(m.spec.Timeout).UnixMilli()
	if !m.started.is {
		m.begin(due)
	}
	out := make([]U, 0, m.hint)
	if !in[0].none {
		for _, p := range results[*grouped[K, V]](in[0]) {
			out = m.fold(b.time, due, p, out)
		}
	}
	if m.spec.Timeout > 0 {
		out = m.timeOut(b.time, out)
	}
	m.hint = len(out)
	return [][]U{out}, nil
}

func (m *mapping[K, V, S, U]) begin(due int64) {
	m.started.is = true
	for _, p := range m.spec.Initial {
		pos := m.store.slot(p.Key, tagOf(p.Key))
		m.store.set(pos, p.Value)
		if m.store.timed {
			m.store.dueAt(pos, due)
		}
	}
}

// fold calls the function for each record of a partition; each distinct key is looked up once.
func (m *mapping[K, V, S, U]) fold(now time.Time, due int64, p *grouped[K, V], out []U) []U {
	m.slots = slotsOf(m.store, p.table, m.slots[:0])
	var state KeyState[S]
	for i := range p.values {
		of := p.keyOf(i)
		pos := m.slots[of]
		e := &m.store.entries[pos]
		if m.store.fragile {
			m.store.note(pos)
		}
		state = KeyState[S]{value: e.state, exists: e.live}
		u, ok := m.spec.Function(now, p.keys[of], Some(p.values[i]), &state).Get()
		if ok {
			out = append(out, u)
		}
		m.write(pos, &state, due)
	}
	return out
}

// write takes over what the function did to the state.
func (m *mapping[K, V, S, U]) write(pos uint32, state *KeyState[S], due int64) {
	switch {
	case state.removed:
		m.store.drop(pos)
		return
	case state.updated:
		m.store.set(pos, state.value)
	}
	if m.store.timed && state.exists {
		m.store.dueAt(pos, due)
	}
}

// timeOut calls the function for each key that has been idle for longer than the timeout, and drops it.
func (m *mapping[K, V, S, U]) timeOut(now time.Time, out []U) []U {
	for _, pos := range m.store.due(now.UnixMilli()) {
		state := KeyState[S]{value: m.store.entries[pos].state, exists: true, timingOut: true}
		if u, ok := m.spec.Function(now, m.store.keys[pos], None[V](), &state).Get(); ok {
			out = append(out, u)
		}
		m.store.drop(pos)
	}
	return out
}
