package streaming_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

// simple is a kit with a job of one output.
func simple(t *testing.T) (*streamingtest.Kit, *streamingtest.Source[int], *streamingtest.Output[int]) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[int](k, 2)
	return k, in, streamingtest.Collect(in.Stream)
}

func TestTheLifeOfAContextGoesOneWay(t *testing.T) {
	k, _, _ := simple(t)
	c := k.Context()
	want(t, c.State(), streaming.Initialized)
	want(t, c.Start(), error(nil))
	want(t, c.State(), streaming.Active)
	want(t, c.Start(), error(nil)) // a second start does nothing
	want(t, c.State(), streaming.Active)
	want(t, c.Stop(true), error(nil))
	want(t, c.State(), streaming.Stopped)
	want(t, c.Stop(false), error(nil)) // nor does a second stop
	if err := c.Start(); !errors.Is(err, streaming.ErrStopped) || err.Error() != "StreamingContext has already been stopped" {
		t.Errorf("a start after the stop: %v", err)
	}
	want(t, c.State(), streaming.Stopped)
	want(t, c.AwaitTermination(), error(nil))
}

func TestAStopBeforeTheStart(t *testing.T) {
	k, _, out := simple(t)
	want(t, k.Context().Stop(true), error(nil))
	want(t, k.Context().State(), streaming.Stopped)
	want(t, k.Context().AwaitTermination(), error(nil))
	k.Tick()
	if !errors.Is(k.Err(), streaming.ErrStopped) || len(out.Batches()) != 0 {
		t.Errorf("got %v, %v", k.Err(), out.Batches())
	}
}

func TestAFailedStartStopsTheContext(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	streamingtest.Input[int](k, 1)
	err := k.Context().Start()
	if !errors.Is(err, streaming.ErrNoOutput) || err.Error() != "No output operations registered, so nothing to execute" {
		t.Errorf("got %v", err)
	}
	want(t, k.Context().State(), streaming.Stopped)
	want(t, k.Context().Stop(true), error(nil))
	if stopped, err := k.Context().AwaitTerminationOrTimeout(time.Minute); !stopped || !errors.Is(err, streaming.ErrNoOutput) {
		t.Errorf("got %v %v", stopped, err)
	}
}

// Times of batches are written down in milliseconds: two batches may not have the same.
func TestAnIntervalIsInWholeMilliseconds(t *testing.T) {
	for _, interval := range []time.Duration{0, -time.Second, time.Microsecond, 10500 * time.Microsecond} {
		c := streaming.NewContext(interval)
		streaming.QueueStream[int](c, true).Stream.Print()
		if err := c.Start(); err == nil || !strings.Contains(err.Error(), "the batch interval must be positive and in whole milliseconds") {
			t.Errorf("%v: got %v", interval, err)
		}
	}
}

func TestWaitingForTheEnd(t *testing.T) {
	k, _, _ := simple(t)
	k.Tick()
	if stopped, err := k.Context().AwaitTerminationOrTimeout(time.Millisecond); stopped || err != nil {
		t.Errorf("got %v %v", stopped, err)
	}
	ended := make(chan error)
	go func() { ended <- k.Context().AwaitTermination() }()
	want(t, k.Context().Stop(false), error(nil))
	want(t, <-ended, error(nil))
	if stopped, err := k.Context().AwaitTerminationOrTimeout(time.Minute); !stopped || err != nil {
		t.Errorf("got %v %v", stopped, err)
	}
}

// An error in a function of the job, in a transform or in an input reaches whoever waits, at once; batches go on, and the first error stays.
func TestAnErrorReachesWhoeverWaits(t *testing.T) {
	for text, job := range map[string]func(*streamingtest.Kit, ints){
		"error in map task": func(_ *streamingtest.Kit, s ints) {
			streaming.Map(s, func(i int) int {
				if i == 1 {
					panic("error in map task")
				}
				return i
			}).ForeachBatch(func(context.Context, intBatch) error { return nil })
		},
		"error in transform": func(_ *streamingtest.Kit, s ints) {
			streaming.Transform(s, func(b *intBatch) (*intBatch, error) {
				if b.Elements()[0] == 1 {
					return nil, errors.New("error in transform")
				}
				return b, nil
			}).Print()
		},
		"error in the output": func(_ *streamingtest.Kit, s ints) {
			s.ForeachBatch(func(_ context.Context, b intBatch) error {
				if b.Elements()[0] == 1 {
					return errors.New("error in the output")
				}
				return nil
			})
		},
		"error in the input": func(k *streamingtest.Kit, s ints) {
			streaming.NewInput(k.Context(), func(at time.Time) ([][]int, bool) {
				if at.UnixMilli() == 1000 {
					panic("error in the input")
				}
				return nil, true
			}).Union(s).Print()
		},
	} {
		t.Run(text, func(t *testing.T) {
			k := streamingtest.New(t, time.Second)
			in := streamingtest.Input[int](k, 1)
			out := streamingtest.Collect(in.Stream)
			job(k, in.Stream)
			in.Feed(1)
			in.Feed(2)
			k.Tick()
			stopped, err := k.Context().AwaitTerminationOrTimeout(time.Minute)
			if stopped || err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "lifecycle_test.go:") {
				t.Fatalf("got %v %v", stopped, err)
			}
			k.Tick()
			want(t, out.Batches()[len(out.Batches())-1], []int{2})
			want(t, k.Context().Stop(true), error(nil))
			k.Restart(t)
			k.Tick() // the first batch again, which fails again
			if k.Err() == nil || !strings.Contains(k.Err().Error(), text) {
				t.Errorf("got %v", k.Err())
			}
		})
	}
}

