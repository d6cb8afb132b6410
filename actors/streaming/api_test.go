package streaming_test

import (
	"context"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

// The names and types below are what programs are written with: a change of one of them breaks programs, and this file does not compile.

type (
	ints       = streaming.Stream[int]
	strs       = streaming.Stream[string]
	keyedInts  = streaming.PairStream[string, int]
	keyedLongs = streaming.PairStream[string, int64]
	intBatch   = streaming.Batch[int]
	timedInts  = streaming.EventTimed[int]
)

func _() { // checked, and not compiled: as values these would drag in every method of every type
	_ = []any{
		[]func(*streaming.Context) error{(*streaming.Context).Start, (*streaming.Context).AwaitTermination},
		[]func(*streaming.Context, bool) error{(*streaming.Context).Stop},
		[]func(*streaming.Context, time.Duration) (bool, error){(*streaming.Context).AwaitTerminationOrTimeout},
		[]func(*streaming.Context) streaming.State{(*streaming.Context).State},
		[]func(*streaming.Context, func(any)){(*streaming.Context).Listen},

		[]func(*streaming.Context, ...string) streaming.Stream[messages.RichEvent]{streaming.Events},
		[]func(*streaming.Context, streaming.Decoder[string], streaming.Decoder[[]byte], ...string) streaming.Stream[messages.Record[string, []byte]]{streaming.DirectStream[string, []byte]},
		[]func(*streaming.Context, bool) *streaming.Queue[int]{streaming.QueueStream[int]},
		[]func(*streaming.Queue[int], ...int){(*streaming.Queue[int]).Push},

		[]func(ints, func(int) bool) ints{ints.Filter},
		[]func(ints, ...ints) ints{ints.Union},
		[]func(ints, int) ints{ints.Repartition},
		[]func(ints, func(int, int) int) ints{ints.Reduce},
		[]func(ints) streaming.Stream[int64]{ints.Count},
		[]func(ints, func(int) string) strs{streaming.Map[int, string]},
		[]func(ints, func(context.Context, int) (string, error)) strs{streaming.TryMap[int, string]},
		[]func(ints, func(int) []string) strs{streaming.FlatMap[int, string]},
		[]func(ints, func([]int) []string) strs{streaming.MapPartitions[int, string]},
		[]func(ints) streaming.Stream[[]int]{streaming.Glom[int]},
		[]func(strs) keyedLongs{streaming.CountByValue[string]},
		[]func(ints, func(int) (string, int)) keyedInts{streaming.MapToPair[int, string, int]},
		[]func(ints, func(*intBatch) (*streaming.Batch[string], error)) strs{streaming.Transform[int, string]},
		[]func(ints, strs, func(*intBatch, *streaming.Batch[string]) (*intBatch, error)) ints{streaming.TransformWith[int, string, int]},
		[]func(*streaming.Context, []ints, func([]*intBatch) (*streaming.Batch[string], error)) strs{streaming.TransformAll[int, string]},
		[]func(*streaming.Context, ...ints) ints{streaming.Union[int]},
		[]func(ints, time.Time, time.Time) ([]intBatch, error){ints.Slice},

		[]func(keyedInts, func(int, int) int) keyedInts{keyedInts.ReduceByKey},
		[]func(keyedInts, func(int) int64) keyedLongs{streaming.MapValues[string, int, int64]},
		[]func(keyedInts, func(int) []int64) keyedLongs{streaming.FlatMapValues[string, int, int64]},
		[]func(keyedInts) streaming.PairStream[string, []int]{streaming.GroupByKey[string, int]},
		[]func(keyedInts, func(int) int64, func(int64, int) int64, func(int64, int64) int64) keyedLongs{streaming.CombineByKey[string, int, int64]},
		[]func(keyedInts, keyedLongs) streaming.PairStream[string, streaming.Joined[int, int64]]{streaming.Join[string, int, int64]},
		[]func(keyedInts, keyedLongs) streaming.PairStream[string, streaming.Joined[int, streaming.Option[int64]]]{streaming.LeftOuterJoin[string, int, int64]},
		[]func(keyedInts, keyedLongs) streaming.PairStream[string, streaming.Joined[streaming.Option[int], int64]]{streaming.RightOuterJoin[string, int, int64]},
		[]func(keyedInts, keyedLongs) streaming.PairStream[string, streaming.Joined[streaming.Option[int], streaming.Option[int64]]]{streaming.FullOuterJoin[string, int, int64]},
		[]func(keyedInts, keyedLongs) streaming.PairStream[string, streaming.Joined[[]int, []int64]]{streaming.CoGroup[string, int, int64]},

		[]func(ints, time.Duration, time.Duration) ints{ints.Window},
		[]func(ints, func(int, int) int, time.Duration, time.Duration) ints{ints.ReduceByWindow},
		[]func(ints, func(int, int) int, func(int, int) int, time.Duration, time.Duration) ints{ints.ReduceByWindowInverse},
		[]func(ints, time.Duration, time.Duration) streaming.Stream[int64]{ints.CountByWindow},
		[]func(keyedInts, func(int, int) int, time.Duration, time.Duration) keyedInts{keyedInts.ReduceByKeyAndWindow},
		[]func(keyedInts, func(int, int) int, func(int, int) int, time.Duration, time.Duration, func(string, int) bool) keyedInts{keyedInts.ReduceByKeyAndWindowInverse},
		[]func(strs, time.Duration, time.Duration) keyedLongs{streaming.CountByValueAndWindow[string]},
		[]func(keyedInts, time.Duration, time.Duration) streaming.PairStream[string, []int]{streaming.GroupByKeyAndWindow[string, int]},

		[]func(keyedInts, string, func([]int, streaming.Option[int64]) streaming.Option[int64], ...streaming.StateOption[string, int64]) keyedLongs{streaming.UpdateStateByKey[string, int, int64]},
		[]func(keyedInts, string, func(time.Time, string, []int, streaming.Option[int64]) streaming.Option[int64], ...streaming.StateOption[string, int64]) keyedLongs{streaming.UpdateStateByKeyAt[string, int, int64]},
		[]func(...streaming.Pair[string, int64]) streaming.StateOption[string, int64]{streaming.InitialState[string, int64]},
		[]func(keyedInts, string, streaming.StateSpec[string, int, int64, string]) streaming.MappedStream[string, int64, string]{streaming.MapWithState[string, int, int64, string]},
		[]func(streaming.MappedStream[string, int64, string]) keyedLongs{streaming.MappedStream[string, int64, string].StateSnapshots},
		[]func(*streaming.KeyState[int]) bool{(*streaming.KeyState[int]).Exists, (*streaming.KeyState[int]).IsTimingOut},
		[]func(*streaming.KeyState[int]) int{(*streaming.KeyState[int]).Get},
		[]func(*streaming.KeyState[int]) streaming.Option[int]{(*streaming.KeyState[int]).Option},
		[]func(*streaming.KeyState[int], int){(*streaming.KeyState[int]).Update},
		[]func(*streaming.KeyState[int]){(*streaming.KeyState[int]).Remove},
		streaming.StateSpec[string, int, int64, string]{Function: nil, Timeout: time.Second, Initial: []streaming.Pair[string, int64]{{Key: "a", Value: 1}}},

		[]func(ints, func(int) time.Time, time.Duration) timedInts{streaming.WithEventTime[int]},
		[]func(timedInts) ints{timedInts.Late},
		[]func(timedInts, string, func(int) string, time.Duration) streaming.Stream[streaming.Windowed[string, int64]]{streaming.TumblingCount[int, string], streaming.SessionCount[int, string]},
		[]func(timedInts, string, func(int) string, time.Duration, streaming.Aggregate[int, bool]) streaming.Stream[streaming.Windowed[string, bool]]{streaming.Tumbling[int, string, bool], streaming.Session[int, string, bool]},
		[]func(timedInts, string, func(int) string, time.Duration, time.Duration, streaming.Aggregate[int, bool]) streaming.Stream[streaming.Windowed[string, bool]]{streaming.Sliding[int, string, bool]},
		streaming.Windowed[string, bool]{Key: "", Start: time.Time{}, End: time.Time{}, Result: true},

		[]func(ints, ...int){ints.Print},
		[]func(ints, func(context.Context, intBatch) error){ints.ForeachBatch},
		[]func(ints, string, string){ints.SaveAsTextFiles},
		[]func(keyedInts, string, streaming.Encoder[string], streaming.Encoder[int]){keyedInts.ToKafka},
		[]func(intBatch) time.Time{intBatch.Time},
		[]func(intBatch) []int{intBatch.Elements},
		[]func(intBatch) [][]int{intBatch.Partitions},
		[]func(intBatch) []messages.OffsetRange{intBatch.OffsetRanges},
		[]func(...[]int) *intBatch{streaming.NewBatch[int]},
		[]func(int) streaming.Option[int]{streaming.Some[int]},
		[]func() streaming.Option[int]{streaming.None[int]},
		[]func(streaming.Option[int]) (int, bool){streaming.Option[int].Get},

		[]func(time.Duration, float64, float64, float64, float64) (*streaming.PIDRateEstimator, error){streaming.NewPIDRateEstimator},
		[]func(*streaming.PIDRateEstimator, time.Time, int64, time.Duration, time.Duration) (float64, bool){(*streaming.PIDRateEstimator).Compute},
		[]func(streaming.RateLimits, float64, map[int32]int64) map[int32]int64{streaming.RateLimits.Allowed},
		streaming.RateLimits{Interval: time.Second, MaxPerPartition: func(int32) float64 { return 0 }, MinPerPartition: nil, InitialRate: 1},

		messages.StreamingStarted{Time: time.Time{}},
		[]messages.BatchInfo{messages.BatchSubmitted{}.Batch, messages.BatchStarted{}.Batch, messages.BatchCompleted{}.Batch},
		messages.OutputStarted{ID: 0},
		messages.OutputCompleted{ID: 0, Failure: ""},
		[]func(messages.BatchInfo) (time.Duration, bool){messages.BatchInfo.SchedulingDelay, messages.BatchInfo.ProcessingDelay, messages.BatchInfo.TotalDelay},
		[]func(messages.BatchInfo) (time.Time, bool){messages.BatchInfo.ProcessingStart, messages.BatchInfo.ProcessingEnd},

		[]func(testing.TB, time.Duration, ...streamingtest.Option) *streamingtest.Kit{streamingtest.New},
		[]func(string) streamingtest.Option{streamingtest.WithCheckpoint},
		[]func() streamingtest.Option{streamingtest.WithoutCheckpoint},
		[]func(*streamingtest.Kit, int) *streamingtest.Source[int]{streamingtest.Input[int]},
		[]func(*streamingtest.Source[int], ...int){(*streamingtest.Source[int]).Feed},
		[]func(*streamingtest.Source[int]){(*streamingtest.Source[int]).FeedNothing},
		[]func(ints) *streamingtest.Output[int]{streamingtest.Collect[int]},
		[]func(*streamingtest.Output[int]) [][]int{(*streamingtest.Output[int]).Batches},
		[]func(*streamingtest.Output[int]) [][][]int{(*streamingtest.Output[int]).Partitions},
		[]func(*streamingtest.Output[int]) []time.Time{(*streamingtest.Output[int]).Times},
		[]func(*streamingtest.Kit){(*streamingtest.Kit).Tick},
		[]func(*streamingtest.Kit) *streaming.Context{(*streamingtest.Kit).Context},
		[]func(*streamingtest.Kit) error{(*streamingtest.Kit).Err},
		[]func(*streamingtest.Kit, testing.TB){(*streamingtest.Kit).Restart},
	}
}

func TestTheStatesHaveSparksNames(t *testing.T) {
	for state, name := range map[streaming.State]string{streaming.Initialized: "INITIALIZED", streaming.Active: "ACTIVE", streaming.Stopped: "STOPPED"} {
		want(t, state.String(), name)
	}
	pair, joined := streaming.Pair[string, int]{Key: "a", Value: 1}, streaming.Joined[int, bool]{Left: 1, Right: true}
	want(t, pair.String()+" "+joined.String(), "(a,1) (1,true)")
}
