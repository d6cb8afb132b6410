package streaming_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

type counts = streaming.Pair[string, int]

func one(w string) (string, int) { return w, 1 }

func sum(values []int, state streaming.Option[int]) streaming.Option[int] {
	total := state.OrElse(0)
	for _, v := range values {
		total += v
	}
	return streaming.Some(total)
}

func TestUpdateStateByKeyCallsEveryKeyEveryBatchAndDropsNone(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 2)
	idle := 0
	states := streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, one), "totals", func(values []int, state streaming.Option[int]) streaming.Option[int] {
		if len(values) == 0 {
			idle++
			if state.OrElse(0) == 1 {
				return streaming.None[int]()
			}
		}
		return sum(values, state)
	}, streaming.InitialState(counts{Key: "z", Value: 5}))
	out := streamingtest.Collect(states.Stream)
	in.FeedNothing()
	in.Feed("a", "b", "a")
	in.Feed("c")
	in.FeedNothing()
	for range 4 {
		k.Tick()
	}
	want(t, k.Err(), error(nil))
	want(t, out.Batches(), [][]counts{{{"z", 5}, {"a", 2}, {"b", 1}}, {{"z", 5}, {"a", 2}, {"c", 1}}, {{"z", 5}, {"a", 2}}})
	want(t, idle, 1+3+3)
}

func TestStateComesBackAfterARestartInItsOrder(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 2)
	pairs := streaming.MapToPair(in.Stream, one)
	fails := false
	states := streamingtest.Collect(streaming.UpdateStateByKey(pairs, "totals", sum).Stream)
	windows := streamingtest.Collect(pairs.ReduceByKeyAndWindowInverse(func(a, b int) int { return a + b }, func(a, b int) int { return a - b },
		2*time.Second, time.Second, nil).Stream)
	whole := streamingtest.Collect(in.Stream.Window(3*time.Second, 2*time.Second))
	in.Stream.ForeachBatch(func(context.Context, streaming.Batch[string]) error {
		if fails {
			return errors.New("no")
		}
		return nil
	})
	in.Feed("q", "b", "a", "q")
	in.Feed("x", "a")
	in.Feed("y")
	k.Tick()
	fails = true
	k.Tick()
	if k.Err() == nil {
		t.Fatal("the failure was not reported")
	}
	fails = false
	k.Restart(t)
	k.Tick()
	k.Restart(t)
	k.Tick()
	want(t, k.Err(), error(nil))
	want(t, states.Batches(), [][]counts{{{"q", 2}, {"b", 1}, {"a", 1}}, {{"q", 2}, {"b", 1}, {"a", 2}, {"x", 1}}, {{"q", 2}, {"b", 1}, {"a", 2}, {"x", 1}, {"y", 1}}})
	want(t, windows.Batches(), [][]counts{{{"q", 2}, {"b", 1}, {"a", 1}}, {{"q", 2}, {"b", 1}, {"a", 2}, {"x", 1}}, {{"q", 0}, {"b", 0}, {"a", 1}, {"x", 1}, {"y", 1}}})
	want(t, whole.Batches(), [][]string{{"q", "b", "a", "q", "x", "a"}})
}

func TestMapWithStateTimesOutOnlyWhatIsIdleForLonger(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 2)
	mapped := streaming.MapWithState(streaming.MapToPair(in.Stream, one), "seen", streaming.StateSpec[string, int, int, string]{
		Timeout: 2 * time.Second,
		Initial: []counts{{Key: "i", Value: 7}},
		Function: func(_ time.Time, key string, v streaming.Option[int], s *streaming.KeyState[int]) streaming.Option[string] {
			if s.IsTimingOut() {
				return streaming.Some(key + " out")
			}
			s.Update(s.Option().OrElse(0) + v.OrElse(0))
			return streaming.None[string]()
		},
	})
	out := streamingtest.Collect(mapped.Stream)
	all := streamingtest.Collect(mapped.StateSnapshots().Stream)
	in.Feed("a", "b")
	in.Feed("a")
	for range 6 {
		k.Tick()
		k.Restart(t)
	}
	want(t, k.Err(), error(nil))
	want(t, out.Batches(), [][]string{nil, nil, nil, {"i out", "b out"}, {"a out"}, nil})
	want(t, all.Batches()[1], []counts{{"i", 7}, {"a", 2}, {"b", 1}})
	want(t, len(all.Batches()[4]), 0)
}

func TestUpdatingATimedOutStateFailsInSparksWords(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 1)
	streaming.MapWithState(streaming.MapToPair(in.Stream, one), "seen", streaming.StateSpec[string, int, int, string]{
		Timeout: time.Second,
		Function: func(_ time.Time, key string, v streaming.Option[int], s *streaming.KeyState[int]) streaming.Option[string] {
			s.Update(1)
			return streaming.None[string]()
		},
	}).Print()
	in.Feed("a")
	for range 3 {
		k.Tick()
	}
	if k.Err() == nil || !strings.Contains(k.Err().Error(), "Cannot update the state that is timing out") {
		t.Fatal(k.Err())
	}
}
