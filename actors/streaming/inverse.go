package streaming

import (
	"encoding/binary"
	"fmt"
	"time"
)

// inverted registers n as a window by key whose previous result is carried on. Its combiner makes a keyed value of each partition; give
// makes the dataset of what the window holds, and alone knows the elements' type: there is less to compile for each of them.
func inverted[K comparable, V any](n *node, op string, w inverting[K, V], with windowCodecs[K, V], give func(*inverting[K, V]) any) {
	from := n.inputs[0]
	n.slide, n.width, w.give = w.slide, w.width, give
	codecs := storeCodecs[K, carried[V]]{with.key, carriedCodec(with.value)}
	n.wide.open = func() operator {
		i := w
		i.history = newHistory(keyedCodec(sliceOf(pairCodec(with.key, with.value))), keyedWeigher[K, V]())
		i.store = newStore(codecs, false)
		i.memory = newMemory(n.wide.shape).with('t', i.history).with('k', i.store).with('p', &i.previous)
		return &i
	}
	from.context.unnamed(op, fmt.Sprintf("(%v,%v)", w.width, w.slide), n, codecs.name(), with.err)
	n.needs(w.reduce == nil, "the reduce function").needs(w.inverse == nil, "the inverse function")
	n.checkWindow(reducedWindowedStream, from.slide, w.width, w.slide)
}

// windowCodecs are how the keys and values of a window are saved; err says why they are not.
type windowCodecs[K comparable, V any] struct {
	key   Codec[K]
	value Codec[V]
	err   error
}

func windowCodecsFor[K comparable, V any](c *Context) windowCodecs[K, V] {
	key, value, err := keyedCodecs[K, V](c)
	return windowCodecs[K, V]{key, value, err}
}

// carried is the value of a key in the last window, with the number of datasets in the window that have the key.
type carried[V any] struct {
	value V
	live  int
}

//go:noinline
func carriedCodec[V any](v Codec[V]) Codec[carried[V]] {
	return Codec[carried[V]]{
		Name: v.Name,
		Encode: func(dst []byte, c carried[V]) ([]byte, error) {
			return v.Encode(binary.AppendUvarint(dst, uint64(c.live)), c.value)
		},
		Decode: func(wire string) (c carried[V], err error) {
			r := &reader{wire: wire}
			c.live = int(r.number())
			if r.err != nil {
				return c, r.err
			}
			c.value, err = v.Decode(r.wire)
			return c, err
		},
	}
}

//go:noinline
func keyedCodec[K comparable, V any](pairs Codec[[]Pair[K, V]]) Codec[*keyed[K, V]] {
	return Codec[*keyed[K, V]]{
		Name:   pairs.Name,
		Encode: func(dst []byte, m *keyed[K, V]) ([]byte, error) { return pairs.Encode(dst, m.pairs()) },
		Decode: func(wire string) (*keyed[K, V], error) {
			all, err := pairs.Decode(wire)
			m := newKeyed[K, V](len(all))
			for _, p := range all {
				m.set(p.Key, tagOf(p.Key), p.Value)
			}
			return m, err
		},
	}
}

//go:noinline
func keyedWeigher[K comparable, V any]() func(*keyed[K, V]) int64 {
	key, value := weigher[K](), weigher[V]()
	return func(m *keyed[K, V]) (sum int64) {
		for i := range m.values {
			sum += key(m.keys[i]) + value(m.values[i]) + 16
		}
		return sum
	}
}

// inverting is the operator of a window by key that carries its result on.
type inverting[K comparable, V any] struct {
	reduce, inverse func(V, V) V
	keep            func(K, V) bool
	width, slide    time.Duration
	history         *history
	store           *store[K, carried[V]]
	// previous is the end of the window that store holds. It is a slide ago, but for a batch behind a pause: then it is longer ago.
	previous moment
	memory   *memory
	give     func(*inverting[K, V]) any
}

func (i *inverting[K, V]) remembers() *memory { return i.memory }

