package streaming_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// refused writes a job and gives the error of its start.
func refused(t *testing.T, job func(*streaming.Context, strs), opts ...streamingtest.Option) string {
	t.Helper()
	k := streamingtest.New(t, sec, opts...)
	in := streamingtest.Input[string](k, 1)
	in.Stream.Print()
	job(k.Context(), in.Stream)
	if err := k.Context().Start(); err != nil {
		return err.Error()
	}
	return ""
}

func TestWidthsAndSlidesOfEveryWindow(t *testing.T) {
	for op, write := range map[string]func(s strs, p keyedInts, width, slide time.Duration){
		"window":         func(s strs, _ keyedInts, w, d time.Duration) { s.Window(w, d) },
		"reduceByWindow": func(s strs, _ keyedInts, w, d time.Duration) { s.ReduceByWindow(first2[string], w, d) },
		"reduceByWindow, 2": func(s strs, _ keyedInts, w, d time.Duration) {
			s.ReduceByWindowInverse(first2[string], first2[string], w, d)
		},
		"countByWindow":           func(s strs, _ keyedInts, w, d time.Duration) { s.CountByWindow(w, d) },
		"countByValueAndWindow":   func(s strs, _ keyedInts, w, d time.Duration) { streaming.CountByValueAndWindow(s, w, d) },
		"groupByKeyAndWindow":     func(_ strs, p keyedInts, w, d time.Duration) { streaming.GroupByKeyAndWindow(p, w, d) },
		"reduceByKeyAndWindow":    func(_ strs, p keyedInts, w, d time.Duration) { p.ReduceByKeyAndWindow(add, w, d) },
		"reduceByKeyAndWindow, 2": func(_ strs, p keyedInts, w, d time.Duration) { p.ReduceByKeyAndWindowInverse(add, subtract, w, d, nil) },
	} {
		name, _, _ := strings.Cut(op, ",")
		for _, wrong := range []time.Duration{0, -sec, sec / 2, 3 * sec / 2, 3*sec + 1} {
			for what, text := range map[string]string{
				"window": refused(t, func(_ *streaming.Context, s strs) { write(s, streaming.MapToPair(s, one), wrong, sec) }),
				"slide":  refused(t, func(_ *streaming.Context, s strs) { write(s, streaming.MapToPair(s, one), 2*sec, wrong) }),
			} {
				if !strings.Contains(text, name+" at mistake_arguments_test.go:") || !strings.Contains(text, "The "+what+" duration of ") {
					t.Errorf("%s: a %s of %v is refused with %q", op, what, wrong, text)
				}
			}
		}
	}
}

func TestNamesOfEveryStateAndDurationsInEventTime(t *testing.T) {
	type timed = streaming.EventTimed[string]
	for op, write := range map[string]func(e timed, p keyedInts, name string, width time.Duration){
		"updateStateByKey": func(_ timed, p keyedInts, n string, _ time.Duration) { streaming.UpdateStateByKey(p, n, sum) },
		"mapWithState":     func(_ timed, p keyedInts, n string, _ time.Duration) { streaming.MapWithState(p, n, countAll) },
		"tumblingCount":    func(e timed, _ keyedInts, n string, w time.Duration) { streaming.TumblingCount(e, n, constant, w) },
		"slidingCount":     func(e timed, _ keyedInts, n string, w time.Duration) { streaming.SlidingCount(e, n, constant, sec, w) },
		"sessionCount":     func(e timed, _ keyedInts, n string, w time.Duration) { streaming.SessionCount(e, n, constant, w) },
		"tumbling":         func(e timed, _ keyedInts, n string, w time.Duration) { streaming.Tumbling(e, n, constant, w, longest) },
		"sliding": func(e timed, _ keyedInts, n string, w time.Duration) {
			streaming.Sliding(e, n, constant, w, sec, longest)
		},
		"session": func(e timed, _ keyedInts, n string, w time.Duration) { streaming.Session(e, n, constant, w, longest) },
	} {
		at := op + " at mistake_arguments_test.go:"
		wrong := func(names []string, width time.Duration, sentence string) {
			t.Helper()
			text := refused(t, func(_ *streaming.Context, s strs) {
				for _, name := range names {
					write(streaming.WithEventTime(s, secondOf, 0), streaming.MapToPair(s, one), name, width)
				}
			})
			if !strings.Contains(text, at) || !strings.Contains(text, sentence) {
				t.Errorf("got %q, want %q of %s", text, sentence, op)
			}
		}
		wrong([]string{""}, sec, "needs a name")
		wrong([]string{"x", "x"}, sec, `the name "x" is taken by `+at)
		if strings.Contains(op, "State") {
			continue
		}
		wrong([]string{"x"}, 0, "at least 1µs")
		wrong([]string{"x"}, -sec, "at least 1µs")
		wrong([]string{"x"}, 10, "at least 1µs")
		if strings.HasPrefix(op, "sliding") {
			narrow := map[string]time.Duration{"slidingCount": 2 * sec, "sliding": sec / 2}[op]
			wrong([]string{"x"}, narrow, "is longer than the width")
		}
	}
}

