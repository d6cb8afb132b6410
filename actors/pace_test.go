package actors_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// An output takes a millisecond for each record, and a backlog waits: with back-pressure the first batches are bounded by the initial
// rate, and those that follow by what the output manages in an interval. The control arm has no initial rate, and its first batch swallows
// the backlog.
func TestBackpressureBoundsTheFirstBatchesToo(t *testing.T) {
	const backlog, interval = 20_000, 500 * time.Millisecond
	sizes := func(t *testing.T, initial float64) (all []int) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, 2)
			defer r.close()
			r.publish(backlog)
			r.start(interval, func(s *streaming.Context) {
				streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
					<-time.After(time.Duration(b.Len()) * time.Millisecond)
					all = append(all, b.Len())
					return nil
				})
			}, func(s *actors.Settings) { s.Backpressure, s.InitialRate, s.Batches = true, initial, 8 })
			if err := r.stream.AwaitTermination(); err != nil {
				t.Fatal(err)
			}
		})
		return all
	}
	bounded := sizes(t, 4000)
	for i, n := range bounded {
		most := 2000 // at the initial rate
		if i > 2 {   // two batches make an estimate, and the third is being filled by then
			most = 500
		}
		if n > most || i > 2 && n < most*9/10 {
			t.Errorf("batch %d has %d records, want %d or little less: %v", i, n, most, bounded)
		}
	}
	if all := sizes(t, 0); slices.Max(all) < backlog/4 { // a partition may be ready for the second batch only
		t.Errorf("without an initial rate no batch swallows the backlog: %v", all)
	}
}
