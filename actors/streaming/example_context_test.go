package streaming_test

import (
	"fmt"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// The life of a context goes one way. Without an engine (a program of one's own has none until cmd.Execute, or the kit, gives it one)
// Start only checks and compiles the job.
func ExampleContext() {
	s := streaming.NewContext(time.Second)
	streaming.QueueStream[int](s, true).Stream.Count().Print()
	fmt.Println(s.State())
	fmt.Println(s.Start(), s.State())
	fmt.Println(s.Stop(true), s.State())
	fmt.Println(s.AwaitTermination())
	fmt.Println(s.Start())
	// Output:
	// INITIALIZED
	// <nil> ACTIVE
	// <nil> STOPPED
	// <nil>
	// StreamingContext has already been stopped
}

// All that is wrong with a job is told at its start, each with the operation and the line.
func ExampleContext_Start() {
	s := streaming.NewContext(time.Second, streaming.WithSavedState())
	words := streaming.QueueStream[string](s, true).Stream
	streaming.Map[string, int](words, nil).Print()
	words.Window(1500*time.Millisecond, time.Second).Print()
	fmt.Println(s.Start())
	// Output:
	// map at example_context_test.go:32: the function is nil
	// window at example_context_test.go:33: The window duration of windowed DStream (1500 ms) must be a multiple of the slide duration of parent DStream (1000 ms)
}

func ExamplePIDRateEstimator() {
	e, err := streaming.NewPIDRateEstimator(time.Second, 1, 0.2, 0, 100)
	fmt.Println(err)
	// 1000 records in half a second: the first batch only sets the mark.
	fmt.Println(e.Compute(time.Unix(1, 0), 1000, 500*time.Millisecond, 0))
	// The same again: 2000 records a second can be processed.
	fmt.Println(e.Compute(time.Unix(2, 0), 1000, 500*time.Millisecond, 0))
	// It has waited for half a second: a fifth of what waited is made up for.
	fmt.Println(e.Compute(time.Unix(3, 0), 1000, 500*time.Millisecond, 500*time.Millisecond))
	// Output:
	// <nil>
	// 0 false
	// 2000 true
	// 1800 true
}

// A rate of 100 records a second is shared out by lag; a partition that lags little has its minimum.
func ExampleRateLimits_Allowed() {
	limits := streaming.RateLimits{Interval: 2 * time.Second, MaxPerPartition: func(int32) float64 { return 80 }}
	fmt.Println(limits.Allowed(100, map[int32]int64{0: 999, 1: 1}))
	fmt.Println(limits.Allowed(0, map[int32]int64{0: 999, 1: 1}))
	// Output:
	// map[0:160 1:1]
	// map[0:160 1:160]
}
