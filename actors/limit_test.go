package actors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/messages"
)

// The console changes the rate while a backlog is read: the batch that was named is the first that obeys, and a crash of the
// aggregator changes nothing about it.
func TestTheRateChangesAtTheBatchThatWasNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		r.publish(1000)
		c := counter{seen: map[string]int{}}
		r.start(time.Second, c.job, func(s *actors.Settings) {
			s.MaxPerPartition = 10
			s.Middleware = []actor.ReceiverMiddleware{crashing("aggregator", messages.AskBatches{}, 1)}
		})
		<-time.After(3500 * time.Millisecond)
		answer, err := r.system.Ask(messages.Limit{PerSecond: 30}, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		accepted := answer.(messages.Accepted)
		<-time.After(4 * time.Second)
		_, _ = r.system.Ask(messages.AskBatches{}, time.Second) // the aggregator crashes
		crash := time.Now()
		<-time.After(4 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		r.ledger.contiguous(t)
		limits := map[int64]int{}
		for i, report := range r.ledger.reports[:len(r.ledger.reports)-1] { // the last was cut by the stop
			want := int64(10)
			if !report.Time.Before(accepted.Time) {
				want = 30
			}
			if i > 0 && report.Records != want && report.Records != 0 { // 0: the batch that the crash has emptied
				t.Errorf("batch %d of %v has %d records, want %d; batch %d of %v was named", report.Batch, report.Time, report.Records, want, accepted.Batch, accepted.Time)
			}
			if report.Batch == accepted.Batch && report.Time.Before(crash) && !report.Time.Equal(accepted.Time) {
				t.Errorf("batch %d has the time %v, and %v was named", report.Batch, report.Time, accepted.Time)
			}
			limits[want]++
		}
		if limits[10] < 2 || limits[30] < 5 {
			t.Errorf("too few batches to tell: %v", limits)
		}
	})
}

// Without a limit a batch takes the whole backlog: what the test above counts is the limit's doing.
func TestNoRateIsNoLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		r.publish(1000)
		c := counter{seen: map[string]int{}}
		r.start(time.Second, c.job, func(s *actors.Settings) { s.MaxPerPartition = 10 })
		<-time.After(2500 * time.Millisecond)
		if _, err := r.system.Ask(messages.Limit{}, time.Second); err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		c.exactly(t, 1000)
		r.ledger.contiguous(t)
	})
}
