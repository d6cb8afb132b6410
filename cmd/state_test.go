package cmd_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// statefulJob counts events by the last two digits of their ids, for ever, and writes down the totals after each batch.
func statefulJob(s *streaming.Context, out string) error { return totalsJob(s, out, lastTwo, 0) }

func lastTwo(id string) string { return id[len(id)-2:] }

// A total weighs some bytes for every event, which are nothing but burden.
type total struct {
	N      int
	Burden string
}

// totalsJob counts them by any key.
func totalsJob(s *streaming.Context, out string, key func(content string) string, weight int) error {
	pairs := streaming.MapToPair(streaming.Events(s), func(e messages.RichEvent) (string, int) { return key(e.Content()), 1 })
	totals := streaming.UpdateStateByKey(pairs, "totals", func(values []int, state streaming.Option[total]) streaming.Option[total] {
		t, _ := state.Get()
		for _, v := range values {
			t.N += v
		}
		t.Burden = strings.Repeat(".", weight*t.N)
		return streaming.Some(t)
	})
	totals.ForeachBatch(func(_ context.Context, b streaming.Batch[streaming.Pair[string, total]]) error {
		all := map[string]int{}
		for _, p := range b.Elements() {
			all[p.Key] = p.Value.N
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
	c.totalsAreExact(lastTwo)
}
