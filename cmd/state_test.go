package cmd_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// statefulJob counts events by the last two digits of their ids, for ever, and writes down the totals after each batch.
func statefulJob(s *streaming.Context, out string) error { return totalsJob(s, out, 2) }

func totalsJob(s *streaming.Context, out string, digits int) error {
	pairs := streaming.MapToPair(streaming.Events(s), func(e messages.RichEvent) (string, int) {
		return e.Content()[len(e.Content())-digits:], 1
	})
	totals := streaming.UpdateStateByKey(pairs, "totals", func(values []int, state streaming.Option[int]) streaming.Option[int] {
		total, _ := state.Get()
		for _, v := range values {
			total += v
		}
		return streaming.Some(total)
	})
	totals.ForeachBatch(func(_ context.Context, b streaming.Batch[streaming.Pair[string, int]]) error {
		all := map[string]int{}
		for _, p := range b.Elements() {
			all[p.Key] = p.Value
		}
		text, err := json.Marshal(all)
		if err != nil {
			return err
		}
		<-time.After(20 * time.Millisecond) // between what the batch computed and its commit
		return os.WriteFile(out, text, 0o600)
	})
	return nil
}

// After many kills, also between outputs and commit, the state is exactly what was written: it travels with its offsets.
func TestKafkaKillsLeaveTheStateExact(t *testing.T) {
	t.Parallel()
	c := newChaos(t, "-X", "checkpoint="+filepath.Join(t.TempDir(), "checkpoint"))
	c.env = []string{workerJob + "=state"}
	c.run(5, kills(), syscall.SIGKILL)
	c.totalsAreExact(2)
}
