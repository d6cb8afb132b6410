package streaming

import (
	"fmt"
	"time"
)

// Windowed is what a window in event time came to for one key: given out once, when the watermark has passed End.
type Windowed[K comparable, R any] struct {
	Key K
	// Start is the first moment of the window, End the first one behind it.
	Start, End time.Time
	Result     R
}

// String is "(key,[start,end),result)".
func (w Windowed[K, R]) String() string {
	const form = "2006-01-02T15:04:05.999Z07:00"
	return fmt.Sprintf("(%v,[%s,%s),%v)", w.Key, w.Start.UTC().Format(form), w.End.UTC().Format(form), w.Result)
}

// Aggregate says how the elements of a window become its result.
type Aggregate[T, A any] struct {
	// Zero makes what a window begins with; nil: A's zero value.
	Zero func() A
	// Add takes an element in, in the order of its partition.
	Add func(A, T) A
	// Merge joins what two partitions, or two sessions that have grown together, have; the earlier comes first.
	Merge func(A, A) A
}

// first is the aggregate of one element.
func (a Aggregate[T, A]) first(v T) A {
	var zero A
	if a.Zero != nil {
		zero = a.Zero()
	}
	return a.Add(zero, v)
}

// counter counts.
func counter[T any]() Aggregate[T, int64] {
	return Aggregate[T, int64]{Add: func(n int64, _ T) int64 { return n + 1 }, Merge: plus}
}

// pane is one window of one key; its start is in microseconds.
type pane[K comparable] struct {
	key   K
	start int64
}

// TumblingCount is Tumbling with the number of elements. Spark: groupBy over window(time, width), count.
func TumblingCount[T any, K comparable](e EventTimed[T], name string, key func(T) K, width time.Duration) Stream[Windowed[K, int64]] {
	return panes("tumblingCount", e, name, key, width, width, counter[T]())
}

// SlidingCount is Sliding with the number of elements. Spark: groupBy over window(time, width, slide), count.
func SlidingCount[T any, K comparable](e EventTimed[T], name string, key func(T) K, width, slide time.Duration) Stream[Windowed[K, int64]] {
	return panes("slidingCount", e, name, key, width, slide, counter[T]())
}

// Tumbling cuts event time into windows of the given width, counted from 1970, and gives one result a key and window that has elements,
// when the watermark has passed the window's end: the earliest end first, and among those in the order in which keys came. A batch costs a
// look-up and an Add an element, and what is given out; one value a key and open window is held, and saved under name. Spark: groupBy over
// window(time, width).
func Tumbling[T any, K comparable, A any](e EventTimed[T], name string, key func(T) K, width time.Duration, a Aggregate[T, A]) Stream[Windowed[K, A]] {
	return panes("tumbling", e, name, key, width, width, a)
}

// Sliding is Tumbling with a window of the given width beginning every slide: an element is in width/slide windows, at most 100,000, and
// costs as many look-ups. Spark: groupBy over window(time, width, slide).
func Sliding[T any, K comparable, A any](e EventTimed[T], name string, key func(T) K, width, slide time.Duration, a Aggregate[T, A]) Stream[Windowed[K, A]] {
	return panes("sliding", e, name, key, width, slide, a)
}

func panes[T any, K comparable, A any](op string, e EventTimed[T], name string, key func(T) K, width, slide time.Duration, a Aggregate[T, A]) Stream[Windowed[K, A]] {
	e.n = made(e.n, op)
	c := e.n.context
	keys, results, err := keyedCodecs[K, A](c)
	codecs := storeCodecs[pane[K], A]{paneCodec(keys), results}
	combine := paning[T, K, A]{e.spec, key, width.Microseconds(), slide.Microseconds(), a}
	n := typed[Windowed[K, A]](&node{inputs: []*node{e.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(combine.combiner())}}})
	n.wide.open = func() operator {
		w := &closing[T, K, A]{of: e.n, width: combine.width, merge: a.Merge, store: newStore(codecs, true)}
		w.memory = newMemory(n.wide.shape).with('k', w.store)
		return w
	}
	c.named(op, n, name, fmt.Sprintf("%s, %v every %v", codecs.name(), width, slide), err)
	n.needs(key == nil, "the key function").needs(a.Add == nil || a.Merge == nil, "the aggregate's Add or Merge")
	n.must(!wholeMicros(width) || !wholeMicros(slide), fmt.Sprintf("the width and the slide of a window must be at least 1µs, and whole microseconds, not %v and %v", width, slide))
	n.must(slide > 0 && width/slide > mostWindows, fmt.Sprintf("an element would be in %d windows, for the width is %v and the slide %v; at most %d are possible", width/max(slide, 1), width, slide, mostWindows))
	n.must(slide > width, fmt.Sprintf("the slide %v is longer than the width %v: elements between two windows would be lost", slide, width))
	return Stream[Windowed[K, A]]{n}
}

