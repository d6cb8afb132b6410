//go:build synctests

package cmd_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// jobInterval is the batch interval of random jobs.
const jobInterval = time.Second

// flow is the stream behind one step of a random job: words, or pairs when the step makes pairs.
type flow struct {
	words streaming.Stream[string]
	pairs streaming.PairStream[string, int]
}

func wordsFlow(s streaming.Stream[string]) flow          { return flow{words: s} }
func pairsFlow(p streaming.PairStream[string, int]) flow { return flow{pairs: p} }
func pairFlow(s streaming.Stream[streaming.Pair[string, int]]) flow {
	return flow{pairs: streaming.PairStream[string, int]{Stream: s}}
}

// operation is one that a random job may have: what it takes and makes, and how it is written down.
type operation struct {
	name         string
	takes, makes string // words or pairs
	windowed     bool   // it has a width and a slide
	once         bool   // it multiplies its elements: one a job
	apply        func(in flow, s jobStep) flow
}

// The functions keep the order of what they are given visible: they are associative, but most are not commutative. What they make stays
// short, and every one has a constant, s.constant, so that a job can be changed in one place.
var operations = []operation{
	{name: "filter", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(in.words.Filter(func(w string) bool { return digest(w, s.constant)%4 != 0 }))
	}},
	{name: "map", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.Map(in.words, func(w string) string { return short(fmt.Sprintf("%s%d", w, s.constant)) }))
	}},
	{name: "flatMap", takes: "words", makes: "words", once: true, apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.FlatMap(in.words, func(w string) []string {
			return []string{w, w + "+", w + "-"}[:digest(w, s.constant)%4]
		}))
	}},
	{name: "mapToPair", takes: "words", makes: "pairs", apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapToPair(in.words, func(w string) (string, int) { return w[:min(1, len(w))], digest(w, s.constant) }))
	}},
	{name: "countByValue", takes: "words", makes: "pairs", apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapValues(streaming.CountByValue(in.words), func(n int64) int { return int(n) + s.constant }))
	}},
	{name: "count", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.Map(in.words.Count(), func(n int64) string { return fmt.Sprint(n + int64(s.constant)) }))
	}},
	{name: "reduce", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(in.words.Reduce(joinWords(s.constant)))
	}},
	{name: "transform", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.Transform(in.words, func(b *streaming.Batch[string]) (*streaming.Batch[string], error) {
			size := []string{fmt.Sprintf("#%d", b.Len()+s.constant)}
			return streaming.NewBatch(append(slices.Clone(b.Partitions()), size)...), nil
		}))
	}},
	{name: "repartition, with the sizes", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(sized(in.words.Repartition(s.constant)))
	}},
	{name: "mapPartitions to their sizes", takes: "words", makes: "words", apply: func(in flow, _ jobStep) flow {
		return wordsFlow(sized(in.words))
	}},
	{name: "union with its map", takes: "words", makes: "words", once: true, apply: func(in flow, s jobStep) flow {
		return wordsFlow(in.words.Union(streaming.Map(in.words, func(w string) string { return short(fmt.Sprintf("%d%s", s.constant, w)) })))
	}},
	{name: "window", takes: "words", makes: "words", windowed: true, apply: func(in flow, s jobStep) flow {
		return wordsFlow(in.words.Window(s.windows()))
	}},
	{name: "reduceByWindow", takes: "words", makes: "words", windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		return wordsFlow(in.words.ReduceByWindow(joinWords(s.constant), width, slide))
	}},
	{name: "countByWindow", takes: "words", makes: "words", windowed: true, apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.Map(in.words.CountByWindow(s.windows()), func(n int64) string { return fmt.Sprint(n) }))
	}},
	{name: "words", takes: "pairs", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.Map(in.pairs.Stream, func(p streaming.Pair[string, int]) string {
			return short(fmt.Sprintf("%s%d", p.Key, p.Value+s.constant))
		}))
	}},
	{name: "reduceByKey", takes: "pairs", makes: "pairs", apply: func(in flow, s jobStep) flow {
		return pairsFlow(in.pairs.ReduceByKey(joinValues(s.constant)))
	}},
	{name: "groupByKey+mapValues", takes: "pairs", makes: "pairs", apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapValues(streaming.GroupByKey(in.pairs), func(values []int) int { return fold(values, s.constant) }))
	}},
	{name: "reduceByKeyAndWindow", takes: "pairs", makes: "pairs", windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		return pairsFlow(in.pairs.ReduceByKeyAndWindow(joinValues(s.constant), width, slide))
	}},
	{name: "reduceByKeyAndWindow with inverse", takes: "pairs", makes: "pairs", windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		var keep func(string, int) bool
		if s.constant%2 == 0 {
			keep = func(_ string, sum int) bool { return sum > 0 }
		}
		return pairsFlow(in.pairs.ReduceByKeyAndWindowInverse(
			func(a, b int) int { return a + b }, func(a, b int) int { return a - b }, width, slide, keep))
	}},
	{name: "countByValueAndWindow", takes: "words", makes: "pairs", windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		counted := streaming.CountByValueAndWindow(in.words, width, slide)
		return pairsFlow(streaming.MapValues(counted, func(n int64) int { return int(n) + s.constant }))
	}},
	{name: "groupByKeyAndWindow+mapValues", takes: "pairs", makes: "pairs", windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		grouped := streaming.GroupByKeyAndWindow(in.pairs, width, slide)
		return pairsFlow(streaming.MapValues(grouped, func(values []int) int { return fold(values, s.constant) }))
	}},
	{name: "join with its filter", takes: "pairs", makes: "pairs", once: true, apply: func(in flow, s jobStep) flow {
		some := pairFlow(in.pairs.Filter(func(p streaming.Pair[string, int]) bool { return (p.Value+s.constant)%3 != 0 }))
		return pairsFlow(streaming.MapValues(streaming.Join(in.pairs, some.pairs), func(j streaming.Joined[int, int]) int {
			return fold([]int{j.Left, j.Right}, s.constant)
		}))
	}},
	{name: "cogroup with its reduction", takes: "pairs", makes: "pairs", once: true, apply: func(in flow, s jobStep) flow {
		sums := in.pairs.ReduceByKey(joinValues(s.constant))
		return pairsFlow(streaming.MapValues(streaming.CoGroup(in.pairs, sums), func(j streaming.Joined[[]int, []int]) int {
			return fold(slices.Concat(j.Left, j.Right), s.constant)
		}))
	}},
	{name: "updateStateByKey", takes: "pairs", makes: "pairs", apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.UpdateStateByKey(in.pairs, s.state(), updating(s.constant)))
	}},
	{name: "mapWithState", takes: "pairs", makes: "pairs", apply: func(in flow, s jobStep) flow {
		return pairFlow(streaming.MapWithState(in.pairs, s.state(), mapping(s.constant, 0)).Stream)
	}},
	{name: "mapWithState with timeout", takes: "pairs", makes: "pairs", apply: func(in flow, s jobStep) flow {
		return pairFlow(streaming.MapWithState(in.pairs, s.state(), mapping(s.constant, 2*jobInterval)).Stream)
	}},
	{name: "stateSnapshots", takes: "pairs", makes: "pairs", apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapWithState(in.pairs, s.state(), mapping(s.constant, 3*jobInterval)).StateSnapshots())
	}},
}
