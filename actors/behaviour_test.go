package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/behaviours"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// startWith runs the given behaviours on the rig, with a job that only counts.
func (r *rig) startWith(interval time.Duration, change func(*actors.Settings), own ...behaviours.Behaviour) {
	r.t.Helper()
	var names []string
	for _, b := range own {
		names = append(names, b.Name)
	}
	output := behaviours.NewOutput(names, func(name string, m any) { r.system.SendTo(name, m) })
	job := func(s *streaming.Context) {
		streaming.HandOver(streaming.Events(s), "behaviour "+strings.Join(names, ", "), "the test",
			func(ctx context.Context, b streaming.Batch[messages.RichEvent]) ([]messages.Outgoing, error) {
				var shares []behaviours.Share
				for i, events := range b.Partitions() {
					shares = append(shares, behaviours.Share{Partition: b.OffsetRanges()[i].TopicPartition, Events: events})
				}
				return output.Hand(ctx, b.Time(), shares)
			})
	}
	r.start(interval, job, func(s *actors.Settings) {
		for _, b := range own {
			guest := behaviours.Guest{Behaviour: b, Env: behaviours.Env{Name: b.Name}}
			s.Behaviours = append(s.Behaviours, actors.Behaviour{Name: b.Name, Props: guest.Props})
		}
		if change != nil {
			change(s)
		}
	})
}

// journal is a behaviour that writes down what it gets; on, when there is one, is called before that.
type journal struct {
	on      func(c *behaviours.Context, e messages.RichEvent) error
	order   map[messages.TopicPartition][]string
	lives   int
	stopped int
	seen    atomic.Int64 // for a look while it runs
}

func (j *journal) Receive(c *behaviours.Context, e messages.RichEvent) error {
	if j.on != nil {
		if err := j.on(c, e); err != nil {
			return err
		}
	}
	j.order[c.Partition()] = append(j.order[c.Partition()], e.Content())
	j.seen.Add(1)
	return nil
}

func (j *journal) Tell(_ *behaviours.Context, json string) (string, error) {
	if json == `"panic"` {
		panic("told to")
	}
	return fmt.Sprintf(`{"lives":%d,"told":%s}`, j.lives, json), nil
}

func (j *journal) Start(*behaviours.Context) error { j.lives++; return nil }
func (j *journal) Stop()                           { j.stopped++ }

func (j *journal) behaviour(name string) behaviours.Behaviour {
	j.order = map[messages.TopicPartition][]string{}
	return behaviours.Behaviour{Name: name, New: func(behaviours.Env) behaviours.Actor { return j }}
}

// times is how often each event was written down.
func (j *journal) times() map[string]int {
	all := map[string]int{}
	for _, events := range j.order {
		for _, e := range events {
			all[e]++
		}
	}
	return all
}

// inOrder checks that each partition's events came in their order; what is repeated begins again at an earlier one.
func (j *journal) inOrder(t *testing.T) {
	t.Helper()
	for tp, events := range j.order {
		seen := map[string]bool{}
		for i, e := range events {
			var now, before int
			_, _ = fmt.Sscan(e, &now)
			if i > 0 {
				_, _ = fmt.Sscan(events[i-1], &before)
			}
			if now < before && !seen[e] {
				t.Errorf("%v: %d came behind %d", tp, now, before)
			}
			seen[e] = true
		}
	}
}

func TestABehaviourGetsEachEventOnceInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 4)
		defer r.close()
		var one, two journal
		r.publish(500)
		r.startWith(time.Second, nil, one.behaviour("one"), two.behaviour("two"))
		<-time.After(3 * time.Second)
		tree := strings.Join(r.system.Actors(), " ")
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		for _, j := range []*journal{&one, &two} {
			(&counter{seen: j.times()}).exactly(t, 500)
			j.inOrder(t)
			if j.lives != 1 || j.stopped != 1 {
				t.Errorf("started %d times, stopped %d times", j.lives, j.stopped)
			}
		}
		if !strings.Contains(tree, "one") || !strings.Contains(tree, "two") {
			t.Errorf("the tree is %s", tree)
		}
		r.ledger.contiguous(t)
	})
}

// The behaviour panics at one event, the first time it sees it: it is restarted, and has that and the events before it again.
func TestACrashInABehaviourLosesNoEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		crashes := 0
		j := journal{on: func(_ *behaviours.Context, e messages.RichEvent) error {
			if e.Content() == "250" && crashes < 3 {
				crashes++
				panic("at 250")
			}
			return nil
		}}
		r.publish(500)
		r.startWith(time.Second, nil, j.behaviour("fragile"))
		<-time.After(5 * time.Second)
		r.publish(1)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		if len(j.times()) != 500 || crashes != 3 || j.lives != 4 {
			t.Errorf("%d of 500 events, %d crashes, %d lives", len(j.times()), crashes, j.lives)
		}
		j.inOrder(t)
		r.ledger.contiguous(t)
		for _, report := range r.ledger.reports {
			if report.Attempt > 1 {
				t.Errorf("batch %d had %d attempts: a crash is the supervisor's matter", report.Batch, report.Attempt)
			}
		}
	})
}

