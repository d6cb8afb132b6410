package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

const second1 = time.Second

func TestWindowsOfElements(t *testing.T) {
	batches := [][]int{{0}, {1}, {2}, {3}, {4}, {5}, {}, {}}
	for _, c := range []struct {
		name         string
		width, slide time.Duration
		want         [][]int
	}{
		{"basic", 2 * second1, second1, [][]int{{0}, {0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5}, {}}},
		{"tumbling", 2 * second1, 2 * second1, [][]int{{0, 1}, {2, 3}, {4, 5}, {}}},
		{"larger than the slide", 4 * second1, 2 * second1, [][]int{{0, 1}, {0, 1, 2, 3}, {2, 3, 4, 5}, {4, 5}}},
		{"smaller than the slide", second1, 2 * second1, [][]int{{1}, {3}, {5}, {}}},
		{"longer than the stream", 9 * second1, 4 * second1, [][]int{{0, 1, 2, 3}, {0, 1, 2, 3, 4, 5}}},
	} {
		operates(t, c.name, func(s ints) ints { return s.Window(c.width, c.slide) }, batches, c.want)
	}
	operates(t, "countByWindow", func(s ints) streaming.Stream[int64] { return s.CountByWindow(2*second1, second1) },
		[][]int{{}, {1}, {1}, {1, 2}, {0}, {}, {}}, [][]int64{{0}, {1}, {2}, {3}, {3}, {1}, {0}})
	operates(t, "countByValueAndWindow", func(s strs) streaming.Stream[streaming.Pair[string, int64]] {
		return streaming.CountByValueAndWindow(s, 2*second1, second1).Stream
	}, [][]string{{"a"}, {"b", "b"}, {"a", "b"}, {}, {}}, [][]streaming.Pair[string, int64]{
		{kv("a", int64(1))}, {kv("a", int64(1)), kv("b", int64(2))}, {kv("a", int64(1)), kv("b", int64(3))}, {kv("a", int64(1)), kv("b", int64(1))}, {}})
	for name, op := range map[string]func(s ints) ints{
		"reduceByWindow": func(s ints) ints { return s.ReduceByWindow(add, 2*second1, second1) },
	} {
		operates(t, name, op, [][]int{{}, {1}, {2, 3}, {}, {}, {4}}, [][]int{{}, {1}, {6}, {5}, {}, {4}})
	}
	operates(t, "reduceByWindow with an inverse", func(s ints) ints { return s.ReduceByWindowInverse(add, subtract, 2*second1, second1) },
		[][]int{{}, {1}, {2, 3}, {}, {}, {4}}, [][]int{{}, {1}, {6}, {5}, {0}, {4}})
}

// The width and slide are counted from the start of the stream, also behind an operation and in a window of windows.
func TestAWindowBehindAWindow(t *testing.T) {
	operates(t, "count of a tumbling window, twice", func(s ints) ints {
		return streaming.Map(s.Window(2*second1, 2*second1).Count().Window(4*second1, 4*second1), func(n int64) int { return int(n) })
	}, [][]int{{1}, {2}, {3, 4}, {}, {5}, {6}, {7}, {8}}, [][]int{{2, 2}, {2, 2}})
}

var bigInput = [][]counts{
	{kv("a", 1)}, {kv("a", 1), kv("b", 1)}, {kv("a", 1), kv("b", 1), kv("c", 1)}, {kv("a", 1), kv("b", 1)}, {kv("a", 1)}, {},
	{kv("a", 1)}, {kv("a", 1), kv("b", 1)}, {kv("a", 1), kv("b", 1), kv("c", 1)}, {kv("a", 1), kv("b", 1)}, {kv("a", 1)}, {},
}

func asPairs(s streaming.Stream[counts]) streaming.PairStream[string, int] {
	return streaming.MapToPair(s, func(p counts) (string, int) { return p.Key, p.Value })
}

