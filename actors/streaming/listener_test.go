package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

// What is known of a batch grows: nothing of its processing when it is submitted, the scheduling delay when it starts, all in the end.
func TestDelaysAreKnownWhenTheyAre(t *testing.T) {
	k, in, _ := simple(t)
	var infos []messages.BatchInfo
	var known []string
	k.Context().Listen(func(event any) {
		var b messages.BatchInfo
		switch e := event.(type) {
		case messages.BatchSubmitted:
			b = e.Batch
		case messages.BatchStarted:
			b = e.Batch
		case messages.BatchCompleted:
			b = e.Batch
		default:
			return
		}
		waited, started := b.SchedulingDelay()
		took, ended := b.ProcessingDelay()
		total, over := b.TotalDelay()
		infos, known = append(infos, b), append(known, fmt.Sprintln(started, ended, over, b.Records))
		if !started && waited != 0 || !ended && took != 0 || !over && total != 0 {
			t.Errorf("a delay that is not known is %v, %v, %v", waited, took, total)
		}
		if over && total != waited+took || started && waited < 0 || ended && took < 0 {
			t.Errorf("%v + %v = %v", waited, took, total)
		}
	})
	for i := range 4 {
		in.Feed(i)
		k.Tick()
	}
	want(t, strings.Join(known, ""), strings.Repeat("false false false 1\ntrue false false 1\ntrue true true 1\n", 4))
	for i := 3; i < len(infos); i++ {
		if infos[i].Submitted.Before(infos[i-3].Submitted) || !infos[i].Time.After(infos[i-3].Time) {
			t.Error("the batches are not in order")
		}
	}
}

// Every output is told of, in the order of registration; one that fails does not keep the others from running, and each has its own reason.
func TestOutputsThatFailAreToldOneByOne(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[int](k, 1)
	fails := func(text string) func(context.Context, intBatch) error {
		return func(context.Context, intBatch) error {
			if text == "" {
				return nil
			}
			return errors.New(text)
		}
	}
	for _, text := range []string{"", "This is a failed job", "", "This is another failed job"} {
		in.Stream.ForeachBatch(fails(text))
	}
	in.Stream.Print()
	var events []string
	var failures map[int]string
	k.Context().Listen(func(event any) {
		switch e := event.(type) {
		case messages.OutputStarted:
			events = append(events, fmt.Sprintf("start %d %d", e.ID, e.Time.UnixMilli()))
		case messages.OutputCompleted:
			events = append(events, fmt.Sprintf("end %d %v", e.ID, e.Failure != ""))
		case messages.BatchCompleted:
			failures = maps.Collect(e.Batch.Failures())
		}
	})
	in.Feed(1)
	k.Tick()
	want(t, events, []string{"start 0 1000", "end 0 false", "start 1 1000", "end 1 true", "start 2 1000", "end 2 false", "start 3 1000", "end 3 true", "start 4 1000", "end 4 false"})
	want(t, len(failures), 2)
	if !strings.Contains(failures[1], "This is a failed job") || !strings.Contains(failures[3], "This is another failed job") {
		t.Errorf("got %v", failures)
	}
	if k.Err() == nil || !strings.Contains(k.Err().Error(), "This is a failed job") {
		t.Errorf("the first error counts, got %v", k.Err())
	}
	if !strings.Contains(k.Stdout(), "Time: 1000 ms") {
		t.Error("print did not run")
	}
}

