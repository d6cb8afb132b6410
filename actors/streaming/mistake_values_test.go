package streaming_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

// kitted runs a job on one batch of two partitions, and gives what it printed and the error.
func kitted(t *testing.T, job func(*streaming.Context, strs), batch ...string) (printed string, err error) {
	t.Helper()
	k := streamingtest.New(t, sec)
	in := streamingtest.Input[string](k, 2)
	job(k.Context(), in.Stream)
	in.Feed(batch...)
	k.Tick()
	return k.Stdout(), k.Err()
}

const longest64 = time.Duration(math.MaxInt64)

func TestValuesBeyondWhatIsPossible(t *testing.T) {
	type ctx = *streaming.Context
	timed := func(s strs) streaming.EventTimed[string] { return streaming.WithEventTime(s, secondOf, 0) }
	for _, c := range []struct {
		job  func(ctx, strs)
		want string
	}{
		{func(_ ctx, s strs) { s.Repartition(math.MaxInt) }, "repartition at %: the number of partitions must be positive and at most 65536, not 9223372036854775807"},
		{func(_ ctx, s strs) { s.Print(math.MinInt) }, "print at %: the number of elements is negative: -9223372036854775808"},
		{func(_ ctx, s strs) { s.Window(1500*time.Microsecond, sec) }, "window at %: The window duration of windowed DStream (1.5ms) must be a multiple of the slide duration of parent DStream (1000 ms)"},
		{func(_ ctx, s strs) { streaming.TumblingCount(timed(s), "x", constant, 1500) }, "tumblingCount at %: the width and the slide of a window must be at least 1µs, and whole microseconds, not 1.5µs and 1.5µs"},
		{func(_ ctx, s strs) { streaming.SlidingCount(timed(s), "x", constant, sec, 1001) }, "slidingCount at %: the width and the slide of a window must be at least 1µs, and whole microseconds, not 1s and 1.001µs"},
		{func(_ ctx, s strs) { streaming.SessionCount(timed(s), "x", constant, longest64) }, "sessionCount at %: the gap between two sessions must be at least 1µs, and whole microseconds, not 2562047h47m16.854775807s"},
		{func(_ ctx, s strs) {
			streaming.SlidingCount(timed(s), "x", constant, 1000*time.Hour, time.Microsecond)
		}, "slidingCount at %: an element would be in 3600000000000 windows, for the width is 1000h0m0s and the slide 1µs; at most 100000 are possible"},
		{func(_ ctx, s strs) { streaming.UpdateStateByKey(streaming.MapToPair(s, one), "x", sum, nil) }, "updateStateByKey at %: an option is nil"},
		{func(c ctx, _ strs) {
			streaming.Events(c, "t")
			c.FromOffsets(map[messages.TopicPartition]int64{{Topic: "t", Partition: -1}: 0})
		}, "fromOffsets at %: there is a start offset for t:-1, but partitions count from 0"},
		{func(_ ctx, s strs) { s.SaveAsTextFiles("x", "a/b") }, `saveAsTextFiles at %: the suffix "a/b" has a '/' in it; folders belong to the prefix`},
		{func(_ ctx, s strs) { s.SaveAsTextFiles("a\x00b", "") }, `saveAsTextFiles at %: a name of a file has no zero byte in it, and the prefix is "a\x00b"`},
		{func(_ ctx, s strs) {
			s.SaveAsTextFiles("x", "txt")
			s.Count().SaveAsTextFiles("x", "txt")
		}, "saveAsTextFiles at %: the files with this prefix and suffix are written by saveAsTextFiles at mistake_values_test.go:"},
	} {
		before, after, _ := strings.Cut(c.want, "%")
		if text := refused(t, c.job); !matches(text, before+"mistake_values_test.go:%"+after) {
			t.Errorf("got %q, want %q", text, c.want)
		}
	}
}

