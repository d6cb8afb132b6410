//go:build go1.27

package streaming_test

import (
	"strings"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// Word count as methods.
func ExampleStream_FlatMap() {
	runExample(func(words streaming.Stream[string]) {
		words.FlatMap(func(w string) []string { return strings.Split(w, "-") }).MapToPair(one).ReduceByKey(add).Print()
	}, "to-be or-not to-be")
	// Output: 1000: (to,2) (be,2) (or,1) (not,1)
}

// Running total as methods.
func ExamplePairStream_UpdateStateByKey() {
	runExample(func(words streaming.Stream[string]) {
		words.MapToPair(one).UpdateStateByKey("totals", sum).MapValues(func(n int) int { return 10 * n }).Print()
	}, "a b", "a")
	// Output:
	// 1000: (a,10) (b,10)
	// 2000: (a,20) (b,10)
}

// Windowed count in event time as methods.
func ExampleEventTimed_TumblingCount() {
	runExample(func(words streaming.Stream[string]) {
		words.WithEventTime(func(w string) time.Time { return time.Unix(int64(len(w)), 0) }, 0).
			TumblingCount("lengths", func(string) string { return "words" }, 2*time.Second).Print()
	}, "a bb ccc dddd", "eeeeee")
	// Output:
	// 1000: (words,[1970-01-01T00:00:00Z,1970-01-01T00:00:02Z),1) (words,[1970-01-01T00:00:02Z,1970-01-01T00:00:04Z),2)
	// 2000: (words,[1970-01-01T00:00:04Z,1970-01-01T00:00:06Z),1)
}

// Windowed count as methods: the words of the last three batches.
func ExampleStream_MapToPair() {
	runExample(func(words streaming.Stream[string]) {
		words.MapToPair(one).ReduceByKeyAndWindowInverse(add, subtract, 3*time.Second, time.Second, func(_ string, n int) bool { return n > 0 }).Print()
	}, "a b", "a", "", "c")
	// Output:
	// 1000: (a,1) (b,1)
	// 2000: (a,2) (b,1)
	// 3000: (a,2) (b,1)
	// 4000: (a,1) (c,1)
}

// Join in a chain of methods. The join itself stays a function: as a method, its type would grow within itself.
func ExamplePairStream_MapValues() {
	runExample(func(words streaming.Stream[string]) {
		counts := words.MapToPair(one).ReduceByKey(add)
		lengths := words.MapToPair(func(w string) (string, int) { return w, len(w) }).ReduceByKey(func(a, _ int) int { return a })
		streaming.Join(counts, lengths).MapValues(func(j streaming.Joined[int, int]) int { return j.Left * j.Right }).Print()
	}, "a bb bb")
	// Output: 1000: (a,1) (bb,4)
}

// Sessions in event time as methods.
func ExampleEventTimed_SessionCount() {
	runExample(func(words streaming.Stream[string]) {
		visitsOf(words).WithEventTime(func(v visit) time.Time { return time.Unix(int64(v.At), 0) }, 5*time.Second).
			SessionCount("sessions", visitor, 10*time.Second).Print()
	}, "a0 a7 b3", "a30", "a50")
	// Output:
	// 1000:
	// 2000: (b,[1970-01-01T00:00:03Z,1970-01-01T00:00:13Z),1) (a,[1970-01-01T00:00:00Z,1970-01-01T00:00:17Z),2)
	// 3000: (a,[1970-01-01T00:00:30Z,1970-01-01T00:00:40Z),1)
}
