package streaming_test

import (
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

func ExampleStream_ReduceByWindow() {
	runExample(func(words streaming.Stream[string]) {
		words.ReduceByWindow(func(a, b string) string { return max(a, b) }, 2*time.Second, time.Second).Print()
	}, "a c", "b", "", "")
	// Output:
	// 1000: c
	// 2000: c
	// 3000: b
	// 4000:
}

// What leaves the window is taken back: a slide costs what comes and goes, however wide the window is.
func ExampleStream_ReduceByWindowInverse() {
	runExample(func(words streaming.Stream[string]) {
		lengths := streaming.Map(words, func(w string) int { return len(w) })
		lengths.ReduceByWindowInverse(add, subtract, 2*time.Second, time.Second).Print()
	}, "a bb", "ccc", "", "")
	// Output:
	// 1000: 3
	// 2000: 6
	// 3000: 3
	// 4000: 0
}

func ExampleCountByValueAndWindow() {
	runExample(func(words streaming.Stream[string]) {
		streaming.CountByValueAndWindow(words, 2*time.Second, time.Second).Print()
	}, "a b a", "a", "")
	// Output:
	// 1000: (a,2) (b,1)
	// 2000: (a,3) (b,1)
	// 3000: (a,1)
}

func ExampleGroupByKeyAndWindow() {
	runExample(func(words streaming.Stream[string]) {
		lengths := streaming.MapToPair(words, func(w string) (int, string) { return len(w), w })
		streaming.GroupByKeyAndWindow(lengths, 2*time.Second, 2*time.Second).Print()
	}, "a bb", "b", "c", "")
	// Output:
	// 2000: (1,[a b]) (2,[bb])
	// 4000: (1,[c])
}

// Windowed count for a reduction that cannot be taken back.
func ExamplePairStream_ReduceByKeyAndWindow() {
	runExample(func(words streaming.Stream[string]) {
		streaming.MapToPair(words, one).ReduceByKeyAndWindow(add, 2*time.Second, time.Second).Print()
	}, "a b", "a", "")
	// Output:
	// 1000: (a,1) (b,1)
	// 2000: (a,2) (b,1)
	// 3000: (a,1)
}
