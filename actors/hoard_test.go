package actors_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// A job holds every element, and one partition has all of them: what a batch has left no memory for is folded into the next one as soon
// as it has run, not one interval later. So every batch of a long backlog is as large as memory permits.
func TestABatchThatHasRunMakesRoomForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 4)
		defer r.close()
		const n = 8000
		records := make([]messages.Outgoing, n)
		for i := range records {
			records[i] = messages.NewOutgoing("events", "one key", true, fmt.Sprintf(`{"content":"%04d%s"}`, i, strings.Repeat("x", 10_000)))
		}
		if err := r.writer.ProduceAll(context.Background(), records); err != nil {
			t.Fatal(err)
		}
		var sizes []int
		total := 0
		r.start(time.Second, func(s *streaming.Context) {
			streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
				if total += len(b.Elements()); len(b.Elements()) > 0 {
					sizes = append(sizes, len(b.Elements()))
				}
				<-time.After(100 * time.Millisecond)
				return nil
			})
		}, func(s *actors.Settings) { s.Memory = 16 << 20 })
		<-time.After(30 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		if total != n || len(sizes) < 3 {
			t.Fatalf("%d events of %d in batches of %v", total, n, sizes)
		}
		largest := 0
		for _, size := range sizes {
			largest = max(largest, size)
		}
		for i, size := range sizes[1 : len(sizes)-1] {
			if size < largest*2/3 {
				t.Errorf("batch %d has %d events, and %d fit: %v", i+1, size, largest, sizes)
			}
		}
		t.Log(sizes)
	})
}
