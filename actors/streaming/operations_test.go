package streaming_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// shown is a stream as texts, so that streams of any type fit one table.
func shown[T any](s streaming.Stream[T]) streaming.Stream[string] {
	return streaming.Map(s, func(v T) string { return fmt.Sprint(v) })
}

func TestOperationsOnEmptyBatchesTheEmptyKeyAndAnyNumberOfPartitions(t *testing.T) {
	type str = streaming.Stream[string]
	byLength := func(s str) streaming.PairStream[int, string] {
		return streaming.MapToPair(s, func(w string) (int, string) { return len(w), w })
	}
	// The joins of this package's tests are all of texts to numbers and texts: each combination of types costs a second to compile.
	lengths := func(s str) streaming.PairStream[string, int] {
		return streaming.MapToPair(s, func(w string) (string, int) { return w, len(w) })
	}
	upper := func(s str) streaming.PairStream[string, string] {
		return streaming.MapToPair(s, func(w string) (string, string) { return w, strings.ToUpper(w) })
	}
	empty := func(s str) str { return s.Filter(func(w string) bool { return w == "" }) }
	some := func(s str) str { return s.Filter(func(w string) bool { return w != "" }) }
	for _, c := range []struct {
		name string
		job  func(str) str
		full string // of "", "a", "bb", "a"
	}{
		{"mapValues", func(s str) str { return shown(streaming.MapValues(byLength(s), strings.ToUpper).Stream) }, "(0,) (1,A) (2,BB) (1,A)"},
		{"flatMapValues", func(s str) str {
			return shown(streaming.FlatMapValues(byLength(s), func(w string) []string { return strings.Split(w, "") }).Stream)
		}, "(1,a) (2,b) (2,b) (1,a)"},
		{"groupByKey", func(s str) str { return shown(streaming.GroupByKey(byLength(s)).Stream) }, "(0,[]) (1,[a a]) (2,[bb])"},
		{"reduceByKey", func(s str) str {
			return shown(byLength(s).ReduceByKey(func(a, b string) string { return a + b }).Stream)
		}, "(0,) (1,aa) (2,bb)"},
		{"combineByKey", func(s str) str {
			return shown(streaming.CombineByKey(byLength(s), func(string) int { return 1 }, func(n int, _ string) int { return n + 1 }, add).Stream)
		}, "(0,1) (1,2) (2,1)"},
		{"countByValue", func(s str) str { return shown(streaming.CountByValue(s).Stream) }, "(,1) (a,2) (bb,1)"},
		{"join", func(s str) str { return shown(streaming.Join(lengths(s), upper(some(s))).Stream) },
			"(a,(1,A)) (a,(1,A)) (a,(1,A)) (a,(1,A)) (bb,(2,BB))"},
		{"leftOuterJoin", func(s str) str { return shown(streaming.LeftOuterJoin(lengths(s), upper(some(s))).Stream) },
			"(,(0,None)) (a,(1,Some(A))) (a,(1,Some(A))) (a,(1,Some(A))) (a,(1,Some(A))) (bb,(2,Some(BB)))"},
		{"rightOuterJoin", func(s str) str { return shown(streaming.RightOuterJoin(lengths(some(s)), upper(s)).Stream) },
			"(a,(Some(1),A)) (a,(Some(1),A)) (a,(Some(1),A)) (a,(Some(1),A)) (bb,(Some(2),BB)) (,(None,))"},
		{"fullOuterJoin", func(s str) str {
			return shown(streaming.FullOuterJoin(lengths(empty(s)), upper(some(s))).Stream)
		}, "(,(Some(0),None)) (a,(None,Some(A))) (a,(None,Some(A))) (bb,(None,Some(BB)))"},
		{"cogroup", func(s str) str { return shown(streaming.CoGroup(lengths(s), upper(some(s))).Stream) },
			"(,([0],[])) (a,([1 1],[A A])) (bb,([2],[BB]))"},
		{"transformWith", func(s str) str {
			return streaming.TransformWith(s, s, func(a, b *streaming.Batch[string]) (*streaming.Batch[string], error) {
				return streaming.NewBatch(a.Elements()[:a.Len()/2], b.Elements()[b.Len()/2:]), nil
			})
		}, " a bb a"},
		{"repartition", func(s str) str { return s.Repartition(5) }, " a bb a"},
	} {
		for partitions := range 4 {
			t.Run(fmt.Sprint(c.name, partitions+1), func(t *testing.T) {
				k := streamingtest.New(t, time.Second)
				in := streamingtest.Input[string](k, partitions+1)
				out := streamingtest.Collect(c.job(in.Stream))
				in.Feed("", "a", "bb", "a")
				in.Feed()
				k.Tick()
				k.Tick()
				want(t, k.Err(), error(nil))
				full := strings.Join(out.Batches()[0], " ")
				want(t, full, c.full)
				want(t, len(out.Batches()[1]), 0)
			})
		}
	}
}

func TestTransformMustNotReturnNil(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 1)
	streaming.TransformAll(k.Context(), []streaming.Stream[string]{in.Stream, in.Stream}, func([]*streaming.Batch[string]) (*streaming.Batch[int], error) {
		return nil, nil
	}).Print()
	k.Tick()
	if k.Err() == nil || !strings.Contains(k.Err().Error(), "Transform function must not return null") {
		t.Fatal(k.Err())
	}
}

// A state that its function changes in place is put back when the batch fails.
func TestAStateChangedInPlaceIsPutBackWhenTheBatchFails(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 1)
	pairs := streaming.MapToPair(in.Stream, func(w string) (string, string) { return "all", w })
	states := streaming.UpdateStateByKey(pairs, "seen", func(words []string, s streaming.Option[map[string]int]) streaming.Option[map[string]int] {
		seen := s.OrElse(map[string]int{})
		for _, w := range words {
			seen[w]++
		}
		return streaming.Some(seen)
	})
	fails := false
	out := streamingtest.Collect(streaming.Map(states.Stream, func(p streaming.Pair[string, map[string]int]) string {
		if fails {
			panic("asked for")
		}
		return fmt.Sprint(p.Value)
	}))
	in.Feed("a")
	k.Tick()
	fails = true
	in.Feed("a")
	k.Tick()
	fails = false
	in.Feed("b")
	k.Tick()
	want(t, out.Batches(), [][]string{{"map[a:1]"}, {"map[a:1 b:1]"}})
}
