package streaming_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

func TestMistakesNameTheOperationAndTheLine(t *testing.T) {
	type hidden struct{ n int }
	type answering struct{ F func() }
	sum := func(a, b int) int { return a + b }
	for _, c := range []struct {
		name string
		job  func(*streamingtest.Kit, streaming.Stream[string])
		text string
	}{
		{"width", func(_ *streamingtest.Kit, s streaming.Stream[string]) { s.Window(1500*ms, time.Second).Print() },
			"window at mistake_test.go:%: The window duration of windowed DStream (1500 ms) must be a multiple of the slide duration of parent DStream (1000 ms)"},
		{"slide", func(_ *streamingtest.Kit, s streaming.Stream[string]) { s.Window(2*time.Second, 1500*ms).Print() },
			"The slide duration of windowed DStream (1500 ms) must be a multiple of the slide duration of parent DStream (1000 ms)"},
		{"slide of the inverse form", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			streaming.MapToPair(s, one).ReduceByKeyAndWindowInverse(sum, sum, time.Second, 0, nil).Print()
		}, "reduceByKeyAndWindow at mistake_test.go:%: The slide duration of ReducedWindowedDStream (0 ms) must be multiple of the slide duration of parent DStream (1000 ms)"},
		{"no name", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			streaming.UpdateStateByKey(streaming.MapToPair(s, one), "", dropping).Print()
		}, "updateStateByKey at mistake_test.go:%: a stateful operation needs a name"},
		{"a name twice", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			streaming.UpdateStateByKey(streaming.MapToPair(s, one), "x", dropping).Print()
			streaming.UpdateStateByKey(streaming.MapToPair(s, one), "x", dropping).Print()
		}, `the name "x" is taken by updateStateByKey at mistake_test.go:%`},
		{"nil function", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			streaming.Map[string, int](s, nil).Print()
		}, "map at mistake_test.go:%: the function is nil"},
		{"two contexts", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			other := streamingtest.Input[string](streamingtest.New(t, time.Second), 1)
			s.Union(other.Stream).Print()
		}, "union at mistake_test.go:%: Some of the DStreams have different contexts"},
		{"two slides", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			s.Union(s.Window(2*time.Second, 2*time.Second)).Print()
		}, "must have the same slide duration"},
		{"a field that JSON leaves out", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			streaming.Map(s, func(string) hidden { return hidden{1} }).Window(time.Second, time.Second).Print()
		}, "window at mistake_test.go:%: streaming_test.hidden cannot be saved: JSON leaves out the unexported field n"},
		{"a function in a state", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			streaming.UpdateStateByKey(streaming.MapToPair(s, one), "x", func([]int, streaming.Option[answering]) streaming.Option[answering] {
				return streaming.None[answering]()
			}).Print()
		}, "JSON has nothing for func()"},
		{"a key that is a pointer", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			streaming.UpdateStateByKey(streaming.MapToPair(s, func(w string) (*counts, int) { return &counts{Key: w}, 1 }), "x", dropping).Print()
		}, "updateStateByKey at mistake_test.go:%: a key with a *streaming.Pair[string,int] in it would be another one when it is read back"},
		{"a key with a pointer", func(_ *streamingtest.Kit, s streaming.Stream[string]) {
			pairs := streaming.MapToPair(s, func(w string) ([1]struct{ Word *string }, int) { return [1]struct{ Word *string }{{&w}}, 1 })
			pairs.ReduceByKeyAndWindowInverse(add, subtract, time.Second, time.Second, nil).Print()
		}, "reduceByKeyAndWindow at mistake_test.go:%: a key with a *string in it"},
		{"nothing to unite", func(k *streamingtest.Kit, s streaming.Stream[string]) {
			streaming.Union[string](k.Context()).Print()
		}, "List of DStreams to union is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := streamingtest.New(t, time.Second)
			c.job(k, streamingtest.Input[string](k, 1).Stream)
			k.Tick()
			if k.Err() == nil || !matches(k.Err().Error(), c.text) {
				t.Errorf("got %v, want %s", k.Err(), c.text)
			}
		})
	}
}

