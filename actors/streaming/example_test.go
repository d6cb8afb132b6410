package streaming_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// exampleTB stands in for the test that an example does not have.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (e *exampleTB) Helper()           {}
func (e *exampleTB) Cleanup(f func())  { e.cleanups = append(e.cleanups, f) }
func (e *exampleTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (e *exampleTB) TempDir() string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	e.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (e *exampleTB) end() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// runExample runs job on batches of words, one partition, and prints what it printed without the frames.
func runExample(job func(streaming.Stream[string]), batches ...string) {
	tb := &exampleTB{}
	defer tb.end()
	k := streamingtest.New(tb, time.Second)
	in := streamingtest.Input[string](k, 1)
	job(in.Stream)
	for _, batch := range batches {
		in.Feed(strings.Fields(batch)...)
		k.Tick()
	}
	if k.Err() != nil {
		fmt.Println(k.Err())
	}
	fmt.Print(plainly(k.Stdout()))
}

// plainly is each batch on one line.
func plainly(printed string) string {
	var out strings.Builder
	for _, block := range strings.Split(strings.TrimSuffix(printed, "\n\n"), "\n\n") {
		lines := strings.Split(block, "\n")
		line := strings.TrimSuffix(strings.TrimPrefix(lines[1], "Time: "), " ms") + ": " + strings.Join(lines[3:], " ")
		fmt.Fprintln(&out, strings.TrimSpace(line))
	}
	return out.String()
}

func add(a, b int) int      { return a + b }
func subtract(a, b int) int { return a - b }

// Word count: the words of each batch.
func ExamplePairStream_ReduceByKey() {
	runExample(func(words streaming.Stream[string]) {
		streaming.MapToPair(words, one).ReduceByKey(add).Print()
	}, "to be or not to be", "be")
	// Output:
	// 1000: (to,2) (be,2) (or,1) (not,1)
	// 2000: (be,1)
}

func ExampleFlatMap() {
	runExample(func(words streaming.Stream[string]) {
		streaming.FlatMap(words, func(w string) []string { return strings.Split(w, "-") }).Print()
	}, "a-b c")
	// Output: 1000: a b c
}

func ExampleMap() {
	runExample(func(words streaming.Stream[string]) {
		streaming.Map(words.Filter(func(w string) bool { return w != "b" }), strings.ToUpper).Print()
	}, "a b c")
	// Output: 1000: A C
}

func ExampleTryMap() {
	runExample(func(words streaming.Stream[string]) {
		streaming.TryMap(words.Repartition(1), func(ctx context.Context, w string) (int, error) {
			return len(w), ctx.Err()
		}).Print()
	}, "a bb")
	// Output: 1000: 1 2
}

func ExampleStream_Count() {
	runExample(func(words streaming.Stream[string]) { words.Count().Print() }, "a b", "")
	// Output:
	// 1000: 2
	// 2000: 0
}

func ExampleGlom() {
	runExample(func(words streaming.Stream[string]) { streaming.Glom(words.Repartition(2)).Print() }, "a b c")
	// Output: 1000: [a] [b c]
}

func ExampleGroupByKey() {
	runExample(func(words streaming.Stream[string]) {
		streaming.GroupByKey(streaming.MapToPair(words, func(w string) (int, string) { return len(w), w })).Print()
	}, "a bb c dd")
	// Output: 1000: (1,[a c]) (2,[bb dd])
}

func ExampleCountByValue() {
	runExample(func(words streaming.Stream[string]) { streaming.CountByValue(words).Print() }, "a b a")
	// Output: 1000: (a,2) (b,1)
}

// Windowed count: the words of the last three batches, every batch, at the cost of one.
func ExamplePairStream_ReduceByKeyAndWindowInverse() {
	runExample(func(words streaming.Stream[string]) {
		streaming.MapToPair(words, one).ReduceByKeyAndWindowInverse(add, subtract, 3*time.Second, time.Second,
			func(_ string, n int) bool { return n > 0 }).Print()
	}, "a b", "a", "", "c")
	// Output:
	// 1000: (a,1) (b,1)
	// 2000: (a,2) (b,1)
	// 3000: (a,2) (b,1)
	// 4000: (a,1) (c,1)
}

func ExampleStream_Window() {
	runExample(func(words streaming.Stream[string]) { words.Window(2*time.Second, 2*time.Second).Print() }, "a", "b", "c", "d")
	// Output:
	// 2000: a b
	// 4000: c d
}

func ExampleStream_CountByWindow() {
	runExample(func(words streaming.Stream[string]) { words.CountByWindow(2*time.Second, time.Second).Print() }, "a b", "c", "")
	// Output:
	// 1000: 2
	// 2000: 3
	// 3000: 1
}

// Running total: every word so far, every batch.
func ExampleUpdateStateByKey() {
	runExample(func(words streaming.Stream[string]) {
		streaming.UpdateStateByKey(streaming.MapToPair(words, one), "totals", sum).Print()
	}, "a b", "a", "")
	// Output:
	// 1000: (a,1) (b,1)
	// 2000: (a,2) (b,1)
	// 3000: (a,2) (b,1)
}

// Running total: only the words of the batch, however many there are; idle ones are forgotten after two seconds.
func ExampleMapWithState() {
	runExample(func(words streaming.Stream[string]) {
		streaming.MapWithState(streaming.MapToPair(words, one), "totals", streaming.StateSpec[string, int, int, string]{
			Timeout: 2 * time.Second,
			Function: func(_ time.Time, word string, n streaming.Option[int], total *streaming.KeyState[int]) streaming.Option[string] {
				if total.IsTimingOut() {
					return streaming.Some(word + " is over")
				}
				total.Update(total.Option().OrElse(0) + n.OrElse(0))
				return streaming.Some(fmt.Sprint(word, "=", total.Get()))
			},
		}).Print()
	}, "a b a", "a", "a", "a")
	// Output:
	// 1000: a=1 b=1 a=2
	// 2000: a=3
	// 3000: a=4
	// 4000: a=5 b is over
}

func ExampleLeftOuterJoin() {
	runExample(func(words streaming.Stream[string]) {
		lengths := streaming.MapToPair(words, func(w string) (string, int) { return w, len(w) })
		short := streaming.MapToPair(words.Filter(func(w string) bool { return len(w) == 1 }), func(w string) (string, string) { return w, "short" })
		streaming.LeftOuterJoin(lengths, short).Print()
	}, "a bb")
	// Output: 1000: (a,(1,Some(short))) (bb,(2,None))
}

func ExampleJoin() {
	runExample(func(words streaming.Stream[string]) {
		counts := streaming.MapToPair(words, one).ReduceByKey(add)
		upper := streaming.MapToPair(words, func(w string) (string, string) { return w, strings.ToUpper(w) })
		streaming.Join(counts, upper.ReduceByKey(func(a, _ string) string { return a })).Print()
	}, "a b a")
	// Output: 1000: (a,(2,A)) (b,(1,B))
}

func ExampleTransform() {
	runExample(func(words streaming.Stream[string]) {
		streaming.Transform(words, func(b *streaming.Batch[string]) (*streaming.Batch[string], error) {
			return streaming.NewBatch([]string{fmt.Sprint(b.Time().UnixMilli(), " had ", b.Len())}), nil
		}).Print()
	}, "a b")
	// Output: 1000: 1000 had 2
}

// Sessions in event time: the clicks of a visitor who paused for less than ten seconds.
func ExampleSessionCount() {
	runExample(func(words streaming.Stream[string]) {
		timed := visitsIn(words)
		streaming.SessionCount(timed, "sessions", visitor, 10*time.Second).Print()
		timed.Late().Print()
	}, "a0 a7 b3", "a30 a4", "a40 a20")
	// Output:
	// 1000:
	// 1000:
	// 2000: (b,[1970-01-01T00:00:03Z,1970-01-01T00:00:13Z),1) (a,[1970-01-01T00:00:00Z,1970-01-01T00:00:17Z),3)
	// 2000:
	// 3000:
	// 3000: {a 20}
}

func ExampleStream_ForeachBatch() {
	runExample(func(words streaming.Stream[string]) {
		words.ForeachBatch(func(_ context.Context, b streaming.Batch[string]) error {
			fmt.Println(b.Time().UnixMilli(), b.Elements())
			return nil
		})
		words.Count().Print()
	}, "a b")
	// Output:
	// 1000 [a b]
	// 1000: 2
}
