package streaming_test

import (
	"fmt"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// visit is a visitor and the second of a click, as in "a7".
type visit struct {
	Who string
	At  int
}

func visitor(v visit) string { return v.Who }

// visitsOf reads words like "a7".
func visitsOf(words streaming.Stream[string]) streaming.Stream[visit] {
	return streaming.Map(words, func(w string) (v visit) {
		_, _ = fmt.Sscanf(w, "%1s%d", &v.Who, &v.At)
		return v
	})
}

// visitsIn have their event time; up to five seconds late is on time.
func visitsIn(words streaming.Stream[string]) streaming.EventTimed[visit] {
	return streaming.WithEventTime(visitsOf(words), func(v visit) time.Time { return time.Unix(int64(v.At), 0) }, 5*time.Second)
}

// The watermark is five seconds behind the latest click: what is older than that comes too late.
func ExampleWithEventTime() {
	runExample(func(words streaming.Stream[string]) {
		timed := streaming.WithEventTime(visitsOf(words), func(v visit) time.Time { return time.Unix(int64(v.At), 0) }, 5*time.Second)
		timed.OnTime().Print()
		timed.Late().Count().Print()
	}, "a1 a20", "a16 a14")
	// Output:
	// 1000: {a 1} {a 20}
	// 1000: 0
	// 2000: {a 16}
	// 2000: 1
}

func ExampleEventTimed_Late() {
	runExample(func(words streaming.Stream[string]) { visitsIn(words).Late().Print() }, "a20", "a16 b1 a2")
	// Output:
	// 1000:
	// 2000: {b 1} {a 2}
}

func ExampleEventTimed_OnTime() {
	runExample(func(words streaming.Stream[string]) { visitsIn(words).OnTime().Print() }, "a20", "a16 b1 a2")
	// Output:
	// 1000: {a 20}
	// 2000: {a 16}
}

// A partition that falls silent holds the watermark back for a second only: the window ends without it.
func ExampleEventTimed_IdleAfter() {
	runExample(func(words streaming.Stream[string]) {
		timed := visitsIn(words.Repartition(2)).IdleAfter(time.Second)
		streaming.TumblingCount(timed, "visits", visitor, 10*time.Second).Print()
	}, "a3 b4", "a30", "a31", "a32")
	// Output:
	// 1000:
	// 2000:
	// 3000: (a,[1970-01-01T00:00:00Z,1970-01-01T00:00:10Z),1) (b,[1970-01-01T00:00:00Z,1970-01-01T00:00:10Z),1)
	// 4000:
}

// Windowed count in event time.
func ExampleTumblingCount() {
	runExample(func(words streaming.Stream[string]) {
		streaming.TumblingCount(visitsIn(words), "visits", visitor, 10*time.Second).Print()
	}, "a3 b12 a7", "a30")
	// Output:
	// 1000:
	// 2000: (a,[1970-01-01T00:00:00Z,1970-01-01T00:00:10Z),2) (b,[1970-01-01T00:00:10Z,1970-01-01T00:00:20Z),1)
}

func ExampleSlidingCount() {
	runExample(func(words streaming.Stream[string]) {
		streaming.SlidingCount(visitsIn(words), "visits", visitor, 10*time.Second, 5*time.Second).Print()
	}, "a12", "a30")
	// Output:
	// 1000:
	// 2000: (a,[1970-01-01T00:00:05Z,1970-01-01T00:00:15Z),1) (a,[1970-01-01T00:00:10Z,1970-01-01T00:00:20Z),1)
}

// clickSeconds are those of the clicks, in the order in which they came.
var clickSeconds = streaming.Aggregate[visit, []int]{
	Add:   func(all []int, v visit) []int { return append(all, v.At) },
	Merge: func(a, b []int) []int { return append(a, b...) },
}

func ExampleTumbling() {
	runExample(func(words streaming.Stream[string]) {
		streaming.Tumbling(visitsIn(words), "visits", visitor, 10*time.Second, clickSeconds).Print()
	}, "a3 a7 a12", "a2 a30")
	// Output:
	// 1000:
	// 2000: (a,[1970-01-01T00:00:00Z,1970-01-01T00:00:10Z),[3 7]) (a,[1970-01-01T00:00:10Z,1970-01-01T00:00:20Z),[12])
}

func ExampleSliding() {
	runExample(func(words streaming.Stream[string]) {
		streaming.Sliding(visitsIn(words), "visits", visitor, 10*time.Second, 5*time.Second, clickSeconds).Print()
	}, "a8 a12", "a30")
	// Output:
	// 1000:
	// 2000: (a,[1970-01-01T00:00:00Z,1970-01-01T00:00:10Z),[8]) (a,[1970-01-01T00:00:05Z,1970-01-01T00:00:15Z),[8 12]) (a,[1970-01-01T00:00:10Z,1970-01-01T00:00:20Z),[12])
}

// A click between two sessions joins them.
func ExampleSession() {
	runExample(func(words streaming.Stream[string]) {
		streaming.Session(visitsIn(words), "visits", visitor, 10*time.Second, clickSeconds).Print()
	}, "a1 a15", "a12 a10", "a50")
	// Output:
	// 1000:
	// 2000:
	// 3000: (a,[1970-01-01T00:00:01Z,1970-01-01T00:00:25Z),[1 15 12 10])
}
