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
// f must not keep or change the slice, and returns a new state instead of changing the old one; for different keys it may run at the
// same time. Spark: updateStateByKey.
func UpdateStateByKey[K comparable, V, S any](p PairStream[K, V], name string, f func(values []V, state Option[S]) Option[S], opts ...StateOption[K, S]) PairStream[K, S] {
	if f == nil {
		return UpdateStateByKeyAt[K, V, S](p, name, nil, opts...)
	}
	return UpdateStateByKeyAt(p, name, func(_ time.Time, _ K, values []V, state Option[S]) Option[S] { return f(values, state) }, opts...)
}

// UpdateStateByKeyAt is UpdateStateByKey for a function that also gets the batch's time and the key. Spark: updateStateByKey with a
// function of (Time, K, Seq[V], Option[S]).
func UpdateStateByKeyAt[K comparable, V, S any](p PairStream[K, V], name string, f func(t time.Time, key K, values []V, state Option[S]) Option[S], opts ...StateOption[K, S]) PairStream[K, S] {
	var o stateOptions[K, S]
	for _, set := range opts {
		if set != nil {
			set(&o)
		}
	}
	p.n = made(p.n, "updateStateByKey")
	c := p.n.context
	key, state, err := keyedCodecs[K, S](c)
	codecs := storeCodecs[K, S]{key, state}
	n := typed[Pair[K, S]](&node{inputs: []*node{p.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(sharding[K, V]())}}})
	n.wide.initial = len(o.initial) > 0
	n.wide.open = func() operator {
		u := &updating[K, V, S]{f: f, initial: o.initial, shards: newKeyShards(codecs, false), same: sameness[S]()}
		u.memory = newMemory(n.wide.shape).with('k', u.shards).with('!', &u.started)
		return u
	}
	c.named("updateStateByKey", n, name, codecs.name(), err)
	n.needs(f == nil, "the function").needs(slices.ContainsFunc(opts, func(o StateOption[K, S]) bool { return o == nil }), "an option")
	return PairStream[K, S]{Stream[Pair[K, S]]{n}}
}

// updating is the operator of UpdateStateByKey.
type updating[K comparable, V, S any] struct {
	f       func(time.Time, K, []V, Option[S]) Option[S]
	initial []Pair[K, S]
	shards  *keyShards[K, S]
	started flag
	memory  *memory
	same    func(a, b S) bool
}

func (u *updating[K, V, S]) remembers() *memory { return u.memory }

// run treats a missing dataset as Spark does: before the first dataset there is no state, and afterwards all keys are idle.
func (u *updating[K, V, S]) run(b *run, n *node, in []gathered) (any, error) {
	if in[0].none && !u.started.is {
		return nil, nil
	}
	if !u.started.is {
		u.begin()
	}
	parts, order, values := shardedIn[K, V](in[0])
	var all [shardCount]placed[Pair[K, S]]
	var firsts [shardCount][]uint32
	err := u.shards.each(n, values+len(u.shards.order), func(shard int, s *store[K, S]) {
		var of arranged[V]
		of, firsts[shard] = arrange(shard, s, parts)
		all[shard] = u.update(b.time, s, of)
	})
	if err != nil {
		return nil, err
	}
	u.shards.numberNew(order, &firsts)
	return [][]Pair[K, S]{woven(u.shards, &all)}, nil
}

func (u *updating[K, V, S]) begin() {
	u.started.is = true
	for _, p := range u.initial {
		u.shards.initially(p.Key, p.Value, 0)
	}
}

// arranged are the values of each key of a store side by side, in the order of the partitions: those of the key at pos are
// values[starts[pos]:starts[pos+1]].
type arranged[V any] struct {
	values []V
	starts []uint32
}

// arrange also tells which values, in the order in which they came, were the first of a new key.
func arrange[K comparable, V, S any](shard int, s *store[K, S], parts []*sharded[K, V]) (out arranged[V], firsts []uint32) {
	known, total := uint32(len(s.entries)), 0
	slots, begin := s.slots[:0], make([]uint32, len(parts))
	for i, p := range parts {
		p := &p.piles[shard]
		begin[i] = uint32(len(slots))
		slots = s.listed(&p.keys, p.tags, slots)
		total += len(p.values)
	}
	s.slots = slots
	starts, at := make([]uint32, len(s.entries)+2), uint32(0)
	for i, p := range parts {
		for _, of := range p.piles[shard].of {
			pos := slots[begin[i]+of]
			if pos == known {
				firsts = append(firsts, at)
				known++
			}
			starts[pos+2]++
			at++
		}
	}
	for i := 2; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	values := make([]V, total)
	for i, p := range parts {
		p := &p.piles[shard]
		for j, of := range p.of {
			at := &starts[slots[begin[i]+of]+1]
			values[*at] = p.values[j]
			*at++
		}
	}
	return arranged[V]{values, starts}, firsts
}

// update calls the function for each key of a store.
func (u *updating[K, V, S]) update(now time.Time, s *store[K, S], of arranged[V]) (out placed[Pair[K, S]]) {
	out.at, out.values = make([]uint32, 0, len(s.entries)), make([]Pair[K, S], 0, len(s.entries))
	for pos := range s.entries {
		from, until := of.starts[pos], of.starts[pos+1]
		if !s.entries[pos].live && from == until {
			continue
		}
		if state, ok := u.updateKey(now, s, uint32(pos), of.values[from:until:until]); ok {
			out.add(uint32(pos), Pair[K, S]{s.key(uint32(pos)), state})
		}
	}
	return out
}

func (u *updating[K, V, S]) updateKey(now time.Time, in *store[K, S], pos uint32, values []V) (S, bool) {
	e := &in.entries[pos]
	if in.fragile {
		in.note(pos)
	}
	was := Option[S]{e.state, e.live}
	s, ok := u.f(now, in.key(pos), values, was).Get()
	switch {
	case !ok:
		in.drop(pos)
	case !was.ok || u.same == nil || !u.same(was.value, s):
		in.set(pos, s)
	}
	return s, ok
}
