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
func statefulJob(s *streaming.Context, out string) error {
	pairs := streaming.MapToPair(streaming.Events(s), func(e messages.RichEvent) (string, int) {
		return e.Content()[len(e.Content())-2:], 1
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
	text, err := os.ReadFile(c.out)
	if err != nil {
		t.Fatal(err)
	}
	var totals map[string]int
	if err := json.Unmarshal(text, &totals); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for n := range c.written {
		want[id(n)[len(id(n))-2:]]++
	}
	for key, n := range want {
		if totals[key] != n {
			t.Errorf("key %s has %d of %d", key, totals[key], n)
		}
	}
	t.Logf("%d events, %d keys, exact", c.written, len(totals))
}