func TestNamesThatNoTopicCanHave(t *testing.T) {
	for _, name := range []string{".", "..", "a/b", "a b", "é", "\xff", "a\x00", strings.Repeat("x", 250)} {
		for op, write := range map[string]func(*streaming.Context, strs){
			"events": func(c *streaming.Context, _ strs) { streaming.Events(c, "fine", name) },
			"directStream": func(c *streaming.Context, _ strs) {
				streaming.DirectStream(c, streaming.String, streaming.String, name)
			},
			"toKafka": func(_ *streaming.Context, s strs) {
				streaming.MapToPair(s, one).ToKafka(name, streaming.EncodeString, streaming.EncodeText[int])
			},
		} {
			if text := refused(t, write); !strings.HasPrefix(text, op+" at mistake_values_test.go:") || !strings.Contains(text, "is no name of a topic: it has at most 249 letters") {
				t.Errorf("%s of %q: %q", op, name, text)
			}
		}
	}
}

func TestPrintAsMuchAsThereIs(t *testing.T) {
	printed, err := kitted(t, func(_ *streaming.Context, s strs) { s.Print(math.MaxInt) }, "a", "b")
	if err != nil || !strings.HasSuffix(printed, "\na\nb\n\n") {
		t.Errorf("%q %v", printed, err)
	}
}

// What is computed with in microseconds would wrap around: a time far away would be a wrong one, on time or late.
func TestEventTimesThatNobodyCanMean(t *testing.T) {
	for name, at := range map[string]time.Time{
		"300000":  time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC),
		"150000":  time.Date(150_000, 1, 1, 0, 0, 0, 0, time.UTC),
		"-300000": time.Date(-300_000, 1, 1, 0, 0, 0, 0, time.UTC),
		"":        time.Unix(math.MaxInt64, 0),
	} {
		for op, write := range map[string]func(streaming.EventTimed[string]){
			"tumbling": func(e streaming.EventTimed[string]) { streaming.TumblingCount(e, "x", constant, sec).Print() },
			"session":  func(e streaming.EventTimed[string]) { streaming.SessionCount(e, "x", constant, sec).Print() },
			"late":     func(e streaming.EventTimed[string]) { e.Late().Print() },
		} {
			_, err := kitted(t, func(_ *streaming.Context, s strs) {
				write(streaming.WithEventTime(s, func(string) time.Time { return at }, 0))
			}, "a")
			if err == nil || !matches(err.Error(), "withEventTime at mistake_values_test.go:%: the event time is in the year "+name) {
				t.Errorf("%s of a time in the year %s: %v", op, name, err)
			}
		}
	}
	_, err := kitted(t, func(_ *streaming.Context, s strs) {
		e := streaming.WithEventTime(s, func(string) time.Time { return time.Time{} }, 0)
		streaming.TumblingCount(e, "x", constant, sec).Print()
	}, "a")
	want(t, err, error(nil)) // the year 1 is one
}

func TestOffsetRangesOfAnInputOfOnesOwnThatAreNotOneForEachPartition(t *testing.T) {
	for n := range 4 {
		_, err := kitted(t, func(c *streaming.Context, _ strs) {
			streaming.NewRangedInput(c, justOne, func(time.Time) []messages.OffsetRange { return make([]messages.OffsetRange, n) }).Print()
		})
		if fine := n < 2; fine != (err == nil) {
			t.Errorf("%d ranges: %v", n, err)
		}
		if n == 2 && !matches(err.Error(), "input at mistake_values_test.go:%: there are 2 offset ranges for 1 partitions; there must be one for each, or none") {
			t.Error(err)
		}
	}
	_, err := kitted(t, func(c *streaming.Context, _ strs) {
		streaming.NewRangedInput(c, justOne, func(time.Time) []messages.OffsetRange { panic("no offsets") }).Print()
	})
	if err == nil || !matches(err.Error(), "input at mistake_values_test.go:%: panic: no offsets") {
		t.Error(err)
	}
}

