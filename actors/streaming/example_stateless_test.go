package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/actors/streaming"
)

func ExampleStream_Filter() {
	runExample(func(words streaming.Stream[string]) {
		words.Filter(func(w string) bool { return len(w) > 1 }).Print()
	}, "a bb c dd")
	// Output: 1000: bb dd
}

func ExampleMapPartitions() {
	runExample(func(words streaming.Stream[string]) {
		streaming.MapPartitions(words.Repartition(2), func(part []string) []string {
			return []string{fmt.Sprint(len(part), " words, the last is ", slices.Max(part))}
		}).Print()
	}, "b a d c e")
	// Output: 1000: 2 words, the last is b 3 words, the last is e
}

func ExampleMapToPair() {
	runExample(func(words streaming.Stream[string]) {
		streaming.MapToPair(words, func(w string) (string, int) { return w[:1], len(w) }).Print()
	}, "ant bee bumblebee")
	// Output: 1000: (a,3) (b,3) (b,9)
}

func ExampleStream_Reduce() {
	runExample(func(words streaming.Stream[string]) {
		words.Reduce(func(a, b string) string { return max(a, b) }).Print()
	}, "a c b", "")
	// Output:
	// 1000: c
	// 2000:
}

func ExampleStream_Repartition() {
	runExample(func(words streaming.Stream[string]) {
		streaming.Glom(words.Repartition(3)).Print()
	}, "a b c d e")
	// Output: 1000: [a] [b c] [d e]
}

func ExampleStream_Union() {
	runExample(func(words streaming.Stream[string]) {
		words.Union(streaming.Map(words, strings.ToUpper)).Print()
	}, "a b")
	// Output: 1000: a b A B
}

func ExampleUnion() {
	runJob(func(s *streaming.Context) {
		left, right := streaming.QueueStream[int](s, true), streaming.QueueStream[int](s, true)
		left.Push(1, 2)
		right.Push(3)
		streaming.Union(s, left.Stream, right.Stream).Print()
	}, "")
	// Output: 1000: 1 2 3
}

func ExampleTransformWith() {
	runExample(func(words streaming.Stream[string]) {
		streaming.TransformWith(words, words.Count(), func(all *streaming.Batch[string], n *streaming.Batch[int64]) (*streaming.Batch[string], error) {
			return streaming.NewBatch([]string{fmt.Sprint(all.Elements()[0], " is the first of ", n.Elements()[0])}), nil
		}).Print()
	}, "a b c")
	// Output: 1000: a is the first of 3
}

func ExampleTransformAll() {
	runJob(func(s *streaming.Context) {
		left, right := streaming.QueueStream[int](s, true), streaming.QueueStream[int](s, true)
		left.Push(1, 2)
		right.Push(3)
		streaming.TransformAll(s, []streaming.Stream[int]{left.Stream, right.Stream}, func(all []*streaming.Batch[int]) (*streaming.Batch[int], error) {
			return streaming.NewBatch([]int{all[0].Len(), all[1].Len()}), nil
		}).Print()
	}, "")
	// Output: 1000: 2 1
}

// A record that the function refuses goes to the rejects, with the reason; the batch goes on without it.
func ExampleTryFlatMap() {
	runJob(func(s *streaming.Context) {
		streaming.TryFlatMap(streaming.DirectStream(s, streaming.String, streaming.String), func(_ context.Context, r record) ([]string, error) {
			if !strings.Contains(r.Value(), "-") {
				return nil, errors.New("there is no dash")
			}
			return strings.Split(r.Value(), "-"), nil
		}).Print()
	}, "1=a-b 2=c 3=d-e")
	// Output:
	// 1000: a b d e
	// rejected by tryFlatMap: there is no dash
}

func ExampleStream_TryFilter() {
	runJob(func(s *streaming.Context) {
		streaming.Map(streaming.DirectStream(s, streaming.String, streaming.String), record.Value).TryFilter(func(_ context.Context, w string) (bool, error) {
			if w == "?" {
				return false, errors.New("no word")
			}
			return w != "b", nil
		}).Print()
	}, "1=a 2=? 3=b 4=c")
	// Output:
	// 1000: a c
	// rejected by tryFilter: no word
}

func ExampleNewBatch() {
	batch := streaming.NewBatch([]string{"a", "b"}, []string{"c"})
	fmt.Println(batch.Len(), batch.Elements(), batch.Partitions())
	fmt.Println(streaming.NewBatch[string]().Len())
	// Output:
	// 3 [a b c] [[a b] [c]]
	// 0
}
