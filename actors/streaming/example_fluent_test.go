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