// Such a key could be entered and never found again: a count of it would be 1 each time it comes.
func TestAKeyThatIsNotEqualToItselfFailsTheBatch(t *testing.T) {
	nan := func(string) float64 { return math.NaN() }
	inAStruct := func(string) [1]any { return [1]any{math.NaN()} }
	pair := func(w string) (float64, int) { return nan(w), 1 }
	type floats = streaming.PairStream[float64, int]
	with := func(op func(floats)) func(strs) { return func(s strs) { op(streaming.MapToPair(s, pair)) } }
	for op, write := range map[string]func(strs){
		"reduceByKey":               with(func(p floats) { p.ReduceByKey(add).Print() }),
		"groupByKey":                with(func(p floats) { streaming.GroupByKey(p).Print() }),
		"join":                      with(func(p floats) { streaming.Join(p, p).Print() }),
		"countByValue":              func(s strs) { streaming.CountByValue(streaming.Map(s, nan)).Print() },
		"countByValue, in an array": func(s strs) { streaming.CountByValue(streaming.Map(s, inAStruct)).Print() },
		"updateStateByKey":          with(func(p floats) { streaming.UpdateStateByKey(p, "x", sum).Print() }),
		"updateStateByKey, at first": with(func(p floats) {
			of := streaming.InitialState(streaming.Pair[float64, int]{Key: math.NaN(), Value: 1})
			streaming.UpdateStateByKey(streaming.MapToPair(p.Stream, func(streaming.Pair[float64, int]) (float64, int) { return 0, 0 }), "x", sum, of).Print()
		}),
		"reduceByKeyAndWindow":  with(func(p floats) { p.ReduceByKeyAndWindowInverse(add, subtract, sec, sec, nil).Print() }),
		"countByValueAndWindow": func(s strs) { streaming.CountByValueAndWindow(streaming.Map(s, nan), sec, sec).Print() },
		"tumblingCount": func(s strs) {
			streaming.TumblingCount(streaming.WithEventTime(s, secondOf, 0), "x", nan, sec).Print()
		},
		"sessionCount": func(s strs) { streaming.SessionCount(streaming.WithEventTime(s, secondOf, 0), "x", nan, sec).Print() },
	} {
		name, _, _ := strings.Cut(op, ",")
		_, err := kitted(t, func(_ *streaming.Context, s strs) { write(s) }, "1", "2")
		if err == nil || !strings.HasPrefix(err.Error(), name+" at mistake_values_test.go:") || !strings.Contains(err.Error(), "NaN") || !strings.Contains(err.Error(), "is not equal to itself") {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// -0 and 0 are equal, and so they are one key, also behind a restart.
func TestMinusZeroIsZero(t *testing.T) {
	k := streamingtest.New(t, sec)
	in := streamingtest.Input[float64](k, 2)
	counts := streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, func(v float64) (float64, int) { return v, 1 }), "x", sum)
	out := streamingtest.Collect(streaming.Map(counts.Stream, func(p streaming.Pair[float64, int]) string { return fmt.Sprint(math.Abs(p.Key), p.Value) }))
	minus := math.Copysign(0, -1)
	for _, batch := range [][]float64{{minus, 0}, {0}, {minus}} {
		in.Feed(batch...)
		k.Tick()
		k.Restart(t)
	}
	want(t, k.Err(), error(nil))
	same(t, out.Batches(), [][]string{{"0 2"}, {"0 3"}, {"0 4"}})
}

func TestTermsOfTheRateEstimatorThatAreNoNumbers(t *testing.T) {
	for _, term := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for at := range 4 {
			terms := [4]float64{1, 0.2, 0, 100}
			terms[at] = term
			if e, err := streaming.NewPIDRateEstimator(sec, terms[0], terms[1], terms[2], terms[3]); e != nil || err == nil || !strings.Contains(err.Error(), fmt.Sprint(term)) {
				t.Errorf("term %d of %v: %v", at, term, err)
			}
		}
	}
}

// A rate, or a minimum, that is no number or has no end must not become a negative number of records.
func TestRatesThatAreNoNumbersLeaveSomethingAllowed(t *testing.T) {
	for _, rate := range []float64{5, math.Inf(1), math.NaN()} {
		for _, least := range []float64{-1, math.NaN(), math.Inf(1)} {
			l := streaming.RateLimits{Interval: sec, MinPerPartition: func(int32) float64 { return least }, MaxPerPartition: func(int32) float64 { return rate }}
			for p, n := range l.Allowed(rate, map[int32]int64{1: 10, 2: 0}) {
				if n < 1 {
					t.Errorf("a rate of %v, and at least %v: %d records of partition %d", rate, least, n, p)
				}
			}
		}
	}
}
