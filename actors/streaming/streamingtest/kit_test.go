package streamingtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

func want(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

// job is the post's job, with a window.
func job(s *streaming.Context) error {
	events := streaming.Events(s)
	events.Print()
	streaming.CountByValue(events).ToKafka("counts", func(e messages.RichEvent) (string, error) { return e.Content(), nil }, streaming.EncodeText[int64])
	events.CountByWindow(2*time.Second, time.Second).Print()
	return nil
}

func TestAJobReadsATopicAndWritesAnother(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	events := streamingtest.Topic(k, "events", 4)
	if err := job(k.Context()); err != nil {
		t.Fatal(err)
	}
	events.Feed("k", `{"content":"a"}`)
	events.Feed("k", `{"content":"b"}`)
	events.Feed("k", `no event`)
	k.Tick()
	k.Restart(t)
	events.Feed("k", `{"content":"a"}`)
	k.Tick()
	want(t, k.Err(), error(nil))
	var wrote []string
	for _, r := range k.Produced() {
		key, _ := r.Key()
		value, _ := r.Value()
		wrote = append(wrote, r.Topic()+" "+key+"="+value)
	}
	want(t, wrote, []string{"counts a=1", "counts b=1", "counts a=1"})
	want(t, len(k.Rejects()), 1)
	bar := strings.Repeat("-", 43)
	block := func(ms int, lines string) string {
		return fmt.Sprintf("%s\nTime: %d ms\n%s\n%s\n", bar, ms, bar, lines)
	}
	want(t, k.Stdout(), block(1000, "a\nb\n")+block(1000, "2\n")+block(2000, "a\n")+block(2000, "3\n"))
}

func TestListenersHearOfEachBatchInOrder(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[int](k, 2)
	in.Stream.ForeachBatch(func(_ context.Context, b streaming.Batch[int]) error {
		if b.Len() == 3 {
			return errors.New("three")
		}
		return nil
	})
	var heard []string
	k.Context().Listen(func(event any) {
		switch e := event.(type) {
		case messages.BatchCompleted:
			_, known := e.Batch.TotalDelay()
			failures := 0
			for range e.Batch.Failures() {
				failures++
			}
			heard = append(heard, fmt.Sprintf("completed %d %v %d", e.Batch.Records, known, failures))
		case messages.BatchSubmitted:
			_, known := e.Batch.ProcessingStart()
			heard = append(heard, fmt.Sprintf("submitted %d %v", e.Batch.Records, known))
		default:
			heard = append(heard, strings.TrimPrefix(reflect.TypeOf(event).String(), "messages."))
		}
	})
	in.Feed(1, 2)
	in.Feed(1, 2, 3)
	k.Tick()
	k.Tick()
	want(t, heard, []string{
		"StreamingStarted", "submitted 2 false", "BatchStarted", "OutputStarted", "OutputCompleted", "completed 2 true 0",
		"submitted 3 false", "BatchStarted", "OutputStarted", "OutputCompleted", "completed 3 true 1",
	})
}

func TestSliceHasBothEnds(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[int](k, 2)
	doubled := streaming.Map(in.Stream, func(i int) int { return 2 * i })
	doubled.Print()
	if _, err := doubled.Slice(time.UnixMilli(0), time.UnixMilli(1000)); err == nil || !strings.Contains(err.Error(), "has not been initialized") {
		t.Error(err)
	}
	for i := range 4 {
		in.Feed(i + 1)
		k.Tick()
	}
	for _, c := range []struct {
		from, to int64
		want     []int
	}{{0, 1000, []int{2}}, {0, 2000, []int{2, 4}}, {1000, 2000, []int{2, 4}}, {2000, 4000, []int{4, 6, 8}}, {1999, 2001, []int{2, 4}}} {
		batches, err := doubled.Slice(time.UnixMilli(c.from), time.UnixMilli(c.to))
		want(t, err, error(nil))
		var all []int
		for _, b := range batches {
			all = append(all, b.Elements()...)
		}
		want(t, all, c.want)
	}
}

// A function of an output may look back from its own batch, which is the last of what it gets, as in Spark's foreachRDD; of a topic as well.
func TestSliceInAnOutputHasItsOwnBatch(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Topic(k, "words", 1)
	words := streaming.Map(streaming.DirectStream(k.Context(), streaming.String, streaming.String, "words"), messages.Record[string, string].Value)
	var seen []string
	words.ForeachBatch(func(_ context.Context, b streaming.Batch[string]) error {
		batches, err := words.Slice(b.Time().Add(-time.Second), b.Time())
		text := ""
		for _, b := range batches {
			text += strings.Join(b.Elements(), "")
		}
		seen = append(seen, text)
		return err
	})
	for _, word := range []string{"a", "b", "c"} {
		in.FeedValue(word)
		k.Tick()
	}
	want(t, k.Err(), error(nil))
	want(t, seen, []string{"a", "ab", "bc"})
}

func TestAQueueGivesOneBatchAtATimeOrAll(t *testing.T) {
	for _, c := range []struct {
		one     bool
		set     []int
		batches [][]int
	}{{true, nil, [][]int{{1}, {2, 3}, nil}}, {true, []int{9}, [][]int{{1}, {2, 3}, {9}}}, {false, nil, [][]int{{1, 2, 3}, nil, nil}}, {false, []int{9}, [][]int{{1, 2, 3}, {9}, {9}}}} {
		k := streamingtest.New(t, time.Second)
		q := streaming.QueueStream[int](k.Context(), c.one)
		if c.set != nil {
			q.Default(c.set...)
		}
		out := streamingtest.Collect(q.Stream)
		q.Push(1)
		q.Push(2, 3)
		for range 3 {
			k.Tick()
		}
		want(t, out.Batches(), c.batches)
	}
}

func TestAFileIsReplacedWhenItsBatchRunsAgain(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "new", "out")
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 2)
	in.Stream.SaveAsTextFiles(prefix, "txt")
	fails := true
	in.Stream.ForeachBatch(func(context.Context, streaming.Batch[string]) error {
		if fails {
			return errors.New("no")
		}
		return nil
	})
	in.Feed("a", "b")
	k.Tick()
	fails = false
	k.Restart(t)
	k.Tick()
	k.Tick()
	want(t, k.Err(), error(nil))
	files, _ := filepath.Glob(prefix + "*")
	want(t, files, []string{prefix + "-1000.txt", prefix + "-2000.txt"})
	text, _ := os.ReadFile(files[0])
	want(t, string(text), "a\nb\n")
}

