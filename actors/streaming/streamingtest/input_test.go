package streamingtest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

// A batch of two inputs, an empty one, one without a dataset, and one that fails and runs again after a Restart: the ranges of each
// partition are contiguous, they count its elements, idle partitions keep an empty one, and a re-run has the same.
func TestFedBatchesHaveContiguousOffsetRanges(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	a, b := streamingtest.Input[int](k, 2), streamingtest.Input[int](k, 1)
	var plain, both, told []string
	fail := true
	streaming.Map(a.Stream, func(i int) int { return i }).ForeachBatch(func(_ context.Context, batch streaming.Batch[int]) error {
		plain = append(plain, spans(batch.OffsetRanges()))
		if fail && batch.Time().Unix() == 3 {
			return errors.New("once")
		}
		return nil
	})
	a.Stream.Filter(func(int) bool { return true }).Union(b.Stream).Count().ForeachBatch(func(_ context.Context, batch streaming.Batch[int64]) error {
		both = append(both, spans(batch.OffsetRanges()))
		return nil
	})
	k.Context().Listen(func(event any) {
		if e, ok := event.(messages.BatchSubmitted); ok {
			told = append(told, spans(slices.Collect(e.Batch.Inputs())))
		}
	})
	a.Feed(1, 2, 3)
	b.Feed(1)
	a.Feed()
	b.Feed(2, 3)
	a.Feed(4)
	k.Tick()
	k.Tick()
	k.Tick()
	fail = false
	k.Restart(t)
	k.Tick()
	want(t, k.Err(), error(nil))
	want(t, plain, []string{
		"input-0:0 [0,1) input-0:1 [0,2) ", "input-0:0 [1,1) input-0:1 [2,2) ",
		"input-0:0 [1,1) input-0:1 [2,3) ", "input-0:0 [1,1) input-0:1 [2,3) ",
	})
	want(t, both[:2], []string{
		"input-0:0 [0,1) input-0:1 [0,2) input-1:0 [0,1) ", "input-0:0 [1,1) input-0:1 [2,2) input-1:0 [1,3) ",
	})
	want(t, told[:2], both[:2])
	a.FeedNothing()
	k.Tick()
	want(t, told[len(told)-1], "input-1:0 [3,3) ")
}

func spans(ranges []messages.OffsetRange) string {
	text := ""
	for _, r := range ranges {
		text += r.String() + " "
	}
	return text
}
