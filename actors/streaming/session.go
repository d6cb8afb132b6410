package streaming

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"
)

// SessionCount is Session with the number of elements. Spark: groupBy over session_window(time, gap), count.
func SessionCount[T any, K comparable](e EventTimed[T], name string, key func(T) K, gap time.Duration) Stream[Windowed[K, int64]] {
	return sessions("sessionCount", e, name, key, gap, counter[T]())
}

// Session is one result for each run of a key's elements in which no two neighbours are gap apart: it starts with the first element, ends
// gap after the last, and is given out once, when the watermark has passed that: the earliest end first. Sessions that an element between
// them joins become one. A batch costs the elements it brings, sorted by time and key, and what is given out; one value an open session is
// held, and saved under name. Spark: groupBy over session_window(time, gap).
func Session[T any, K comparable, A any](e EventTimed[T], name string, key func(T) K, gap time.Duration, a Aggregate[T, A]) Stream[Windowed[K, A]] {
	return sessions("session", e, name, key, gap, a)
}

// session is one run; its times are in microseconds.
type session[A any] struct {
	start, end int64
	value      A
}

// timedElement is an element with its time.
type timedElement[T any] struct {
	at int64
	v  T
}

func sessions[T any, K comparable, A any](op string, e EventTimed[T], name string, key func(T) K, gap time.Duration, a Aggregate[T, A]) Stream[Windowed[K, A]] {
	c := made(e.n, op).context
	keys, results, err := keyedCodecs[K, A](c)
	codecs := storeCodecs[K, []session[A]]{keys, sliceOf(sessionCodec(results))}
	n := typed[Windowed[K, A]](&node{inputs: []*node{e.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(byTime(e.spec, key))}}})
	n.wide.open = func() operator {
		s := &meeting[T, K, A]{of: e.n, gap: gap.Microseconds(), a: a, store: newStore(codecs, true)}
		s.store.fragile = sharesMemory[A]() // the lists themselves are never written again
		s.memory = newMemory(n.wide.shape).with('k', s.store)
		return s
	}
	c.named(op, n, name, codecs.name()+", "+gap.String(), err)
	n.needs(key == nil, "the key function").needs(a.Add == nil || a.Merge == nil, "the aggregate's Add or Merge")
	n.must(gap < time.Microsecond, "the gap between two sessions must be at least 1µs")
	return Stream[Windowed[K, A]]{n}
}

func sessionCodec[A any](values Codec[A]) Codec[session[A]] {
	return Codec[session[A]]{
		Name: values.Name,
		Encode: func(dst []byte, s session[A]) ([]byte, error) {
			dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(s.start)), uint64(s.end-s.start))
			return values.Encode(dst, s.value)
		},
		Decode: func(wire string) (s session[A], err error) {
			r := &reader{wire: wire}
			s.start = int64(r.number())
			s.end = s.start + int64(r.number())
			if r.err != nil {
				return s, r.err
			}
			s.value, err = values.Decode(r.wire)
			return s, err
		},
	}
}

// byTime keeps each key's elements with their times.
func byTime[T any, K comparable](spec *eventSpec[T], key func(T) K) combiner[T, *grouped[K, timedElement[T]]] {
	all := grouping[K, timedElement[T]]()
	return combiner[T, *grouped[K, timedElement[T]]]{func(t *Task, n *node) (func([]T), func() *grouped[K, timedElement[T]]) {
		push, result := all.open(t, n)
		var out []Pair[K, timedElement[T]]
		return func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				out = append(out, Pair[K, timedElement[T]]{key(in[i]), timedElement[T]{spec.at(in[i]).UnixMicro(), in[i]}})
			}
			push(out)
		}, result
	}}
}

// meeting is the operator of sessions.
type meeting[T any, K comparable, A any] struct {
	of     *node
	gap    int64
	a      Aggregate[T, A]
	store  *store[K, []session[A]]
	memory *memory
}

func (m *meeting[T, K, A]) remembers() *memory { return m.memory }

func (m *meeting[T, K, A]) run(b *run, _ *node, in []gathered) (any, error) {
	for _, part := range results[*grouped[K, timedElement[T]]](in[0]) {
		slots := slotsOf(m.store, part.keys, part.tags, nil)
		for i := range part.values {
			m.add(slots[part.keyOf(i)], part.values[i])
		}
	}
	limit, out := passed(b, m.of), []Windowed[K, A]{}
	for _, pos := range m.store.due(limit) {
		out = m.close(pos, limit, out)
	}
	slices.SortStableFunc(out, func(x, y Windowed[K, A]) int { return x.End.Compare(y.End) })
	return [][]Windowed[K, A]{out}, nil
}

// add puts an element into the sessions of its key: into those that it meets, which become one, or into one of its own.
func (m *meeting[T, K, A]) add(pos uint32, e timedElement[T]) {
	open := m.store.note(pos).state
	from, _ := slices.BinarySearchFunc(open, e.at, func(s session[A], at int64) int { return cmp.Compare(s.end, at+1) })
	until := from
	for until < len(open) && open[until].start < e.at+m.gap {
		until++
	}
	with := session[A]{start: e.at, end: e.at + m.gap}
	if from == until {
		with.value = m.a.first(e.v)
	} else {
		with.value = open[from].value
		for _, s := range open[from+1 : until] {
			with.value = m.a.Merge(with.value, s.value)
		}
		with.value = m.a.Add(with.value, e.v)
		with.start, with.end = min(with.start, open[from].start), max(with.end, open[until-1].end)
	}
	m.set(pos, slices.Concat(open[:from], []session[A]{with}, open[until:]))
}

// set keeps the open sessions of a key, which is looked at again when the first of them ends.
func (m *meeting[T, K, A]) set(pos uint32, open []session[A]) {
	if len(open) == 0 {
		m.store.drop(pos)
		return
	}
	m.store.set(pos, open)
	m.store.dueAt(pos, endOf(open[0].end))
}

// close gives out the sessions of a key that the watermark has passed.
func (m *meeting[T, K, A]) close(pos uint32, limit int64, out []Windowed[K, A]) []Windowed[K, A] {
	open := m.store.entries[pos].state
	over := 0
	for over < len(open) && endOf(open[over].end) < limit {
		s := open[over]
		out = append(out, Windowed[K, A]{m.store.key(pos), time.UnixMicro(s.start), time.UnixMicro(s.end), s.value})
		over++
	}
	m.set(pos, open[over:])
	return out
}