// Scenario: a state without a name beside an operation that has none, either: that the name is taken would be another sentence, and wrong.
func TestNoNameIsNotTaken(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 1)
	streaming.UpdateStateByKey(streaming.MapToPair(in.Stream.Repartition(2), one), "", dropping).Print()
	k.Tick()
	if k.Err() == nil || !strings.Contains(k.Err().Error(), "needs a name") || strings.Contains(k.Err().Error(), "is taken") {
		t.Errorf("got %v", k.Err())
	}
}

// matches finds text, in which % stands for a number.
func matches(got, text string) bool {
	before, after, ok := strings.Cut(text, "%")
	at := strings.Index(got, before)
	if at < 0 || !ok {
		return at >= 0
	}
	return strings.HasPrefix(strings.TrimLeft(got[at+len(before):], "0123456789"), after)
}

func TestStateWithoutACheckpointIsRefusedInSparksWords(t *testing.T) {
	k := streamingtest.New(t, time.Second, streamingtest.WithoutCheckpoint())
	in := streamingtest.Input[string](k, 1)
	streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, one), "x", dropping).Print()
	k.Tick()
	if k.Err() == nil || !strings.Contains(k.Err().Error(), "The checkpoint directory has not been set") {
		t.Fatal(k.Err())
	}
}

func TestAStateThatGrowsBeyondItsLimitEndsTheBatchAndNamesTheOperation(t *testing.T) {
	k := streamingtest.New(t, time.Second, streamingtest.WithStateLimit(1000))
	in := streamingtest.Input[string](k, 1)
	streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, one), "words", sum).Print()
	in.Feed(strings.Fields(strings.Repeat("x ", 100))...)
	for i := range 100 {
		in.Feed(strings.Repeat("y", i))
	}
	for range 2 {
		k.Tick()
	}
	if k.Err() != nil {
		t.Fatal(k.Err())
	}
	for range 99 {
		k.Tick()
	}
	if k.Err() == nil || !strings.Contains(k.Err().Error(), "updateStateByKey words with ") {
		t.Fatal(k.Err())
	}
}

func TestWithoutADataset(t *testing.T) {
	for _, c := range []struct {
		name string
		job  func(streaming.Stream[string]) streaming.Stream[string]
		text string
	}{
		{"map", func(s streaming.Stream[string]) streaming.Stream[string] { return streaming.Map(s, strings.ToUpper) }, ""},
		{"window", func(s streaming.Stream[string]) streaming.Stream[string] { return s.Window(time.Second, time.Second) }, "[]"},
		{"reduce", func(s streaming.Stream[string]) streaming.Stream[string] {
			return s.Reduce(func(a, b string) string { return a })
		}, ""},
		{"union", func(s streaming.Stream[string]) streaming.Stream[string] { return s.Union(s) }, "Could not generate RDD from a parent for unifying at time 1000 ms"},
		{"transform", func(s streaming.Stream[string]) streaming.Stream[string] {
			return streaming.Transform(s, func(b *streaming.Batch[string]) (*streaming.Batch[string], error) { return b, nil })
		}, "Couldn't generate RDD from parent at time 1000 ms"},
		{"join", func(s streaming.Stream[string]) streaming.Stream[string] {
			p := streaming.MapToPair(s, one)
			return streaming.Map(streaming.Join(p, p).Stream, func(streaming.Pair[string, streaming.Joined[int, int]]) string { return "" })
		}, "Couldn't generate RDD from parent at time 1000 ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := streamingtest.New(t, time.Second)
			in := streamingtest.Input[string](k, 1)
			out := streamingtest.Collect(c.job(in.Stream))
			in.FeedNothing()
			k.Tick()
			switch {
			case c.text == "" && (k.Err() != nil || len(out.Batches()) != 0):
				t.Errorf("got %v and %v", out.Batches(), k.Err())
			case c.text == "[]":
				want(t, out.Batches(), [][]string{nil})
			case c.text != "" && (k.Err() == nil || !strings.Contains(k.Err().Error(), c.text)):
				t.Errorf("got %v", k.Err())
			}
		})
	}
}
