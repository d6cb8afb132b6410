package streaming_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

var threeBatches = [][]int{runs(1, 4), runs(5, 8), {}, runs(9, 12)}

func TestOperationsOnElements(t *testing.T) {
	operates(t, "map", func(s ints) strs { return streaming.Map(s, strconv.Itoa) }, threeBatches,
		[][]string{{"1", "2", "3", "4"}, {"5", "6", "7", "8"}, {}, {"9", "10", "11", "12"}})
	operates(t, "flatMap", func(s ints) ints { return streaming.FlatMap(s, func(i int) []int { return []int{i, 2 * i} }) }, threeBatches,
		[][]int{{1, 2, 2, 4, 3, 6, 4, 8}, {5, 10, 6, 12, 7, 14, 8, 16}, {}, {9, 18, 10, 20, 11, 22, 12, 24}})
	operates(t, "filter", func(s ints) ints { return s.Filter(func(i int) bool { return i%2 == 0 }) }, threeBatches,
		[][]int{{2, 4}, {6, 8}, {}, {10, 12}})
	operates(t, "reduce", func(s ints) ints { return s.Reduce(add) }, threeBatches, [][]int{{10}, {26}, {}, {42}})
	operates(t, "count", func(s ints) streaming.Stream[int64] { return s.Count() }, [][]int{{}, runs(1, 1), runs(1, 2), runs(1, 3), runs(1, 4)},
		[][]int64{{0}, {1}, {2}, {3}, {4}})
	operates(t, "countByValue", func(s ints) streaming.Stream[streaming.Pair[int, int64]] { return streaming.CountByValue(s).Stream },
		[][]int{{1}, {1, 1, 1}, {1, 2}, {1, 1, 2, 2}, {}},
		[][]streaming.Pair[int, int64]{{kv(1, int64(1))}, {kv(1, int64(3))}, {kv(1, int64(1)), kv(2, int64(1))}, {kv(1, int64(2)), kv(2, int64(2))}, {}})
	operates(t, "union", func(s ints) ints {
		return s.Union(streaming.Map(s, func(i int) int { return i + 4 }))
	}, [][]int{runs(1, 4), {}, runs(101, 104)}, [][]int{runs(1, 8), {}, runs(101, 108)})
	operates(t, "transform", func(s ints) strs {
		return streaming.Transform(s, func(b *streaming.Batch[int]) (*streaming.Batch[string], error) {
			return streaming.NewBatch([]string{fmt.Sprint(b.Time().UnixMilli(), b.Elements())}), nil
		})
	}, [][]int{{1}, {}}, [][]string{{"1000 [1]"}, {"2000 []"}})
	operates(t, "an empty transform", func(s ints) ints {
		return streaming.Transform(s, func(*streaming.Batch[int]) (*streaming.Batch[int], error) { return streaming.NewBatch[int](), nil })
	}, [][]int{{1}}, [][]int{{}})
}

func TestUnionAndTransformOfTheContext(t *testing.T) {
	plus := func(n int) func(int) int { return func(i int) int { return i + n } }
	for _, partitions := range []int{1, 3} {
		k := streamingtest.New(t, time.Second)
		in := streamingtest.Input[int](k, partitions)
		three := []ints{in.Stream, streaming.Map(in.Stream, plus(4)), streaming.Map(in.Stream, plus(8))}
		united := streamingtest.Collect(streaming.Union(k.Context(), three...))
		one := streamingtest.Collect(streaming.Union(k.Context(), in.Stream))
		all := streamingtest.Collect(streaming.TransformAll(k.Context(), three, func(batches []*streaming.Batch[int]) (*streaming.Batch[int], error) {
			var parts [][]int
			for _, b := range batches {
				parts = append(parts, b.Partitions()...)
			}
			return streaming.NewBatch(parts...), nil
		}))
		in.Feed(runs(1, 4)...)
		in.Feed(runs(101, 104)...)
		k.Tick()
		k.Tick()
		want(t, k.Err(), error(nil))
		same(t, united.Batches(), [][]int{runs(1, 12), runs(101, 112)})
		same(t, one.Batches(), [][]int{runs(1, 4), runs(101, 104)})
		same(t, all.Batches(), [][]int{runs(1, 12), runs(101, 112)})
		want(t, len(united.Partitions()[0]), 3*partitions)
		want(t, len(all.Partitions()[0]), 3*partitions)
	}
}

