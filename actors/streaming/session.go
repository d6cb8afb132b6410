package streaming

import (
	"encoding/binary"
	"fmt"
	"time"
)

// SessionCount is Session with the number of elements. Spark: groupBy over session_window(time, gap), count.
func SessionCount[T any, K comparable](e EventTimed[T], name string, key func(T) K, gap time.Duration) Stream[Windowed[K, int64]] {
	return sessions("sessionCount", e, name, key, gap, counter[T]())
}

// Session is one result for each run of a key's elements in which no two neighbours are gap apart: it starts with the first element, ends
// gap after the last, and is given out once, when the watermark has passed that: the earliest end first, and among those in the order in
// which they were opened. Sessions that an element between them joins become one. A batch's elements are held; beside that it costs a look-up
// and an Add an element, and what is given out. One value an open session is held, and saved under name. Spark: groupBy over
// session_window(time, gap).
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
	e.n = made(e.n, op)
	c := e.n.context
	keys, results, err := keyedCodecs[K, A](c)
	codecs := storeCodecs[pane[K], session[A]]{paneCodec(keys), sessionCodec(results)}
	n := typed[Windowed[K, A]](&node{inputs: []*node{e.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(byTime(e.spec, key))}}})
	n.wide.open = func() operator {
		s := &meeting[T, K, A]{of: e.n, gap: gap.Microseconds(), a: a, open: &openSessions[K, A]{store: newStore(codecs, true)}}
		s.memory = newMemory(n.wide.shape).with('k', s.open)
		return s
	}
	c.named(op, n, name, codecs.name()+", "+gap.String(), err)
	n.needs(key == nil, "the key function").needs(a.Add == nil || a.Merge == nil, "the aggregate's Add or Merge")
	n.must(!wholeMicros(gap), fmt.Sprintf("the gap between two sessions must be at least 1µs, and whole microseconds, not %v", gap))
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
				out = append(out, Pair[K, timedElement[T]]{key(in[i]), timedElement[T]{spec.micros(in[i]), in[i]}})
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
	open   *openSessions[K, A]
	memory *memory
}

func (m *meeting[T, K, A]) remembers() *memory { return m.memory }

func (m *meeting[T, K, A]) run(b *run, _ *node, in []gathered) (any, error) {
	for _, part := range results[*grouped[K, timedElement[T]]](in[0]) {
		rows := make([]*row, len(part.keys))
		for i, k := range part.keys {
			rows[i] = m.open.of(k)
		}
		for i := range part.values {
			at := part.keyOf(i)
			m.add(part.keys[at], rows[at], part.values[i])
		}
	}
	out := []Windowed[K, A]{}
	for _, pos := range m.open.due(passed(b, m.of)) {
		k, s := m.open.close(pos)
		out = append(out, Windowed[K, A]{k, time.UnixMicro(s.start), time.UnixMicro(s.end), s.value})
	}
	return [][]Windowed[K, A]{out}, nil
}

// add puts an element into the sessions of its key: into those that it meets, which become one, or into one of its own.
func (m *meeting[T, K, A]) add(k K, r *row, e timedElement[T]) {
	at, until := r.find(e.at), e.at+m.gap
	s, ok := r.get(at)
	if !ok || s.start >= until {
		s = span{start: e.at, end: until, opened: e.at}
		m.open.put(k, s, m.a.first(e.v))
		r.insert(at, s)
		return
	}
	value := m.open.value(k, s)
	s.start, s.end = min(s.start, e.at), max(s.end, until)
	for {
		behind := r.next(at)
		other, ok := r.get(behind)
		if !ok || other.start >= until {
			break
		}
		value = m.a.Merge(value, m.open.take(k, other))
		s.end = max(s.end, other.end)
		r.remove(behind)
	}
	m.open.put(k, s, m.a.Add(value, e.v))
	r.set(at, s)
}
