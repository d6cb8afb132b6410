package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// scenario is a random run of a job: batches (nil: no dataset), the number of partitions, a window, and what happens behind batches.
type scenario struct {
	partitions   int
	batches      [][]string
	width, slide int
	timeout      int
	restarts     map[int]bool
	failures     map[int]bool
}

var scenarios = rapid.Custom(func(t *rapid.T) scenario {
	s := scenario{
		partitions: rapid.IntRange(1, 3).Draw(t, "partitions"),
		width:      rapid.IntRange(1, 5).Draw(t, "width"),
		slide:      rapid.IntRange(1, 4).Draw(t, "slide"),
		timeout:    rapid.IntRange(1, 3).Draw(t, "timeout"),
		restarts:   map[int]bool{}, failures: map[int]bool{},
	}
	keys := rapid.SampledFrom([]string{"", "a", "b", "c", "drop"})
	for i := range rapid.IntRange(1, 12).Draw(t, "batches") {
		batch := rapid.SliceOfN(keys, 0, 6).Draw(t, "batch")
		if rapid.IntRange(0, 9).Draw(t, "none") == 0 {
			batch = nil
		} else if batch == nil {
			batch = []string{}
		}
		s.batches = append(s.batches, batch)
		s.restarts[i] = rapid.IntRange(0, 4).Draw(t, "restart") == 0
		s.failures[i] = rapid.IntRange(0, 6).Draw(t, "failure") == 0
	}
	return s
})

// play runs the job that build writes on the scenario, and gives what the stream had, each batch as a text. A batch that is to fail
// does so once, after all outputs of the job, and is run again after a restart.
func play[T any](tb testing.TB, s scenario, build func(streaming.Stream[string]) streaming.Stream[T]) []string {
	tb.Helper()
	k := streamingtest.New(tb, time.Second)
	defer func() { _ = k.Context().Stop(false) }() // with thousands of checks, its files would be too many
	in := streamingtest.Input[string](k, s.partitions)
	out := streamingtest.Collect(build(in.Stream))
	failing := false
	streaming.NewInput(k.Context(), func(time.Time) ([][]int, bool) { return nil, true }).ForeachBatch(func(context.Context, streaming.Batch[int]) error {
		if failing {
			return errors.New("asked for")
		}
		return nil
	})
	for i, batch := range s.batches {
		if batch == nil {
			in.FeedNothing()
		} else {
			in.Feed(batch...)
		}
		failing = s.failures[i]
		k.Tick()
		if failing {
			failing = false
			k.Restart(tb)
			k.Tick()
		}
		if k.Err() != nil {
			tb.Fatal(k.Err())
		}
		if s.restarts[i] {
			k.Restart(tb)
		}
	}
	var got []string
	for i, b := range out.Batches() {
		got = append(got, fmt.Sprint(out.Times()[i].UnixMilli(), b))
	}
	return got
}

// holds checks that the job does what the model says, for random scenarios; and, the control arm, that a model with a known defect is
// found out: a property that no defect breaks proves nothing.
func holds[T any](t *testing.T, build func(scenario, streaming.Stream[string]) streaming.Stream[T], model func(s scenario, defect bool) []string) {
	t.Helper()
	run := func(tb testing.TB, s scenario) []string {
		return play(tb, s, func(in streaming.Stream[string]) streaming.Stream[T] { return build(s, in) })
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := scenarios.Draw(rt, "scenario")
		if got, want := run(t, s), model(s, false); !reflect.DeepEqual(got, want) {
			rt.Fatalf("got  %q\nwant %q", got, want)
		}
	})
	for seed := range 300 {
		s := scenarios.Example(seed)
		if !reflect.DeepEqual(run(t, s), model(s, true)) {
			return
		}
	}
	t.Error("the model with a defect was not found out")
}

// windows lists, for each slide, its time and the batches in the window, oldest first; defect makes the window one batch too long.
func (s scenario) windows(defect bool) (ends []int, batches [][][]string) {
	width := s.width
	if defect {
		width++
	}
	for end := s.slide; end <= len(s.batches); end += s.slide {
		ends, batches = append(ends, end), append(batches, s.batches[max(end-width, 0):end])
	}
	return ends, batches
}

// folded gives a text for each window.
func (s scenario) folded(defect bool, f func(batches [][]string) any) []string {
	var out []string
	ends, all := s.windows(defect)
	for i, batches := range all {
		out = append(out, fmt.Sprint(ends[i]*1000, f(batches)))
	}
	return out
}

func (s scenario) w() time.Duration  { return time.Duration(s.width) * time.Second }
func (s scenario) sl() time.Duration { return time.Duration(s.slide) * time.Second }