// wholeMicros tells whether a duration can be one of event time.
func wholeMicros(d time.Duration) bool { return d >= time.Microsecond && d%time.Microsecond == 0 }

// mostWindows is how many sliding windows an element can be in: each costs as much as a window of its own.
const mostWindows = 100_000

func paneCodec[K comparable](keys Codec[K]) Codec[pane[K]] {
	return twoParts("window", keys, integerCodec[int64](typeOf[int64]()),
		func(p pane[K]) (K, int64) { return p.key, p.start },
		func(key K, start int64) pane[K] { return pane[K]{key, start} })
}

// paning puts elements into windows.
type paning[T any, K comparable, A any] struct {
	spec         *eventSpec[T]
	key          func(T) K
	width, slide int64
	a            Aggregate[T, A]
}

// combiner keeps one A a key and window.
func (p paning[T, K, A]) combiner() combiner[T, *keyed[pane[K], A]] {
	byPane := combiningByKey[pane[K]](p.a.first, p.a.Add)
	return combiner[T, *keyed[pane[K], A]]{func(t *Task, n *node) (func([]T), func() *keyed[pane[K], A]) {
		push, result := byPane.open(t, n)
		var out []Pair[pane[K], T]
		return func(in []T) {
			t.at(n)
			out = out[:0]
			for i := range in {
				out = p.assign(in[i], out)
			}
			push(out)
		}, result
	}}
}

// assign lists the windows that an element is in, the earliest first.
func (p paning[T, K, A]) assign(v T, out []Pair[pane[K], T]) []Pair[pane[K], T] {
	at, key := p.spec.micros(v), p.key(v)
	last := floor(at, p.slide)
	start := last
	for start-p.slide+p.width > at {
		start -= p.slide
	}
	for ; start <= last; start += p.slide {
		out = append(out, Pair[pane[K], T]{pane[K]{key, start}, v})
	}
	return out
}

// floor is the last multiple of unit that is not behind at.
func floor(at, unit int64) int64 {
	over := at % unit
	if over < 0 {
		over += unit
	}
	return at - over
}

// closing is the operator of tumbling and sliding windows: it gives out those that the watermark has passed.
type closing[T any, K comparable, A any] struct {
	of     *node
	width  int64
	merge  func(A, A) A
	store  *store[pane[K], A]
	memory *memory
}

func (w *closing[T, K, A]) remembers() *memory { return w.memory }

func (w *closing[T, K, A]) run(b *run, _ *node, in []gathered) (any, error) {
	for _, part := range results[*keyed[pane[K], A]](in[0]) {
		for i := range part.values {
			w.add(part.keys[i], part.tags[i], part.values[i])
		}
	}
	out := []Windowed[K, A]{}
	for _, pos := range w.store.due(passed(b, w.of)) {
		p := w.store.key(pos)
		out = append(out, Windowed[K, A]{p.key, time.UnixMicro(p.start), time.UnixMicro(p.start + w.width), w.store.entries[pos].state})
		w.store.drop(pos)
	}
	return [][]Windowed[K, A]{out}, nil
}

func (w *closing[T, K, A]) add(p pane[K], tag uint32, value A) {
	pos := w.store.slot(p, tag)
	if e := w.store.note(pos); e.live {
		value = w.merge(e.state, value)
	}
	w.store.set(pos, value)
	w.store.dueAt(pos, endOf(p.start+w.width))
}

// endOf is a window's end as the time of a timer, where 0 means none: so it is odd.
func endOf(at int64) int64 { return 2*at + 1 }

// passed is the limit of the timers whose windows' ends the watermark has passed.
func passed(b *run, eventTime *node) int64 {
	mark := b.operators[eventTime].(interface{ watermark() int64 }).watermark()
	if mark == never {
		return never
	}
	return 2*mark + 2
}