func TestOperationsOnPartitions(t *testing.T) {
	glommed := results(t, 2, true, func(s ints) streaming.Stream[[]int] { return streaming.Glom(s) }, threeBatches)
	same(t, glommed.Batches(), [][][]int{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}, {nil, nil}, {{9, 10}, {11, 12}}})
	sums := results(t, 2, true, func(s ints) ints {
		return streaming.MapPartitions(s, func(p []int) []int {
			total := 0
			for _, i := range p {
				total += i
			}
			return []int{total}
		})
	}, threeBatches)
	same(t, sums.Batches(), [][]int{{3, 7}, {11, 15}, {0, 0}, {19, 23}})
	for _, c := range []struct{ from, to int }{{2, 5}, {5, 2}, {1, 1}} {
		out := results(t, c.from, true, func(s ints) ints { return s.Repartition(c.to) }, [][]int{runs(1, 100), runs(101, 200), {}})
		for i, batch := range out.Partitions() {
			want(t, len(batch), c.to)
			if i < 2 {
				want(t, slices.Concat(batch...), runs(i*100+1, i*100+100))
				want(t, len(batch[0]), 100/c.to)
			}
		}
	}
}

func TestOperationsByKey(t *testing.T) {
	words := [][]string{{"a", "a", "b"}, {"", ""}, {}}
	counted := func(s strs) streaming.PairStream[string, int] { return streaming.MapToPair(s, one).ReduceByKey(add) }
	operates(t, "groupByKey", func(s strs) streaming.Stream[streaming.Pair[string, []int]] {
		return streaming.GroupByKey(streaming.MapToPair(s, one)).Stream
	}, words, [][]streaming.Pair[string, []int]{{kv("a", []int{1, 1}), kv("b", []int{1})}, {kv("", []int{1, 1})}, {}})
	operates(t, "reduceByKey", func(s strs) streaming.Stream[counts] { return counted(s).Stream }, words,
		[][]counts{{kv("a", 2), kv("b", 1)}, {kv("", 2)}, {}})
	operates(t, "combineByKey", func(s strs) streaming.Stream[streaming.Pair[string, string]] {
		return streaming.CombineByKey(streaming.MapToPair(s, one), func(int) string { return "1" },
			func(c string, _ int) string { return c + "1" }, func(a, b string) string { return a + b }).Stream
	}, words, [][]streaming.Pair[string, string]{{kv("a", "11"), kv("b", "1")}, {kv("", "11")}, {}})
	operates(t, "mapValues", func(s strs) streaming.Stream[counts] {
		return streaming.MapValues(counted(s), func(n int) int { return n + 10 }).Stream
	}, words, [][]counts{{kv("a", 12), kv("b", 11)}, {kv("", 12)}, {}})
	operates(t, "flatMapValues", func(s strs) streaming.Stream[counts] {
		return streaming.FlatMapValues(counted(s), func(n int) []int { return []int{n, n + 10} }).Stream
	}, words, [][]counts{{kv("a", 2), kv("a", 12), kv("b", 1), kv("b", 11)}, {kv("", 2), kv("", 12)}, {}})
}

// Keys may be nil pointers, interfaces and structs, values nil.
func TestKeysAndValuesThatAreNil(t *testing.T) {
	type key struct{ A, B string }
	operates(t, "structs", func(s strs) streaming.Stream[streaming.Pair[key, *int]] {
		return streaming.MapToPair(s, func(w string) (key, *int) { return key{A: w}, nil }).ReduceByKey(func(a, _ *int) *int { return a }).Stream
	}, [][]string{{"a", "", "a"}, {}}, [][]streaming.Pair[key, *int]{{{Key: key{A: "a"}}, {}}, {}})
	operates(t, "interfaces", func(s strs) streaming.Stream[streaming.Pair[any, []int]] {
		return streaming.GroupByKey(streaming.MapToPair(s, func(w string) (any, int) {
			if w == "" {
				return nil, 0
			}
			return w, 1
		})).Stream
	}, [][]string{{"a", "", "a"}, {}}, [][]streaming.Pair[any, []int]{{{Key: "a", Value: []int{1, 1}}, {Key: nil, Value: []int{0}}}, {}})
	operates(t, "pointers", func(s strs) streaming.Stream[streaming.Pair[*string, int64]] {
		return streaming.CountByValue(streaming.Map(s, func(string) *string { return nil })).Stream
	}, [][]string{{"a", "b"}, {}}, [][]streaming.Pair[*string, int64]{{{Key: nil, Value: 2}}, {}})
}

