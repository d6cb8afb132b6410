package streaming

import (
	"fmt"
	"math"
	"time"
)

// EventTimed is a stream whose elements carry the time at which they happened: the ground of the windows in event time.
//
// The watermark is the time before which nothing more is expected: the least, over the partitions, of the latest event time seen, less
// the allowed lateness. It never goes back. A partition without an element for a while has no say in it (IdleAfter). An element that
// is older than the watermark was when its batch began is late: it is in no window, and in the stream Late. With exchange: partition,
// which keeps what is open by partition, each partition has its own watermark.
type EventTimed[T any] struct {
	n    *node
	late *node
	spec *eventSpec[T]
}

type eventSpec[T any] struct {
	at       func(T) time.Time
	lateness time.Duration
	idle     time.Duration
	place    string
}

// Event times are computed with in microseconds; between these years there is room for any width behind them.
var (
	earliest = time.Date(-100_000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	latest   = time.Date(100_000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

// micros is when an element happened.
func (s *eventSpec[T]) micros(v T) int64 {
	at := s.at(v)
	if seconds := at.Unix(); seconds < earliest || seconds >= latest {
		panic(abort{&OpError{Op: "withEventTime", Place: s.place, Err: fmt.Errorf("the event time is in the year %d; it must be between the years -100000 and 100000", at.Year())}})
	}
	return at.UnixMicro()
}

// idleAfter is for how long a silent partition holds the watermark back, unless IdleAfter says otherwise.
const idleAfter = 30 * time.Second

// WithEventTime tells when each element of s happened, and by how much it may come too late. The order stays. The stream's elements are
// held for the batch, and at is called for each, once here and once by every window. It is no operation of Spark's DStreams; Structured
// Streaming has withWatermark.
func WithEventTime[T any](s Stream[T], at func(T) time.Time, allowedLateness time.Duration) EventTimed[T] {
	s.n = made(s.n, "withEventTime")
	c := s.n.context
	spec := &eventSpec[T]{at: at, lateness: allowedLateness, idle: idleAfter}
	n := typed[T](&node{inputs: []*node{s.n}, wide: &wideSpec{combiners: []combinerSpec{specOf(collecting[T]())}}})
	n.wide.open = func() operator { return newClocking(n, spec) }
	c.unnamed("withEventTime", "", n, markCodec.Name, nil)
	spec.place = n.place
	n.needs(at == nil, "the function").must(allowedLateness < 0, fmt.Sprintf("the allowed lateness is negative: %v", allowedLateness))
	late := typed[T](&node{inputs: []*node{n}, wide: &wideSpec{combiners: []combinerSpec{specOf(ignoring[T]())}, beside: true}})
	late.wide.open = func() operator {
		return operatorFunc(func(b *run, _ *node, in []gathered) (any, error) {
			if in[0].none {
				return nil, nil
			}
			return b.operators[n].(*clocking[T]).late, nil
		})
	}
	c.add("late", late)
	return EventTimed[T]{n: n, late: late, spec: spec}
}

// Late is the stream of the elements that came too late, in order; its Count counts them. It costs nothing by itself. Spark drops them.
func (e EventTimed[T]) Late() Stream[T] { return Stream[T]{e.late} }

// OnTime is the stream of the elements that did not come too late, in order. It costs nothing by itself. Spark: what withWatermark lets
// through.
func (e EventTimed[T]) OnTime() Stream[T] { return Stream[T]{e.n} }

// IdleAfter sets for how long, in batch time, a partition without an element holds the watermark back; default 30 seconds. A shorter
// time gives results earlier where partitions fall silent, and makes more late where one of them only is slow. Spark, whose watermark is the
// greatest over all partitions, has no such setting.
func (e EventTimed[T]) IdleAfter(d time.Duration) EventTimed[T] {
	const op = "idleAfter"
	c := made(e.n, op).context
	c.mu.Lock()
	defer c.mu.Unlock()
	n := &node{op: op, place: place(), context: c}
	switch {
	case c.absent != nil: // that is told
	case c.state != Initialized:
		c.tooLate(n)
	case d <= 0:
		c.mistakeLocked(n, fmt.Sprintf("the time after which a partition is idle must be positive, not %v", d))
	default:
		e.spec.idle = d
	}
	return e
}

// never is a watermark before all times.
const never = math.MinInt64

// clocking is the operator of WithEventTime: it parts what is on time from what is late, and moves the watermark.
type clocking[T any] struct {
	spec   *eventSpec[T]
	marks  *store[string, mark]
	memory *memory
	late   [][]T
	now    int64 // the watermark after this batch
}

func newClocking[T any](n *node, spec *eventSpec[T]) *clocking[T] {
	c := &clocking[T]{spec: spec, marks: newStore(storeCodecs[string, mark]{stringCodec[string](), markCodec}, false)}
	c.memory = newMemory(n.wide.shape).with('p', c.marks)
	return c
}

func (c *clocking[T]) remembers() *memory { return c.memory }

// watermark is the watermark after the batch, in microseconds.
func (c *clocking[T]) watermark() int64 { return c.now }

func (c *clocking[T]) run(b *run, n *node, in []gathered) (any, error) {
	own, moved := c.marks.get(ownMark)
	c.now, c.late = own.latestIf(moved), nil
	alone := b.part >= 0
	if moved && !alone {
		c.wake(own.seen, b.time.UnixMicro(), n.slide.Microseconds())
	}
	var onTime [][]T
	for i, p := range results[[]T](in[0]) {
		fresh, late, latest := c.part(p)
		onTime, c.late = append(onTime, fresh), append(c.late, late)
		c.seen(partitionName(in[0], i), latest, b.time)
	}
	c.advance(b.time, alone)
	if in[0].none {
		return nil, nil
	}
	return append([][]T{}, onTime...), nil
}

// part divides one partition, and finds its latest event time.
func (c *clocking[T]) part(p []T) (onTime, late []T, latest int64) {
	latest = never
	for i := range p {
		at := c.spec.micros(p[i])
		if at < c.now {
			late = append(late, p[i])
			continue
		}
		onTime, latest = append(onTime, p[i]), max(latest, at)
	}
	return onTime, late, latest
}
