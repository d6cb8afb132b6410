package streaming

import (
	"slices"
	"time"
)

// A StateOption sets up state by key.
type StateOption[K comparable, S any] func(*stateOptions[K, S])

type stateOptions[K comparable, S any] struct{ initial []Pair[K, S] }

// InitialState is what keys have before the first batch; after a restart the saved state counts instead. Spark: initialRDD.
func InitialState[K comparable, S any](pairs ...Pair[K, S]) StateOption[K, S] {
	return func(o *stateOptions[K, S]) { o.initial = append(o.initial, pairs...) }
}

// UpdateStateByKey keeps a state for each key under name, and is the stream of all keys with their states, in the order in which the
// keys came. In every batch f is called for every known key, with the batch's values in their order (none for an idle key) and the
// state so far; None drops the key. The cost of a batch grows with the number of keys: MapWithState's does not.
// f must not keep or change the slice, and returns a new state instead of changing the old one. Spark: updateStateByKey.
func UpdateStateByKey[K comparable, V, S any](p PairStream[K, V], name string, f func(values []V, state Option[S]) Option[S], opts ...StateOption[K, S]) PairStream[K, S] {
	if f == nil {
		return UpdateStateByKeyAt[K, V, S](p, name, nil, opts...)
	}
	return UpdateStateByKeyAt(p, name, func(_ time.Time, _ K, values []V, state Option[S]) Option[S] { return f(values, state) }, opts...)
}

// UpdateStateByKeyAt is UpdateStateByKey for a function that also gets the batch's time and the key.
func UpdateStateByKeyAt[K comparable, V, S any](p PairStream[K, V], name string, f func(t time.Time, key K, values []V, state Option[S]) Option[S], opts ...StateOption[K, S]) PairStream[K, S] {
	var o stateOptions[K, S]
	for _, set := range opts {
		set(&o)
	}
	c := p.n.context
	key, state, err := codecsOf[K, S](c)
	codecs := storeCodecs[K, S]{key, state}
	n := typed[Pair[K, S]](&node{inputs: []*node{p.n}, wide: &wideSpec{combiners: []combinerSpec{grouping[K, V]().spec()}}})
	n.wide.initial = len(o.initial) > 0
	n.wide.open = func() operator {
		u := &updating[K, V, S]{f: f, initial: o.initial, store: newStore(codecs, false), same: sameness[S]()}
		u.memory = newMemory(n.wide.shape).with('k', u.store).with('!', &u.started)
		return u
	}
	c.named("updateStateByKey", n, name, codecs.name(), err)
	return PairStream[K, S]{Stream[Pair[K, S]]{n.needs(f == nil, "the function")}}
}

// updating is the operator of UpdateStateByKey.
type updating[K comparable, V, S any] struct {
	f       func(time.Time, K, []V, Option[S]) Option[S]
	initial []Pair[K, S]
	store   *store[K, S]
	started flag
	memory  *memory
	same    func(a, b S) bool
	starts  []uint32
}

func (u *updating[K, V, S]) remembers() *memory { return u.memory }

// run treats a missing dataset as Spark does: before the first dataset there is no state, and afterwards all keys are idle.
func (u *updating[K, V, S]) run(b *run, _ *node, in []gathered) (any, error) {
	if in[0].none && !u.started.is {
		return nil, nil
	}
	if !u.started.is {
		u.begin()
	}
	var parts []*grouped[K, V]
	if !in[0].none {
		parts = results[*grouped[K, V]](in[0])
	}
	values := u.arrange(parts)
	out := make([]Pair[K, S], 0, len(u.store.entries))
	for pos := range u.store.entries {
		from, until := u.starts[pos], u.starts[pos+1]
		if !u.store.entries[pos].live && from == until {
			continue
		}
		if s, ok := u.update(b.time, uint32(pos), values[from:until:until]); ok {
			out = append(out, Pair[K, S]{u.store.keys[pos], s})
		}
	}
	return [][]Pair[K, S]{out}, nil
}

func (u *updating[K, V, S]) begin() {
	u.started.is = true
	for _, p := range u.initial {
		u.store.set(u.store.slot(p.Key, tagOf(p.Key)), p.Value)
	}
}

// arrange puts the values of each key side by side, in the order of the partitions: those of the key at pos are
// values[starts[pos]:starts[pos+1]].
func (u *updating[K, V, S]) arrange(parts []*grouped[K, V]) []V {
	slots, total := make([][]uint32, len(parts)), 0
	for i, p := range parts {
		slots[i] = slotsOf(u.store, p.table, make([]uint32, 0, len(p.keys)))
		total += len(p.values)
	}
	u.starts = slices.Grow(u.starts[:0], len(u.store.entries)+2)[:len(u.store.entries)+2]
	clear(u.starts)
	for i, p := range parts {
		for j := range p.values {
			u.starts[slots[i][p.keyOf(j)]+2]++
		}
	}
	for i := 2; i < len(u.starts); i++ {
		u.starts[i] += u.starts[i-1]
	}
	values := make([]V, total)
	for i, p := range parts {
		for j := range p.values {
			at := &u.starts[slots[i][p.keyOf(j)]+1]
			values[*at] = p.values[j]
			*at++
		}
	}
	return values
}

func (u *updating[K, V, S]) update(now time.Time, pos uint32, values []V) (S, bool) {
	e := &u.store.entries[pos]
	if u.store.fragile {
		u.store.note(pos)
	}
	was := Option[S]{e.state, e.live}
	s, ok := u.f(now, u.store.keys[pos], values, was).Get()
	switch {
	case !ok:
		u.store.drop(pos)
	case !was.ok || u.same == nil || !u.same(was.value, s):
		u.store.set(pos, s)
	}
	return s, ok
}
