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

// Many partitions are equally full of large records: each looks at what the job holds often enough that all of them together do not
// exceed the memory by more than a little each.
func TestManyPartitionsTogetherKeepToTheMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const partitions, n, size, memory = 32, 6400, 10_000, 8 << 20
		r := newRig(t, partitions)
		defer r.close()
		records := make([]messages.Outgoing, n)
		for i := range records {
			records[i] = messages.NewOutgoing("events", fmt.Sprint(i), true, fmt.Sprintf(`{"content":"%04d%s"}`, i, strings.Repeat("x", size)))
		}
		if err := r.writer.ProduceAll(context.Background(), records); err != nil {
			t.Fatal(err)
		}
		total, largest := 0, 0
		r.start(time.Second, func(s *streaming.Context) {
			streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
				total, largest = total+len(b.Elements()), max(largest, len(b.Elements()))
				return nil
			})
		}, func(s *actors.Settings) { s.Memory = memory })
		<-time.After(30 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		if total != n || largest*size > memory+partitions*(192<<10) || largest*size < memory/2 {
			t.Errorf("%d events of %d, at most %d at once", total, n, largest)
		}
		t.Log(largest)
	})
}