// Slides are counted from the start of the stream, which is no multiple of the new interval.
func TestAKitWithAnotherIntervalGoesOnFromTheCheckpoint(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		interval time.Duration
		times    []time.Time
	}{
		{2 * time.Second, []time.Time{time.Unix(2, 0), time.Unix(4, 0)}},
		{3 * time.Second, []time.Time{time.Unix(6, 0), time.Unix(9, 0)}},
		{time.Second, []time.Time{time.Unix(10, 0), time.Unix(11, 0)}},
		{7 * time.Second, []time.Time{time.Unix(14, 0), time.Unix(21, 0)}},
	} {
		t.Run(fmt.Sprint(c.interval), func(t *testing.T) {
			k := streamingtest.New(t, c.interval, streamingtest.WithCheckpoint(dir))
			in := streamingtest.Input[int](k, 1)
			out := streamingtest.Collect(streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, func(i int) (int, int) { return i, 1 }), "n",
				func(v []int, s streaming.Option[int]) streaming.Option[int] {
					return streaming.Some(s.OrElse(0) + len(v))
				}).Stream)
			in.Feed(1)
			k.Tick()
			k.Tick()
			want(t, k.Err(), error(nil))
			want(t, out.Times(), c.times)
		})
	}
}

func TestAnotherKitGoesOnFromTheCheckpoint(t *testing.T) {
	dir := t.TempDir()
	run := func(words ...string) string {
		var out string
		t.Run("kit", func(t *testing.T) {
			k := streamingtest.New(t, time.Second, streamingtest.WithCheckpoint(dir))
			in := streamingtest.Input[string](k, 1)
			pairs := streaming.MapToPair(in.Stream, func(w string) (string, int) { return w, 1 })
			streaming.UpdateStateByKey(pairs, "n", func(v []int, s streaming.Option[int]) streaming.Option[int] {
				return streaming.Some(s.OrElse(0) + len(v))
			}).Print()
			in.Feed(words...)
			k.Tick()
			want(t, k.Err(), error(nil))
			out = k.Stdout()
		})
		return out
	}
	run("a", "b")
	if got := run("b"); !strings.Contains(got, "Time: 2000 ms") || !strings.Contains(got, "(a,1)\n(b,2)") {
		t.Error(got)
	}
}

// A kit whose context was stopped lets go of its folder; one that runs does not, as the real program.
func TestAStoppedKitGivesItsFolderToAnother(t *testing.T) {
	dir := t.TempDir()
	open := func() (*streamingtest.Kit, *streamingtest.Output[int64]) {
		k := streamingtest.New(t, time.Second, streamingtest.WithCheckpoint(dir))
		in := streamingtest.Input[int](k, 1)
		out := streamingtest.Collect(in.Stream.CountByWindow(3*time.Second, time.Second))
		in.Feed(1, 2)
		k.Tick()
		return k, out
	}
	first, _ := open()
	if second, _ := open(); second.Err() == nil || !strings.Contains(second.Err().Error(), "in use by instance kit") {
		t.Errorf("got %v", second.Err())
	}
	want(t, first.Context().Stop(true), error(nil))
	third, out := open()
	want(t, third.Err(), error(nil))
	want(t, out.Batches(), [][]int64{{4}})
	want(t, out.Times(), []time.Time{time.Unix(2, 0)})
}