// What is added to a context that runs or has ended is refused in Spark's words, from the next call that can return an error.
func TestAddingToAContextThatRuns(t *testing.T) {
	add := map[string]func(*streamingtest.Kit, ints){
		"input":       func(k *streamingtest.Kit, _ ints) { streaming.QueueStream[int](k.Context(), true) },
		"map":         func(_ *streamingtest.Kit, s ints) { streaming.Map(s, func(i int) int { return i }) },
		"output":      func(_ *streamingtest.Kit, s ints) { s.Print() },
		"window":      func(_ *streamingtest.Kit, s ints) { s.Window(time.Second, time.Second) },
		"fromOffsets": func(k *streamingtest.Kit, _ ints) { k.Context().FromOffsets(map[messages.TopicPartition]int64{{}: 1}) },
	}
	start := "Adding new inputs, transformations, and output operations after starting a context is not supported"
	stop := "Adding new inputs, transformations, and output operations after stopping a context is not supported"
	for name, f := range add {
		for call, err := range map[string]func(*streamingtest.Kit) error{
			"the kit":                   (*streamingtest.Kit).Err,
			"Start":                     func(k *streamingtest.Kit) error { return k.Context().Start() },
			"Stop":                      func(k *streamingtest.Kit) error { return k.Context().Stop(true) },
			"AwaitTermination":          func(k *streamingtest.Kit) error { return k.Context().AwaitTermination() },
			"AwaitTerminationOrTimeout": func(k *streamingtest.Kit) error { _, err := k.Context().AwaitTerminationOrTimeout(0); return err },
		} {
			k, in, _ := simple(t)
			k.Tick()
			f(k, in.Stream)
			if got := err(k); !errors.Is(got, streaming.ErrAfterStart) || !strings.Contains(got.Error(), start) || !strings.Contains(got.Error(), "lifecycle_test.go:") {
				t.Errorf("%s after the start, told by %s: %v", name, call, got)
			}
			_ = k.Context().Stop(true)
			f(k, in.Stream)
			if got := err(k); call != "the kit" && (!errors.Is(got, streaming.ErrAfterStop) || !strings.Contains(got.Error(), stop)) {
				t.Errorf("%s after the stop, told by %s: %v", name, call, got)
			}
		}
	}
}

// A function of the job may end the stream: its batch is the last one, and is whole.
func TestAFunctionOfTheJobStopsTheStreamBehindItsBatch(t *testing.T) {
	for _, where := range []string{"output", "map"} {
		k := streamingtest.New(t, time.Second)
		in := streamingtest.Input[int](k, 2)
		stop := func(i int) {
			if i == 2 {
				want(t, k.Context().Stop(true), error(nil))
			}
		}
		s := in.Stream
		if where == "map" {
			s = streaming.Map(s, func(i int) int { stop(i); return i })
		} else {
			s.ForeachBatch(func(_ context.Context, b intBatch) error { stop(b.Elements()[0]); return nil })
		}
		out := streamingtest.Collect(s)
		for i := range 4 {
			in.Feed(i+1, i+1)
			k.Tick()
		}
		want(t, k.Err(), error(nil))
		want(t, k.Context().State(), streaming.Stopped)
		want(t, k.Context().AwaitTermination(), error(nil))
		same(t, out.Batches(), [][]int{{1, 1}, {2, 2}})
	}
}

// A restart is another context, with the same job: what the old one has gone through is over.
func TestARestartIsAnotherContext(t *testing.T) {
	k, in, out := simple(t)
	old := k.Context()
	in.Feed(1)
	k.Tick()
	k.Restart(t)
	want(t, old.State(), streaming.Stopped)
	want(t, k.Context().State(), streaming.Active)
	in.Feed(2)
	k.Tick()
	want(t, k.Err(), error(nil))
	same(t, out.Batches(), [][]int{{1}, {2}})
	want(t, out.Times()[1].UnixMilli(), int64(2000))
}