// A batch that fails before its outputs, in the narrow half of a topic, in that of an input or in a merge: every output that was due has
// failed with it, and says why, as Spark's jobs do.
func TestABatchThatFailsBeforeItsOutputsFailsThem(t *testing.T) {
	type source func(k *streamingtest.Kit) (streaming.Stream[string], func())
	topic := func(k *streamingtest.Kit) (streaming.Stream[string], func()) {
		in := streamingtest.Topic(k, "words", 1)
		records := streaming.DirectStream(k.Context(), streaming.String, streaming.String, "words")
		return streaming.Map(records, messages.Record[string, string].Value), func() { in.FeedValue("a") }
	}
	own := func(k *streamingtest.Kit) (streaming.Stream[string], func()) {
		in := streamingtest.Input[string](k, 1)
		return in.Stream, func() { in.Feed("a") }
	}
	narrow := func(s streaming.Stream[string]) streaming.Stream[string] {
		return streaming.Map(s, func(string) string { panic("error in map task") })
	}
	merge := func(s streaming.Stream[string]) streaming.Stream[string] {
		return streaming.Transform(s, func(*streaming.Batch[string]) (*streaming.Batch[string], error) {
			return nil, errors.New("error in map task")
		})
	}
	for name, c := range map[string]struct {
		of    source
		fails func(streaming.Stream[string]) streaming.Stream[string]
	}{"topic": {topic, narrow}, "input": {own, narrow}, "merge": {topic, merge}} {
		t.Run(name, func(t *testing.T) {
			k := streamingtest.New(t, time.Second)
			s, feed := c.of(k)
			failing := c.fails(s)
			failing.Print()
			failing.Window(2*time.Second, 2*time.Second).Print() // not due in the first batch
			s.Print()
			var events []string
			var failures map[int]string
			k.Context().Listen(func(event any) {
				switch e := event.(type) {
				case messages.OutputStarted:
					events = append(events, fmt.Sprint("start ", e.ID))
				case messages.OutputCompleted:
					events = append(events, fmt.Sprintf("end %d %v", e.ID, strings.Contains(e.Failure, "error in map task")))
				case messages.BatchCompleted:
					failures = maps.Collect(e.Batch.Failures())
				}
			})
			feed()
			k.Tick()
			want(t, events, []string{"start 0", "end 0 true", "start 2", "end 2 true"})
			want(t, failures, map[int]string{0: k.Err().Error(), 2: k.Err().Error()})
			want(t, k.Stdout(), "")
		})
	}
}

func TestAListenerCannotStopTheStreamAndHearsNothingAfterTheStop(t *testing.T) {
	k, in, _ := simple(t)
	var stops []error
	heard := 0
	c := k.Context()
	c.Listen(func(event any) {
		heard++
		if _, ok := event.(messages.BatchCompleted); ok {
			stops = append(stops, c.Stop(true))
		}
	})
	in.Feed(1)
	k.Tick()
	want(t, len(stops), 1)
	if !errors.Is(stops[0], streaming.ErrStopInListener) || stops[0].Error() != "Cannot stop StreamingContext within listener bus thread." {
		t.Errorf("got %v", stops)
	}
	want(t, c.State(), streaming.Active)
	want(t, c.Stop(true), error(nil))
	before := heard
	k.Tick()
	want(t, heard, before)
}

func TestQueueStream(t *testing.T) {
	for name, c := range map[string]struct {
		one     bool
		pushes  [][]int // before each tick
		set     []int
		batches string
	}{
		"one at a time":            {true, [][]int{{1, 2}, {3, 4}, {5}, {}, {}, {}}, nil, "[[1] [2] [3] [4] [5] []]"},
		"all at once":              {false, [][]int{{1, 2, 3}, {4, 5}, {}}, nil, "[[1 2 3] [4 5] []]"},
		"one at a time, a default": {true, [][]int{{1, 2}, {}, {}}, []int{9}, "[[1] [2] [9]]"},
		"all at once, a default":   {false, [][]int{{1, 2}, {}, {}}, []int{9}, "[[1 2] [9] [9]]"},
	} {
		k := streamingtest.New(t, time.Second)
		q := streaming.QueueStream[int](k.Context(), c.one)
		if c.set != nil {
			q.Default(c.set...)
		}
		out := streamingtest.Collect(q.Stream)
		for _, pushes := range c.pushes {
			for _, i := range pushes {
				q.Push(i)
			}
			k.Tick()
		}
		want(t, k.Err(), error(nil))
		want(t, name+fmt.Sprint(out.Batches()), name+c.batches)
	}
}

// An empty queue is a batch without elements and without partitions; what was pushed, or is the default, is one partition.
func TestAnEmptyQueueHasNoPartition(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	q, d := streaming.QueueStream[int](k.Context(), false), streaming.QueueStream[int](k.Context(), false).Default()
	out, defaults, counts := streamingtest.Collect(streaming.Glom(q.Stream)), streamingtest.Collect(streaming.Glom(d.Stream)), streamingtest.Collect(q.Stream.Count())
	k.Tick()
	q.Push()
	k.Tick()
	q.Push(1)
	q.Push(2)
	k.Tick()
	want(t, k.Err(), error(nil))
	want(t, fmt.Sprint(out.Batches(), defaults.Batches(), counts.Batches()), "[[] [[]] [[1] [2]]] [[[]] [[]] [[]]] [[0] [0] [2]]")
}
