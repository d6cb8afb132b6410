//go:build synctests

package cmd_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

var onPairs = []operation{
	{name: "words", takes: "pairs", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.Map(in.pairs.Stream, func(p streaming.Pair[string, int]) string {
			return short(fmt.Sprintf("%s%d", p.Key, p.Value+s.constant))
		}))
	}},
	{name: "reduceByKey", takes: "pairs", makes: "pairs", byKey: true, apply: func(in flow, s jobStep) flow {
		return pairsFlow(in.pairs.ReduceByKey(joinValues(s.constant)))
	}},
	{name: "groupByKey+mapValues", takes: "pairs", makes: "pairs", byKey: true, apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapValues(streaming.GroupByKey(in.pairs), func(values []int) int { return fold(values, s.constant) }))
	}},
	{name: "reduceByKeyAndWindow", takes: "pairs", makes: "pairs", byKey: true, windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		return pairsFlow(in.pairs.ReduceByKeyAndWindow(joinValues(s.constant), width, slide))
	}},
	{name: "reduceByKeyAndWindow with inverse", takes: "pairs", makes: "pairs", byKey: true, windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		var keep func(string, int) bool
		if s.constant%2 == 0 {
			keep = func(_ string, sum int) bool { return sum > 0 }
		}
		return pairsFlow(in.pairs.ReduceByKeyAndWindowInverse(
			plus, minus, width, slide, keep))
	}},
	{name: "groupByKeyAndWindow+mapValues", takes: "pairs", makes: "pairs", byKey: true, windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		grouped := streaming.GroupByKeyAndWindow(in.pairs, width, slide)
		return pairsFlow(streaming.MapValues(grouped, func(values []int) int { return fold(values, s.constant) }))
	}},
	{name: "join with its filter", takes: "pairs", makes: "pairs", byKey: true, joins: true, apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapValues(streaming.Join(in.pairs, some(in, s)), func(j streaming.Joined[int, int]) int {
			return fold([]int{j.Left, j.Right}, s.constant)
		}))
	}},
	{name: "cogroup with its reduction", takes: "pairs", makes: "pairs", byKey: true, joins: true, apply: func(in flow, s jobStep) flow {
		sums := in.pairs.ReduceByKey(joinValues(s.constant))
		return pairsFlow(streaming.MapValues(streaming.CoGroup(in.pairs, sums), func(j streaming.Joined[[]int, []int]) int {
			return fold(slices.Concat(j.Left, j.Right), s.constant)
		}))
	}},
	{name: "updateStateByKey", takes: "pairs", makes: "pairs", byKey: true, apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.UpdateStateByKey(in.pairs, s.state(), updating(s.constant)))
	}},
	{name: "mapWithState", takes: "pairs", makes: "pairs", byKey: true, apply: func(in flow, s jobStep) flow {
		return pairFlow(streaming.MapWithState(in.pairs, s.state(), mapping(s.constant, 0)).Stream)
	}},
	{name: "mapWithState with timeout", takes: "pairs", makes: "pairs", byKey: true, apply: func(in flow, s jobStep) flow {
		return pairFlow(streaming.MapWithState(in.pairs, s.state(), mapping(s.constant, 2*jobInterval)).Stream)
	}},
	{name: "stateSnapshots", takes: "pairs", makes: "pairs", byKey: true, apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapWithState(in.pairs, s.state(), mapping(s.constant, 3*jobInterval)).StateSnapshots())
	}},
	{name: "combineByKey", takes: "pairs", makes: "pairs", byKey: true, apply: func(in flow, s jobStep) flow {
		texts := streaming.CombineByKey(in.pairs,
			func(v int) string { return fmt.Sprint(v+s.constant, "") },
			func(text string, v int) string { return short(fmt.Sprint(text, ",", v)) },
			func(a, b string) string { return short(a + "|" + b) })
		return pairsFlow(streaming.MapValues(texts, func(text string) int { return digest(text, s.constant) }))
	}},
	{name: "flatMapValues", takes: "pairs", makes: "pairs", byKey: true, once: true, apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.FlatMapValues(in.pairs, func(v int) []int { return []int{v, v + s.constant, v - 1}[:v%4&3] }))
	}},
	{name: "leftOuterJoin with its filter", takes: "pairs", makes: "pairs", byKey: true, joins: true, apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapValues(streaming.LeftOuterJoin(in.pairs, some(in, s)), func(j streaming.Joined[int, streaming.Option[int]]) int {
			return fold([]int{j.Left, j.Right.OrElse(-1)}, s.constant)
		}))
	}},
	{name: "rightOuterJoin of its filter", takes: "pairs", makes: "pairs", byKey: true, joins: true, apply: func(in flow, s jobStep) flow {
		return pairsFlow(streaming.MapValues(streaming.RightOuterJoin(some(in, s), in.pairs), func(j streaming.Joined[streaming.Option[int], int]) int {
			return fold([]int{j.Left.OrElse(-1), j.Right}, s.constant)
		}))
	}},
	{name: "fullOuterJoin of two filters", takes: "pairs", makes: "pairs", byKey: true, joins: true, apply: func(in flow, s jobStep) flow {
		other := s
		other.constant++
		return pairsFlow(streaming.MapValues(streaming.FullOuterJoin(some(in, s), some(in, other)), func(j streaming.Joined[streaming.Option[int], streaming.Option[int]]) int {
			return fold([]int{j.Left.OrElse(-1), j.Right.OrElse(-2)}, s.constant)
		}))
	}},
	{name: "updateStateByKey with a time and an initial state", takes: "pairs", makes: "pairs", apply: func(in flow, s jobStep) flow {
		update := func(_ time.Time, key string, values []int, state streaming.Option[int]) streaming.Option[int] {
			return updating(s.constant+len(key))(values, state)
		}
		first := streaming.InitialState(streaming.Pair[string, int]{Key: "a", Value: s.constant}, streaming.Pair[string, int]{Key: "z", Value: 3})
		return pairsFlow(streaming.UpdateStateByKeyAt(in.pairs, s.state(), update, first))
	}},
	{name: "mapWithState with an initial state", takes: "pairs", makes: "pairs", apply: func(in flow, s jobStep) flow {
		spec := mapping(s.constant, jobInterval)
		spec.Initial = []streaming.Pair[string, int]{{Key: "a", Value: s.constant}, {Key: "z", Value: 3}}
		return pairFlow(streaming.MapWithState(in.pairs, s.state(), spec).Stream)
	}},
}

// some are the pairs whose value, with the constant, is no multiple of three.
func some(in flow, s jobStep) streaming.PairStream[string, int] {
	return pairFlow(in.pairs.Filter(func(p streaming.Pair[string, int]) bool { return (p.Value+s.constant)%3 != 0 })).pairs
}
