//go:build synctests

package cmd_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	joins        bool   // it squares them: one of all such a job
	watermark    bool   // it has one, each partition its own where the job is kept by partition
	byKey        bool   // a key stays what it is, and where it is: it may be kept by partition
	apply        func(in flow, s jobStep) flow
}

// operations are all of them.
var operations = slices.Concat(onWords, onPairs, inEventTime, byKeyInEventTime)

// The functions keep the order of what they are given visible: they are associative, but most are not commutative. What they make stays
// short, and every one has a constant, s.constant, so that a job can be changed in one place.
var onWords = []operation{
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
	{name: "countByValueAndWindow", takes: "words", makes: "pairs", windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		counted := streaming.CountByValueAndWindow(in.words, width, slide)
		return pairsFlow(streaming.MapValues(counted, func(n int64) int { return int(n) + s.constant }))
	}},
	{name: "reduceByWindow with inverse", takes: "words", makes: "words", windowed: true, apply: func(in flow, s jobStep) flow {
		width, slide := s.windows()
		digests := streaming.Map(in.words, func(w string) int { return digest(w, s.constant) })
		sums := digests.ReduceByWindowInverse(plus, minus, width, slide)
		return wordsFlow(streaming.Map(sums, func(n int) string { return fmt.Sprint(n) }))
	}},
	{name: "transformWith its count", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		count := func(words *streaming.Batch[string], n *streaming.Batch[int64]) (*streaming.Batch[string], error) {
			return streaming.NewBatch([]string{fmt.Sprintf("%d", n.Elements()[0]+int64(s.constant))}, words.Elements()), nil
		}
		return wordsFlow(streaming.TransformWith(in.words, in.words.Count(), count))
	}},
	{name: "glom", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.Map(streaming.Glom(in.words), func(part []string) string {
			return short(fmt.Sprintf("%d:%s", len(part)+s.constant, strings.Join(part, "")))
		}))
	}},
	{name: "tryMap", takes: "words", makes: "words", apply: func(in flow, s jobStep) flow {
		return wordsFlow(streaming.TryMap(in.words, func(_ context.Context, w string) (string, error) {
			return short(fmt.Sprintf("%d%s", s.constant, w)), nil
		}))
	}},
}