func TestOtherArgumentsThatCannotBe(t *testing.T) {
	type ctx = *streaming.Context
	for _, c := range []struct {
		job  func(ctx, strs)
		want string
	}{
		{func(_ ctx, s strs) { s.Repartition(0) }, "repartition at %: the number of partitions must be positive"},
		{func(_ ctx, s strs) { s.Repartition(-1) }, "repartition at %: the number of partitions must be positive"},
		{func(_ ctx, s strs) { s.Print(-1) }, "print at %: the number of elements is negative"},
		{func(_ ctx, s strs) { s.Print(1, 2) }, "print at %: there is more than one number of elements"},
		{func(_ ctx, s strs) { s.SaveAsTextFiles("", "x") }, "saveAsTextFiles at %: the prefix is empty"},
		{func(_ ctx, s strs) {
			streaming.MapToPair(s, one).ToKafka("", streaming.EncodeString, streaming.EncodeText[int])
		}, "toKafka at %: the topic is empty"},
		{func(c ctx, _ strs) { streaming.Events(c, "a", "") }, "events at %: the name of a topic is empty"},
		{func(c ctx, _ strs) { streaming.TransformAll[string, string](c, nil, anyOf) }, "transform at %: List of DStreams to transform is empty"},
		{func(c ctx, _ strs) { streaming.Union[string](c) }, "union at %: List of DStreams to union is empty"},
		{func(c ctx, s strs) { streaming.Union(c, s, strs{}) }, "union at %: the stream is the zero value"},
		{func(_ ctx, s strs) { streaming.WithEventTime(s, secondOf, -1) }, "withEventTime at %: the allowed lateness is negative"},
		{func(_ ctx, s strs) { streaming.WithEventTime(s, secondOf, 0).IdleAfter(0) }, "idleAfter at %: the time after which a partition is idle must be positive"},
		{func(_ ctx, s strs) {
			streaming.MapWithState(streaming.MapToPair(s, one), "x", streaming.StateSpec[string, int, int, string]{Function: countAll.Function, Timeout: -1})
		}, "mapWithState at %: the timeout is negative"},
		{func(c ctx, _ strs) { c.Remember(-1) }, "remember at %: the time to remember is negative"},
		{func(c ctx, _ strs) { c.Listen(nil) }, "listen at %: the function is nil"},
		{func(c ctx, _ strs) { streaming.SetCodec(c, streaming.Codec[string]{}) }, "setCodec at %: the codec of string has no Encode or no Decode"},
		{func(_ ctx, s strs) { streaming.TransformWith(s, s.Window(2*sec, 2*sec), firstOf) }, "transformWith at %: Some of the DStreams have different slide durations (1000 ms and 2000 ms)"},
		{func(_ ctx, s strs) {
			every2 := s.Window(2*sec, 2*sec)
			streaming.Join(streaming.MapToPair(s, one), streaming.MapToPair(every2, x))
		}, "join at %: Some of the DStreams have different slide durations (1000 ms and 2000 ms)"},
	} {
		before, after, _ := strings.Cut(c.want, "%")
		if text := refused(t, c.job); !matches(text, before+"mistake_arguments_test.go:%"+after) {
			t.Errorf("got %q, want %q", text, c.want)
		}
	}
	none := refused(t, func(c *streaming.Context, _ strs) { streaming.Events(c) }, streamingtest.WithTopics())
	if !matches(none, "events at mistake_arguments_test.go:%: there is no topic to read") {
		t.Errorf("without a topic: %q", none)
	}
}