func TestReduceByKeyAndWindow(t *testing.T) {
	reduced := [][]counts{abc(1), abc(2, 1), abc(2, 2, 1), abc(2, 2, 1), abc(2, 1), abc(1), abc(1), abc(2, 1), abc(2, 2, 1), abc(2, 2, 1), abc(2, 1), abc(1)}
	carried := [][]counts{abc(1), abc(2, 1), abc(2, 2, 1), abc(2, 2, 1), abc(2, 1, 0), abc(1, 0, 0), abc(1, 0, 0), abc(2, 1, 0), abc(2, 2, 1), abc(2, 2, 1), abc(2, 1, 0), abc(1, 0, 0)}
	plain := func(width, slide time.Duration) func(streaming.Stream[counts]) streaming.Stream[counts] {
		return func(s streaming.Stream[counts]) streaming.Stream[counts] {
			return asPairs(s).ReduceByKeyAndWindow(add, width, slide).Stream
		}
	}
	inverse := func(width, slide time.Duration, keep func(string, int) bool) func(streaming.Stream[counts]) streaming.Stream[counts] {
		return func(s streaming.Stream[counts]) streaming.Stream[counts] {
			return asPairs(s).ReduceByKeyAndWindowInverse(add, subtract, width, slide, keep).Stream
		}
	}
	large := [][]counts{abc(1), abc(2), abc(3), abc(4), abc(5), abc(6), {}, {}}
	for name, c := range map[string]struct {
		op      func(streaming.Stream[counts]) streaming.Stream[counts]
		batches [][]counts
		want    [][]counts
	}{
		"basic":                            {plain(2*second1, second1), [][]counts{abc(1), abc(3), {}, {}}, [][]counts{abc(1), abc(4), abc(3), {}}},
		"a key with a value already":       {plain(2*second1, second1), [][]counts{abc(1), append(abc(2), abc(3)...), {}, {}}, [][]counts{abc(1), abc(6), abc(5), {}}},
		"a new key":                        {plain(2*second1, second1), [][]counts{abc(1), abc(1, 1), {}, {}}, [][]counts{abc(1), abc(2, 1), abc(1, 1), {}}},
		"large slide":                      {plain(4*second1, 2*second1), large, [][]counts{abc(3), abc(10), abc(18), abc(11)}},
		"large slide with an inverse":      {inverse(4*second1, 2*second1, nil), large, [][]counts{abc(3), abc(10), abc(18), abc(11)}},
		"big":                              {plain(2*second1, second1), bigInput, reduced},
		"big with an inverse":              {inverse(2*second1, second1, nil), bigInput, carried},
		"big with an inverse and a filter": {inverse(2*second1, second1, func(_ string, n int) bool { return n != 0 }), bigInput, reduced},
	} {
		operates(t, name, c.op, c.batches, c.want)
	}
	groups := func(s streaming.Stream[counts]) streaming.Stream[string] {
		return shown(streaming.GroupByKeyAndWindow(asPairs(s), 2*second1, second1).Stream)
	}
	operates(t, "groupByKeyAndWindow", groups, bigInput[:6],
		[][]string{{"(a,[1])"}, {"(a,[1 1])", "(b,[1])"}, {"(a,[1 1])", "(b,[1 1])", "(c,[1])"}, {"(a,[1 1])", "(b,[1 1])", "(c,[1])"}, {"(a,[1 1])", "(b,[1])"}, {"(a,[1])"}})
}

// The times of windows are multiples of the slide; a batch that fails is in the next windows when it has run again.
// A batch that failed is run again behind later ones: its window has what it should have, and so have those of the later ones from then on.
func TestAWindowIsRightWhenAFailedBatchRunsLate(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 2)
	pairs, failing := streaming.MapToPair(in.Stream, one), false
	alive := func(_ string, n int) bool { return n > 0 }
	anew := streamingtest.Collect(streaming.MapValues(pairs.ReduceByKeyAndWindow(add, 3*time.Second, time.Second), func(n int) int { return n }).Stream)
	inverse := streamingtest.Collect(pairs.ReduceByKeyAndWindowInverse(add, subtract, 3*time.Second, time.Second, alive).Stream)
	in.Stream.ForeachBatch(func(context.Context, streaming.Batch[string]) error {
		if failing {
			return errors.New("asked for")
		}
		return nil
	})
	for _, batch := range []string{"a b", "a c c", "a", "b", "c d", "", "a", "b", "", ""} {
		in.Feed(strings.Fields(batch)...)
	}
	for i := range 11 {
		failing = i == 1
		k.Tick()
		if i == 3 {
			k.Restart(t) // the second batch runs next
		}
	}
	want(t, k.Err(), error(nil))
	for i, batch := range anew.Batches() {
		byKey := func(a, b counts) int { return strings.Compare(a.Key, b.Key) }
		want(t, fmt.Sprint(i, slices.SortedFunc(slices.Values(inverse.Batches()[i]), byKey)), fmt.Sprint(i, slices.SortedFunc(slices.Values(batch), byKey)))
	}
}

func TestTheTimesOfWindows(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[int](k, 1)
	out := streamingtest.Collect(in.Stream.Window(2*second1, 3*second1))
	for i := range 7 {
		in.Feed(i)
		k.Tick()
	}
	times := ""
	for i, at := range out.Times() {
		times += fmt.Sprint(at.UnixMilli(), out.Batches()[i])
	}
	want(t, times, "3000 [1 2]6000 [4 5]")
}

// Slides are counted from the start of the stream, also when its first batch fails in the narrow half of a topic and nothing is merged.
func TestAFirstBatchThatFailsDoesNotMoveTheSlides(t *testing.T) {
	k := streamingtest.New(t, second1)
	topic := streamingtest.Topic(k, "words", 1)
	records := streaming.DirectStream(k.Context(), streaming.String, streaming.String, "words")
	words := streaming.Map(records, func(r messages.Record[string, string]) string {
		if r.Value() == "bad" {
			panic("a bad word")
		}
		return r.Value()
	})
	out := streamingtest.Collect(words.Window(2*second1, 2*second1))
	for _, word := range []string{"bad", "b", "c", "d", "e"} {
		topic.FeedValue(word)
		k.Tick()
	}
	if k.Err() == nil {
		t.Error("the first batch did not fail")
	}
	want(t, out.Batches(), [][]string{{"b"}, {"c", "d"}})
	want(t, out.Times(), []time.Time{time.UnixMilli(2000), time.UnixMilli(4000)})
}