func TestABehaviourThatKeepsCrashingEndsTheStreamWithItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		j := journal{on: func(*behaviours.Context, messages.RichEvent) error { panic("always") }}
		r.publish(10)
		r.startWith(time.Second, nil, j.behaviour("doomed"))
		err := r.stream.AwaitTermination()
		if err == nil || !strings.Contains(err.Error(), "actor doomed crashed 9 times") || !strings.Contains(err.Error(), "always") {
			t.Errorf("got %v", err)
		}
		for _, report := range r.ledger.reports {
			if report.Committed && report.Records > 0 {
				t.Errorf("batch %d is committed", report.Batch)
			}
		}
	})
}

// An error is no crash: the batch is run again by its policy, and fails in the end.
func TestAnErrorOfABehaviourFailsTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		bad := errors.New("no room")
		j := journal{on: func(_ *behaviours.Context, e messages.RichEvent) error {
			if e.Content() == "7" {
				return bad
			}
			return nil
		}}
		r.publish(10)
		r.startWith(time.Second, nil, j.behaviour("picky"))
		err := r.stream.AwaitTermination()
		if !errors.Is(err, bad) || !strings.Contains(err.Error(), "picky, event 7 of events:0: no room") {
			t.Errorf("got %v", err)
		}
		if j.times()["6"] != 4 || j.times()["8"] != 0 || j.lives != 1 {
			t.Errorf("got %v in %d lives", j.times(), j.lives)
		}
	})
}

// A behaviour that needs 10 ms an event gets 100 events a second, however many are published: batches wait, and nothing piles up.
func TestASlowBehaviourSlowsTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		j := journal{on: func(*behaviours.Context, messages.RichEvent) error {
			<-time.After(10 * time.Millisecond)
			return nil
		}}
		r.publish(1000)
		r.startWith(time.Second, func(s *actors.Settings) { s.MaxPerPartition = 200 }, j.behaviour("slow"))
		<-time.After(5500 * time.Millisecond)
		if n := j.seen.Load(); n < 300 || n > 550 {
			t.Errorf("%d events in 5.5 s", n)
		}
		started := time.Now()
		if answer, err := r.system.Tell("slow", "1", 5*time.Second); err != nil || answer != `{"lives":1,"told":1}` || time.Since(started) > 100*time.Millisecond {
			t.Errorf("told in the middle of a batch it said %q, %v after %v", answer, err, time.Since(started))
		}
		<-time.After(10 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		(&counter{seen: j.times()}).exactly(t, 1000)
		r.ledger.contiguous(t)
	})
}

func TestTellThatCrashesAnswersAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		j := journal{on: func(*behaviours.Context, messages.RichEvent) error { <-time.After(10 * time.Millisecond); return nil }}
		r.publish(100)
		r.startWith(time.Second, nil, j.behaviour("fragile"))
		<-time.After(1500 * time.Millisecond)
		if _, err := r.system.Tell("fragile", `"panic"`, time.Second); err == nil || !strings.Contains(err.Error(), "told to") {
			t.Errorf("got %v", err)
		}
		if answer, err := r.system.Tell("fragile", `2`, time.Second); err != nil || answer != `{"lives":2,"told":2}` {
			t.Errorf("got %q, %v", answer, err)
		}
		if _, err := r.system.Tell("nobody", `2`, time.Second); err == nil || !strings.Contains(err.Error(), `no behaviour "nobody"`) {
			t.Errorf("got %v", err)
		}
		<-time.After(5 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		if len(j.times()) != 100 {
			t.Errorf("%d of 100 events", len(j.times()))
		}
		j.inOrder(t)
	})
}

// What is published while an event is handled stands when the batch commits, and once, although the behaviour crashed on the way.
func TestWhatABehaviourPublishesBelongsToTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		crashed := false
		j := journal{on: func(c *behaviours.Context, e messages.RichEvent) error {
			c.PublishKeyed("out", e.Content(), messages.NewRichEvent("saw "+e.Content()))
			if e.Content() == "50" && !crashed {
				crashed = true
				panic("once")
			}
			return nil
		}}
		r.publish(100)
		var out []messages.Outgoing
		r.startWith(time.Second, func(s *actors.Settings) {
			s.Produce = func(_ context.Context, records []messages.Outgoing) error {
				out = append(out, records...)
				return nil
			}
		}, j.behaviour("echo"))
		<-time.After(3 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		if len(out) != 100 || !crashed {
			t.Fatalf("%d records of 100", len(out))
		}
		for i, record := range out {
			if value, _ := record.Value(); value != fmt.Sprintf(`{"content":"saw %d"}`, i) || record.Topic() != "out" {
				t.Errorf("record %d is %v", i, record)
			}
		}
	})
}