func TestEveryOperationOfTwoStreamsRefusesTwoContexts(t *testing.T) {
	for op, write := range map[string]func(*streaming.Context, strs, strs){
		"union":         func(_ *streaming.Context, a, b strs) { a.Union(b) },
		"union, 2":      func(c *streaming.Context, _, b strs) { streaming.Union(c, b) },
		"transform":     func(c *streaming.Context, _, b strs) { streaming.TransformAll(c, []strs{b}, anyOf) },
		"transformWith": func(_ *streaming.Context, a, b strs) { streaming.TransformWith(a, b, firstOf) },
		"join": func(_ *streaming.Context, a, b strs) {
			streaming.Join(streaming.MapToPair(a, one), streaming.MapToPair(b, x))
		},
		"leftOuterJoin": func(_ *streaming.Context, a, b strs) {
			streaming.LeftOuterJoin(streaming.MapToPair(a, one), streaming.MapToPair(b, x))
		},
		"rightOuterJoin": func(_ *streaming.Context, a, b strs) {
			streaming.RightOuterJoin(streaming.MapToPair(a, one), streaming.MapToPair(b, x))
		},
		"fullOuterJoin": func(_ *streaming.Context, a, b strs) {
			streaming.FullOuterJoin(streaming.MapToPair(a, one), streaming.MapToPair(b, x))
		},
		"cogroup": func(_ *streaming.Context, a, b strs) {
			streaming.CoGroup(streaming.MapToPair(a, one), streaming.MapToPair(b, x))
		},
	} {
		name, _, _ := strings.Cut(op, ",")
		text := refused(t, func(c *streaming.Context, s strs) {
			write(c, s, streamingtest.Input[string](streamingtest.New(t, sec), 1).Stream)
		})
		if !matches(text, name+" at mistake_arguments_test.go:%: Some of the DStreams have different contexts") {
			t.Errorf("%s: %q", op, text)
		}
	}
}

func TestACodecThatPanicsOrFailsIsToldWithTheOperationThatSaves(t *testing.T) {
	for text, encode := range map[string]func([]byte, int) ([]byte, error){
		"panic: no room": func([]byte, int) ([]byte, error) { panic("no room") },
		"no ink":         func([]byte, int) ([]byte, error) { return nil, errors.New("no ink") },
	} {
		k := streamingtest.New(t, sec)
		in := streamingtest.Input[string](k, 1)
		streaming.SetCodec(k.Context(), streaming.Codec[int]{Name: "mine", Encode: encode, Decode: func(string) (int, error) { return 0, nil }})
		streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, one), "words", sum).Print()
		in.Feed("a")
		k.Tick()
		if k.Err() == nil || !matches(k.Err().Error(), `updateStateByKey at mistake_arguments_test.go:%: the state "words" cannot be saved: `+text) {
			t.Errorf("%s: %v", text, k.Err())
		}
	}
	k := streamingtest.New(t, sec)
	in := streamingtest.Input[string](k, 1)
	streaming.SetCodec(k.Context(), streaming.Codec[int]{Name: "mine", Encode: func(dst []byte, _ int) ([]byte, error) { return dst, nil },
		Decode: func(string) (int, error) { panic("no glasses") }})
	streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, one), "words", sum).Print()
	in.Feed("a")
	k.Tick()
	k.Restart(t)
	if k.Err() == nil || !matches(k.Err().Error(), `updateStateByKey at mistake_arguments_test.go:%: the state "words" cannot be read: panic: no glasses`) {
		t.Errorf("decoding: %v", k.Err())
	}
}

func TestAListenerThatPanicsIsNamedInTheLogAndTheStreamGoesOn(t *testing.T) {
	var log strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	k, in, out := simple(t)
	k.Context().Listen(func(any) { panic("deaf") })
	in.Feed(1)
	k.Tick()
	want(t, k.Err(), error(nil))
	same(t, out.Batches(), [][]int{{1}})
	if text := log.String(); !strings.Contains(text, "mistake_arguments_test.go:") || !strings.Contains(text, "deaf") {
		t.Errorf("the log says %q", text)
	}
}
