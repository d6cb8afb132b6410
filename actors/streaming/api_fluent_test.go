//go:build go1.27

package streaming_test

import (
	"context"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// What changes the element's type is a method too, except where a type would grow within itself.
func _() { // checked, and not compiled: as values these would drag in every method of every type
	_ = []any{
		[]func(ints, func(int) string) strs{ints.Map[string]},
		[]func(ints, func(context.Context, int) (string, error)) strs{ints.TryMap[string]},
		[]func(ints, func(int) []string) strs{ints.FlatMap[string]},
		[]func(ints, func(context.Context, int) ([]string, error)) strs{ints.TryFlatMap[string]},
		[]func(ints, func([]int) []string) strs{ints.MapPartitions[string]},
		[]func(ints, func(int) (string, int)) keyedInts{ints.MapToPair[string, int]},
		[]func(ints, func(*intBatch) (*streaming.Batch[string], error)) strs{ints.Transform[string]},
		[]func(ints, strs, func(*intBatch, *streaming.Batch[string]) (*intBatch, error)) ints{ints.TransformWith[string, int]},
		[]func(ints, func(int) time.Time, time.Duration) timedInts{ints.WithEventTime},
		[]func(keyedInts, func(int) int64) keyedLongs{keyedInts.MapValues[int64]},
		[]func(keyedInts, func(int) []int64) keyedLongs{keyedInts.FlatMapValues[int64]},
		[]func(keyedInts, func(int) int64, func(int64, int) int64, func(int64, int64) int64) keyedLongs{keyedInts.CombineByKey[int64]},
		[]func(keyedInts, string, func([]int, streaming.Option[int64]) streaming.Option[int64], ...streaming.StateOption[string, int64]) keyedLongs{keyedInts.UpdateStateByKey[int64]},
		[]func(keyedInts, string, func(time.Time, string, []int, streaming.Option[int64]) streaming.Option[int64], ...streaming.StateOption[string, int64]) keyedLongs{keyedInts.UpdateStateByKeyAt[int64]},
		[]func(keyedInts, string, streaming.StateSpec[string, int, int64, string]) streaming.MappedStream[string, int64, string]{keyedInts.MapWithState[int64, string]},
		[]func(timedInts, string, func(int) string, time.Duration) streaming.Stream[streaming.Windowed[string, int64]]{timedInts.TumblingCount[string], timedInts.SessionCount[string]},
		[]func(timedInts, string, func(int) string, time.Duration, streaming.Aggregate[int, bool]) streaming.Stream[streaming.Windowed[string, bool]]{timedInts.Tumbling[string, bool], timedInts.Session[string, bool]},
		[]func(timedInts, string, func(int) string, time.Duration, time.Duration, streaming.Aggregate[int, bool]) streaming.Stream[streaming.Windowed[string, bool]]{timedInts.Sliding[string, bool]},
	}
}