func TestJoins(t *testing.T) {
	lefts := [][]string{{"a", "b"}, {"a", ""}, {""}, {}}
	rights := [][]string{{"a", "b"}, {"b", ""}, {}, {""}}
	some, none := streaming.Some[string], streaming.None[string]()
	left := func(s strs) streaming.PairStream[string, int] { return streaming.MapToPair(s, one) }
	right := func(s strs) streaming.PairStream[string, string] { return streaming.MapToPair(s, x) }
	type inner = streaming.Joined[int, string]
	operates2(t, "join", func(a, b strs) streaming.Stream[streaming.Pair[string, inner]] {
		return streaming.Join(left(a), right(b)).Stream
	},
		lefts, rights, [][]streaming.Pair[string, inner]{{kv("a", both(1, "x")), kv("b", both(1, "x"))}, {kv("", both(1, "x"))}, {}, {}})
	type outerLeft = streaming.Joined[int, streaming.Option[string]]
	operates2(t, "leftOuterJoin", func(a, b strs) streaming.Stream[streaming.Pair[string, outerLeft]] {
		return streaming.LeftOuterJoin(left(a), right(b)).Stream
	}, lefts, rights, [][]streaming.Pair[string, outerLeft]{
		{kv("a", both(1, some("x"))), kv("b", both(1, some("x")))}, {kv("a", both(1, none)), kv("", both(1, some("x")))}, {kv("", both(1, none))}, {}})
	type outerRight = streaming.Joined[streaming.Option[int], string]
	operates2(t, "rightOuterJoin", func(a, b strs) streaming.Stream[streaming.Pair[string, outerRight]] {
		return streaming.RightOuterJoin(left(a), right(b)).Stream
	}, lefts, rights, [][]streaming.Pair[string, outerRight]{
		{kv("a", both(streaming.Some(1), "x")), kv("b", both(streaming.Some(1), "x"))},
		{kv("", both(streaming.Some(1), "x")), kv("b", both(streaming.None[int](), "x"))}, {}, {kv("", both(streaming.None[int](), "x"))}})
	type full = streaming.Joined[streaming.Option[int], streaming.Option[string]]
	operates2(t, "fullOuterJoin", func(a, b strs) streaming.Stream[streaming.Pair[string, full]] {
		return streaming.FullOuterJoin(left(a), right(b)).Stream
	}, lefts, rights, [][]streaming.Pair[string, full]{
		{kv("a", both(streaming.Some(1), some("x"))), kv("b", both(streaming.Some(1), some("x")))},
		{kv("a", both(streaming.Some(1), none)), kv("", both(streaming.Some(1), some("x"))), kv("b", both(streaming.None[int](), some("x")))},
		{kv("", both(streaming.Some(1), none))}, {kv("", both(streaming.None[int](), some("x")))}})
	type groups = streaming.Joined[[]int, []string]
	operates2(t, "cogroup", func(a, b strs) streaming.Stream[streaming.Pair[string, groups]] {
		return streaming.CoGroup(left(a), right(b)).Stream
	}, [][]string{{"a", "a", "b"}, {"a", ""}, {""}, {}}, [][]string{{"a", "a", "b"}, {"b", ""}, {}, {}}, [][]streaming.Pair[string, groups]{
		{kv("a", both([]int{1, 1}, []string{"x", "x"})), kv("b", both([]int{1}, []string{"x"}))},
		{kv("a", both([]int{1}, []string(nil))), kv("", both([]int{1}, []string{"x"})), kv("b", both([]int(nil), []string{"x"}))},
		{kv("", both([]int{1}, []string(nil)))}, {}})
	operates2(t, "transformWith", func(a, b strs) strs {
		return streaming.TransformWith(a, b, func(a, b *streaming.Batch[string]) (*streaming.Batch[string], error) {
			return streaming.NewBatch(a.Elements(), b.Elements()), nil
		})
	}, lefts, rights, [][]string{{"a", "b", "a", "b"}, {"a", "", "b", ""}, {""}, {""}})
}