func (i *inverting[K, V]) run(b *run, n *node, in []gathered) (any, error) {
	if !in[0].none {
		i.history.add(b.time, mergeByKey(results[*keyed[K, V]](in[0]), i.reduce))
	}
	if !b.fires(n) {
		i.forget(b.next(n).Add(-i.width))
		return nil, nil
	}
	begin := b.time.Add(-i.width)
	from := begin
	if previous, ok := i.previous.get(); ok && b.time.Before(previous) {
		return i.give(i.late(begin, b.time, previous)), nil
	} else if ok {
		i.leave(datasets[*keyed[K, V]](i.history.between(previous.Add(-i.width), earlier(begin, previous))))
		from = later(begin, previous)
	}
	i.enter(datasets[*keyed[K, V]](i.history.between(from, b.time)))
	i.previous.set(b.time)
	i.forget(begin)
	return i.give(i), nil
}

// late is the window of a batch that is run behind a later one, since it failed before: it is made anew, and what came with the batch
// enters the window that store holds.
func (i *inverting[K, V]) late(begin, end, previous time.Time) *inverting[K, V] {
	i.enter(datasets[*keyed[K, V]](i.history.between(later(previous.Add(-i.width), end.Add(-time.Millisecond)), end)))
	anew := *i
	anew.store = newStore(i.store.codecs, false)
	anew.store.begin()
	anew.enter(datasets[*keyed[K, V]](i.history.between(begin, end)))
	return &anew
}

// forget drops what neither the next window nor the one that store holds has.
func (i *inverting[K, V]) forget(until time.Time) {
	if previous, ok := i.previous.get(); ok {
		until = earlier(until, previous.Add(-i.width))
	}
	i.history.forget(until)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// leave takes back what was in the previous window and is not in this one: one inverse a key.
func (i *inverting[K, V]) leave(steps []*keyed[K, V]) {
	i.reduced(steps, func(pos uint32, v V, times int) {
		c := i.store.entries[pos].state
		if i.store.entries[pos].live {
			i.store.set(pos, carried[V]{i.inverse(c.value, v), c.live - times})
		}
	})
}

// enter adds what is in this window and was not in the previous one: one reduce a key.
func (i *inverting[K, V]) enter(steps []*keyed[K, V]) {
	i.reduced(steps, func(pos uint32, v V, times int) {
		if c := i.store.entries[pos]; c.live {
			i.store.set(pos, carried[V]{i.reduce(c.state.value, v), c.state.live + times})
			return
		}
		i.store.set(pos, carried[V]{v, times})
	})
}

// reduced calls f for each key of the datasets, with the reduction of its values and the number of datasets that have it.
func (i *inverting[K, V]) reduced(steps []*keyed[K, V], f func(pos uint32, v V, times int)) {
	if len(steps) == 0 {
		return
	}
	all, times := mergeByKey(steps, i.reduce), 1
	var counts *keyed[K, int]
	if len(steps) > 1 {
		counts = timesOf(steps)
	}
	for at := range all.values {
		if counts != nil {
			times = counts.values[at]
		}
		f(i.store.slot(all.keys[at], all.tags[at]), all.values[at], times)
	}
}

// timesOf counts in how many datasets each key is, in the order of mergeByKey.
func timesOf[K comparable, V any](steps []*keyed[K, V]) *keyed[K, int] {
	ones := make([]*keyed[K, int], len(steps))
	for i, s := range steps {
		ones[i] = &keyed[K, int]{table: s.table, values: make([]int, len(s.values))}
		for j := range ones[i].values {
			ones[i].values[j] = 1
		}
	}
	return mergeByKey(ones, func(a, b int) int { return a + b })
}

// pairsOf is what the window gives out by key; keys that are refused and have no value in the window are forgotten.
func pairsOf[K comparable, V any](i *inverting[K, V]) any {
	out := make([]Pair[K, V], 0, i.store.used)
	for pos := range i.store.entries {
		e := &i.store.entries[pos]
		if !e.live {
			continue
		}
		if i.keep == nil || i.keep(i.store.key(uint32(pos)), e.state.value) {
			out = append(out, Pair[K, V]{i.store.key(uint32(pos)), e.state.value})
		} else if e.state.live <= 0 {
			i.store.drop(uint32(pos))
		}
	}
	return [][]Pair[K, V]{out}
}