// A start that is refused holds no folder.
// A stop in another goroutine may come at any moment of a Tick: the batch runs whole, or not at all, and not behind the stop.
func TestAStopInAnotherGoroutineMeetsATick(t *testing.T) {
	for range 150 {
		k := streamingtest.New(t, time.Second)
		in := streamingtest.Input[int](k, 1)
		out := streamingtest.Collect(in.Stream.CountByWindow(time.Second, time.Second)) // which is saved
		k.Tick()
		stopped := make(chan error)
		go func() { stopped <- k.Context().Stop(true) }()
		k.Tick()
		k.Tick()
		want(t, <-stopped, error(nil))
		want(t, k.Err(), error(nil))
		ran := len(out.Batches())
		k.Tick()
		want(t, len(out.Batches()), ran)
	}
}

func TestAKitThatDoesNotStartLeavesItsFolder(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) error {
		k := streamingtest.New(t, time.Second, streamingtest.WithCheckpoint(dir))
		pairs := streaming.MapToPair(streamingtest.Input[string](k, 1).Stream, func(w string) (string, int) { return w, 1 })
		streaming.UpdateStateByKey(pairs, name, func([]int, streaming.Option[int]) streaming.Option[int] { return streaming.Some(1) }).Print()
		k.Tick()
		if k.Err() == nil {
			want(t, k.Context().Stop(true), error(nil))
		}
		return k.Err()
	}
	want(t, open("a"), error(nil))
	for range 2 {
		if err := open("b"); err == nil || !strings.Contains(err.Error(), `state was saved for the operation "a", which the job does not have`) {
			t.Errorf("got %v", err)
		}
	}
	want(t, open("a"), error(nil))
}

// The kit's own inputs and outputs stand in the test's file.
func TestWhatAKitAddsIsToldWithTheLineOfTheTest(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[int](k, 1)
	streamingtest.Collect(in.Stream)
	if _, err := in.Stream.Slice(time.Unix(0, 0), time.Unix(1, 0)); err == nil || !strings.HasPrefix(err.Error(), "input at kit_test.go:") {
		t.Errorf("got %v", err)
	}
	var names []string
	k.Context().Listen(func(e any) {
		if o, ok := e.(messages.OutputStarted); ok {
			names = append(names, o.Name)
		}
	})
	k.Tick()
	if len(names) != 1 || !strings.HasPrefix(names[0], "foreachBatch at kit_test.go:") {
		t.Errorf("got %v", names)
	}
}

// With state by partition each partition has its own watermark, and what is kept of it is there again after a Restart.
func TestAKitKeepsStateByPartition(t *testing.T) {
	for name, c := range map[string]struct {
		opts []streamingtest.Option
		want string
	}{
		"by partition": {[]streamingtest.Option{streamingtest.WithStateByPartition()}, "[[] [(a,[1970-01-01T00:00:00Z,1970-01-01T00:00:10Z),3)]]"},
		"as one":       {nil, "[[] []]"}, // partition 1, where nothing has come, holds the watermark back
	} {
		k := streamingtest.New(t, time.Second, c.opts...)
		topic := streamingtest.Topic(k, "events", 2)
		records := streaming.DirectStream(k.Context(), streaming.String, streaming.JSON[int64]())
		timed := streaming.WithEventTime(records, func(r messages.Record[string, int64]) time.Time { return time.Unix(r.Value(), 0) }, 0)
		out := streamingtest.Collect(streaming.TumblingCount(timed, "n", messages.Record[string, int64].Key, 10*time.Second))
		for _, at := range []string{"1", "2", "9"} {
			topic.FeedTo(0, "a", at)
		}
		k.Tick()
		k.Restart(t)
		topic.FeedTo(0, "a", "12")
		k.Tick()
		want(t, k.Err(), error(nil))
		want(t, name+fmt.Sprint(out.Batches()), name+c.want)
	}
}

// The partitions of a batch are in the order of their topics' names, as in the program, and not in that in which a test has made them.
func TestPartitionsAreInTheOrderOfTheirTopics(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	b, a := streamingtest.Topic(k, "b", 1), streamingtest.Topic(k, "a", 2)
	records := streaming.DirectStream(k.Context(), streaming.String, streaming.String, "b", "a")
	out := streamingtest.Collect(streaming.Map(records, messages.Record[string, string].Value))
	b.FeedTo(0, "", "b0")
	a.FeedTo(1, "", "a1")
	a.FeedTo(0, "", "a0")
	k.Tick()
	want(t, k.Err(), error(nil))
	want(t, out.Partitions(), [][][]string{{{"a0"}, {"a1"}, {"b0"}}})
}

func TestASliceThatIsFedStaysTheCallers(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[int](k, 1)
	out := streamingtest.Collect(in.Stream)
	buffer := []int{1, 2}
	in.Feed(buffer...)
	buffer[0] = 9 // reused before the batch has run
	k.Tick()
	if got := out.Batches(); len(got) != 1 || len(got[0]) != 2 || got[0][0] != 1 {
		t.Errorf("%v, want [[1 2]]", got)
	}
}