// Where there is no dataset, some operations have none either, windows and state go on, and what needs one fails the batch in Spark's
// words; the batch behind it is whole again.
func TestABatchWithoutADataset(t *testing.T) {
	noParent, noUnion := "Couldn't generate RDD from parent at time 2000 ms", "Could not generate RDD from a parent for unifying at time 2000 ms"
	pair := func(s strs) streaming.PairStream[string, int] { return streaming.MapToPair(s, one) }
	for name, c := range map[string]struct {
		job  func(strs) strs
		text string // "" for none
		want [][]string
	}{
		"filter":        {func(s strs) strs { return s.Filter(func(string) bool { return true }) }, "", [][]string{{"a"}, {"c"}}},
		"flatMap":       {func(s strs) strs { return streaming.FlatMap(s, strings.Fields) }, "", [][]string{{"a"}, {"c"}}},
		"glom":          {func(s strs) strs { return shown(streaming.Glom(s)) }, "", [][]string{{"[a]"}, {"[c]"}}},
		"groupByKey":    {func(s strs) strs { return shown(streaming.GroupByKey(pair(s)).Stream) }, "", [][]string{{"(a,[1])"}, {"(c,[1])"}}},
		"reduceByKey":   {func(s strs) strs { return shown(pair(s).ReduceByKey(add).Stream) }, "", [][]string{{"(a,1)"}, {"(c,1)"}}},
		"countByValue":  {func(s strs) strs { return shown(streaming.CountByValue(s).Stream) }, "", [][]string{{"(a,1)"}, {"(c,1)"}}},
		"countByWindow": {func(s strs) strs { return shown(s.CountByWindow(2*time.Second, time.Second)) }, "", [][]string{{"1"}, {"1"}, {"1"}}},
		"window":        {func(s strs) strs { return s.Window(2*time.Second, time.Second) }, "", [][]string{{"a"}, {"a"}, {"c"}}},
		"reduceByKeyAndWindow": {func(s strs) strs {
			return shown(pair(s).ReduceByKeyAndWindow(add, 2*time.Second, time.Second).Stream)
		}, "", [][]string{{"(a,1)"}, {"(a,1)"}, {"(c,1)"}}},
		"updateStateByKey": {func(s strs) strs { return shown(streaming.UpdateStateByKey(pair(s), "s", sum).Stream) }, "", [][]string{{"(a,1)"}, {"(a,1)"}, {"(a,1)", "(c,1)"}}},
		"union":            {func(s strs) strs { return s.Union(s) }, noUnion, [][]string{{"a", "a"}, {"c", "c"}}},
		"a window of a union": {func(s strs) strs {
			return s.Union(s).Window(2*time.Second, time.Second)
		}, noUnion, [][]string{{"a", "a"}, {"c", "c"}}},
		"transform": {func(s strs) strs {
			return streaming.Transform(s, func(b *streaming.Batch[string]) (*streaming.Batch[string], error) { return b, nil })
		}, noParent, [][]string{{"a"}, {"c"}}},
		"cogroup": {func(s strs) strs { return shown(streaming.CoGroup(pair(s), streaming.MapToPair(s, x)).Stream) }, noParent, [][]string{{"(a,([1],[x]))"}, {"(c,([1],[x]))"}}},
	} {
		t.Run(name, func(t *testing.T) {
			k := streamingtest.New(t, time.Second)
			in := streamingtest.Input[string](k, 1)
			out := streamingtest.Collect(c.job(in.Stream))
			in.Feed("a")
			in.FeedNothing()
			in.Feed("c")
			for range 3 {
				k.Tick()
			}
			if c.text == "" {
				want(t, k.Err(), error(nil))
			} else if k.Err() == nil || !strings.Contains(k.Err().Error(), c.text) || !strings.Contains(k.Err().Error(), "basicoperations_test.go:") {
				t.Errorf("got %v, want %s", k.Err(), c.text)
			}
			same(t, out.Batches(), c.want)
		})
	}
}

// What is remembered is kept for as long as asked for, and for the width of the windows behind it.
func TestAWindowAddsItsWidthToWhatIsRemembered(t *testing.T) {
	for _, width := range []time.Duration{0, 3 * time.Second} {
		k := streamingtest.New(t, time.Second)
		k.Context().Remember(time.Second)
		in := streamingtest.Input[int](k, 1)
		in.Stream.Print()
		if width > 0 {
			in.Stream.Window(width, time.Second).CountByWindow(width, time.Second).Print()
		}
		for i := range 9 {
			in.Feed(i + 1)
			k.Tick()
		}
		batches, err := in.Stream.Slice(time.Unix(1, 0), time.Unix(9, 0))
		want(t, err, error(nil))
		want(t, len(batches), 1+2*int(width/time.Second))
	}
}

// A union of which a part has no dataset ends the batch before any of its outputs, as Spark does.
func TestNoOutputRunsWhenAUnionHasNoDataset(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 1)
	in.Stream.Window(time.Second, time.Second).Count().Print()
	in.Stream.Union(in.Stream).Print()
	in.FeedNothing()
	k.Tick()
	if k.Err() == nil || !strings.HasPrefix(k.Err().Error(), "union at basicoperations_test.go:") {
		t.Errorf("got %v", k.Err())
	}
	want(t, k.Stdout(), "")
}
