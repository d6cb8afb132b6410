//go:build synctests

package actors_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// slowChangelog restores nothing, and takes until its gate is opened.
type slowChangelog struct {
	gate chan struct{}

	mu     sync.Mutex
	asked  map[messages.TopicPartition]int
	broken map[messages.TopicPartition]int // restores whose context ended before they did
}

func (c *slowChangelog) Restore(ctx context.Context, p messages.TopicPartition, _ func([]messages.Change) (int, error), _ func(done, total int64)) error {
	c.note(c.asked, p)
	select {
	case <-c.gate:
	case <-ctx.Done():
		c.note(c.broken, p)
	}
	return ctx.Err()
}

func (c *slowChangelog) note(where map[messages.TopicPartition]int, p messages.TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	where[p]++
}

// askedFor tells how often each partition's state has been asked for until now.
func (c *slowChangelog) askedFor() map[messages.TopicPartition]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.asked)
}

func newSlowChangelog() *slowChangelog {
	return &slowChangelog{gate: make(chan struct{}), asked: map[messages.TopicPartition]int{}, broken: map[messages.TopicPartition]int{}}
}

// countsWithState counts the events after an operation with state has seen them.
func countsWithState(m *memberRig) {
	keyed := streaming.MapToPair(streaming.Events(m.stream), func(e messages.RichEvent) (string, int64) { return e.Content(), 1 })
	m.counts(streaming.MapWithState(keyed, "seen", streaming.StateSpec[string, int64, int64, int64]{
		Function: func(_ time.Time, _ string, one streaming.Option[int64], state *streaming.KeyState[int64]) streaming.Option[int64] {
			state.Update(1)
			return one
		},
	}).Stream)
}

// While a member restores four partitions, another one joins and takes two of them: those two are broken off, the restores of the two that
// stay are not begun anew, and when they are done all is counted once.
func TestAnotherMembersJoinRestartsNoRestore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 4)
		defer r.close()
		r.publish(1000)
		slow, quick := newSlowChangelog(), newSlowChangelog()
		close(quick.gate)
		join := func(name string, c actors.Changelog) *memberRig {
			return r.joinWith(name, countsWithState, func(s *actors.Settings) { s.Changelog = c }, streaming.WithStateByPartition())
		}
		first := join("m0", slow)
		<-time.After(5 * time.Second)
		second := join("m1", quick)
		<-time.After(20 * time.Second)
		if second.count == 0 || first.count != 0 {
			t.Errorf("the first counted %d before its state was there, the second %d", first.count, second.count)
		}
		close(slow.gate)
		<-time.After(5 * time.Second)
		bySecond := quick.askedFor() // what the first leaves behind may come to it while both are stopped
		for _, m := range []*memberRig{first, second} {
			if err := m.stream.Stop(true); err != nil {
				t.Error(err)
			}
		}
		if first.count+second.count != 1000 {
			t.Errorf("counted %d and %d of 1000", first.count, second.count)
		}
		stayed := 0
		for p, n := range slow.asked {
			if n != 1 {
				t.Errorf("%v was restored %d times", p, n)
			}
			stayed += 1 - slow.broken[p]
		}
		if len(slow.asked) != 4 || stayed != 2 || len(bySecond) != 2 {
			t.Errorf("restores %v, broken off %v, by the second %v", slow.asked, slow.broken, bySecond)
		}
	})
}

// There is nothing to read, and the state is long in coming: a drain waits for it, and for a batch that has it.
func TestADrainWaitsForItsState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		slow := newSlowChangelog()
		var last time.Time
		m := r.joinWith("m0", func(m *memberRig) {
			countsWithState(m)
			streaming.Events(m.stream).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
				last = b.Time()
				return nil
			})
		}, func(s *actors.Settings) { s.Changelog, s.Drain = slow, s.Source.(*kafka.Source) }, streaming.WithStateByPartition())
		<-time.After(20*time.Second + 50*time.Millisecond) // between two batches: one of the very moment could have it or not
		if m.stream.State() != streaming.Active {
			t.Fatal("the drain has ended without its state")
		}
		opened := time.Now()
		close(slow.gate)
		if err := m.stream.AwaitTermination(); err != nil {
			t.Fatal(err)
		}
		if !last.After(opened) {
			t.Errorf("the last batch is of %v, the state came at %v", last, opened)
		}
	})
}
