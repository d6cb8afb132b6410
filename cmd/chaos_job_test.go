package cmd_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// copyTo names the topic that the chaos job writes to.
const copyTo = "HIBANA_TEST_COPY_TO"

// workerLife names one life of a worker: a worker that was killed and started again has another.
const workerLife = "HIBANA_TEST_LIFE"

func init() {
	jobs["chaos"] = func(s *streaming.Context, _ string) error { return chaosJob(s, false) }
	jobs["chaos-state"] = func(s *streaming.Context, _ string) error { return chaosJob(s, true) }
}

// passed is a record on its way through the chaos job: what was read, and how many of its key there have been.
type passed struct {
	key, seq  string
	count     int
	partition int32
	offset    int64
}

// chaosJob copies records to another topic, with the running count of their key when it keeps state. There is a window
// before its output, and one behind it.
func chaosJob(s *streaming.Context, state bool) error {
	records := streaming.DirectStream(s, streaming.String, streaming.String, s.Topics()...)
	var counted streaming.Stream[passed]
	if state {
		counted = runningCounts(records)
	} else {
		counted = streaming.Map(records, func(r messages.Record[string, string]) passed {
			n, _ := strconv.Atoi(r.Value())
			return passed{r.Key(), r.Value(), n, r.Partition(), r.Offset()}
		})
	}
	stamped := streaming.Transform(counted, stamp)
	eachWindow(stamped, markBefore)
	pairs := streaming.MapToPair(stamped, func(p streaming.Pair[string, string]) (string, string) { return p.Key, p.Value })
	pairs.ToKafka(os.Getenv(copyTo), streaming.EncodeString, streaming.EncodeString)
	eachWindow(stamped, markBehind)
	return nil
}

func runningCounts(records streaming.Stream[messages.Record[string, string]]) streaming.Stream[passed] {
	byKey := streaming.MapToPair(records, func(r messages.Record[string, string]) (string, passed) {
		return r.Key(), passed{r.Key(), r.Value(), 0, r.Partition(), r.Offset()}
	})
	count := func(_ time.Time, _ string, value streaming.Option[passed], state *streaming.KeyState[int]) streaming.Option[passed] {
		p, ok := value.Get()
		if !ok {
			return streaming.None[passed]()
		}
		n, _ := state.Option().Get()
		state.Update(n + 1)
		p.count = n + 1
		return streaming.Some(p)
	}
	return streaming.MapWithState(byKey, "counts", streaming.StateSpec[string, passed, int, passed]{Function: count}).Stream
}

// stamp gives every record its batch: time, the life that ran it, its place in the batch, and the batch's size. So whoever reads the
// copy can tell a batch that is torn.
func stamp(b *streaming.Batch[passed]) (*streaming.Batch[streaming.Pair[string, string]], error) {
	out := make([]streaming.Pair[string, string], 0, b.Len())
	for i, p := range b.Elements() {
		value := fmt.Sprintf("%s %d %d %d %d %s %d %d", p.seq, p.count, p.partition, p.offset, b.Time().UnixMilli(), os.Getenv(workerLife), i, b.Len())
		out = append(out, streaming.Pair[string, string]{Key: p.key, Value: value})
	}
	return streaming.NewBatch(out), nil
}

// eachWindow is passed by every batch that has something.
func eachWindow[T any](s streaming.Stream[T], mark string) {
	s.ForeachBatch(func(_ context.Context, b streaming.Batch[T]) error {
		if b.Len() > 0 {
			window(mark)
		}
		return nil
	})
}

// copiedRecord is one record of the copy, as its reader finds it.
type copiedRecord struct {
	key         string
	seq, count  int
	partition   int32 // of what was copied
	offset      int64
	batch       int64 // its time, in milliseconds
	life        string
	index, size int
	seen        time.Time
}

func parseCopied(key, value string, seen time.Time) (copiedRecord, error) {
	r := copiedRecord{key: key, seen: seen}
	_, err := fmt.Sscanf(value, "%d %d %d %d %d %s %d %d", &r.seq, &r.count, &r.partition, &r.offset, &r.batch, &r.life, &r.index, &r.size)
	return r, err
}
