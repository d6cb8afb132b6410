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

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// crashing panics in the actors whose path has the prefix, times times, when a message of the same type as on comes.
func crashing(prefix string, on any, times int32) actor.ReceiverMiddleware {
	var left atomic.Int32
	left.Store(times)
	return func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(ctx actor.ReceiverContext, e *actor.MessageEnvelope) {
			if strings.HasPrefix(ctx.Self().Id, prefix) && fmt.Sprintf("%T", e.Message) == fmt.Sprintf("%T", on) && left.Add(-1) >= 0 {
				panic("injected")
			}
			next(ctx, e)
		}
	}
}

// counter sums what batches counted, by event.
type counter struct {
	seen map[string]int
}

func (c *counter) job(s *streaming.Context) {
	streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
		for _, e := range b.Elements() {
			c.seen[e.Content()]++
		}
		return nil
	})
}

// exactly checks that each of n events was seen once.
func (c *counter) exactly(t *testing.T, n int) {
	t.Helper()
	if len(c.seen) != n {
		t.Errorf("saw %d different events of %d", len(c.seen), n)
	}
	for event, times := range c.seen {
		if times != 1 {
			t.Errorf("event %s was seen %d times", event, times)
		}
	}
}

// contiguous checks the ledger: each partition's From is the Until of its committed batch before.
func (l *memoryLedger) contiguous(t *testing.T) {
	t.Helper()
	until := map[messages.TopicPartition]int64{}
	for _, r := range l.reports {
		if !r.Committed {
			continue
		}
		for p := range r.Parts() {
			if before, ok := until[p.TopicPartition]; ok && before != p.From {
				t.Errorf("batch %d: %v goes on at %d, the batch before ended at %d", r.Batch, p.TopicPartition, p.From, before)
			}
			until[p.TopicPartition] = p.Until
		}
	}
}

func TestACrashInAnyActorLosesNothingAndRepeatsNothing(t *testing.T) {
	for _, where := range []struct {
		actor string
		on    any
	}{
		{"aggregator/", &actor.Started{}},
		{"aggregator/", messages.Events{}},
		{"aggregator/", messages.Open{}},
		{"aggregator/", messages.Cut{}},
		{"aggregator/", &actor.Stopping{}},
		{"aggregator", messages.Part{}},
		{"aggregator", messages.Tick{}},
		{"aggregator", messages.Ran{}},
		{"aggregator", messages.Ready{}},
		{"aggregator", messages.Assigned{}},
		{"aggregator", &actor.Started{}},
		{"aggregator", &actor.Stopping{}},
		{"producer", &actor.Started{}},
		{"producer", messages.Publish{}},
		{"producer", &actor.Stopping{}},
	} {
		t.Run(fmt.Sprintf("%s %T", where.actor, where.on), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { crashIn(t, where.actor, where.on) })
		})
	}
}

func crashIn(t *testing.T, name string, on any) {
	r := newRig(t, 4)
	defer r.close()
	c := counter{seen: map[string]int{}}
	r.publish(500)
	r.start(time.Second, c.job, func(s *actors.Settings) {
		s.Middleware = []actor.ReceiverMiddleware{crashing(name, on, 2)}
	})
	for range 10 {
		<-time.After(700 * time.Millisecond) // virtual time
		_, _ = r.system.Publish(messages.Publish{Topic: "other", Event: messages.NewRichEvent("x")}, time.Second)
	}
	if err := r.stream.Stop(true); err != nil {
		t.Error(err)
	}
	c.exactly(t, 500)
	r.ledger.contiguous(t)
	if holds := r.stream.Holds(); holds != 0 && !strings.Contains(fmt.Sprintf("%T", on), "Stopping") {
		t.Errorf("%d holds are still out", holds)
	}
}

func TestAnActorThatCrashesTooOftenEndsTheStreamWithItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1)
		defer r.close()
		started := time.Now()
		r.start(time.Second, (&counter{seen: map[string]int{}}).job, func(s *actors.Settings) {
			s.Middleware = []actor.ReceiverMiddleware{crashing("aggregator/", &actor.Started{}, 1000)}
		})
		err := r.stream.AwaitTermination()
		if err == nil || !strings.Contains(err.Error(), "aggregator/events-0 crashed 9 times") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(started); took < 5*time.Second || took > time.Minute {
			t.Errorf("the restarts took %v: no real back-off", took)
		}
	})
}

func TestAPanicInAUserFunctionIsTriedAgainWithTheSameRangeThenStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		r.publish(100)
		calls := 0
		r.start(time.Second, func(s *streaming.Context) {
			streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
				calls++
				panic("no")
			})
		}, nil)
		err := r.stream.AwaitTermination()
		var op *streaming.OpError
		if !errors.As(err, &op) || op.Op != "foreachBatch" || calls != 4 {
			t.Errorf("got %v after %d calls", err, calls)
		}
	})
}

func TestAFunctionThatFailsOnceInTheNarrowHalfIsFoldedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		r.publish(1000)
		var failures atomic.Int32
		c := counter{seen: map[string]int{}}
		r.start(time.Second, func(s *streaming.Context) {
			mapped := streaming.Map(streaming.Events(s), func(e messages.RichEvent) messages.RichEvent {
				if e.Content() == "500" && failures.Add(1) <= 2 {
					panic("not now")
				}
				return e
			})
			mapped.ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
				for _, e := range b.Elements() {
					c.seen[e.Content()]++
				}
				return nil
			})
		}, nil)
		<-time.After(5 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		c.exactly(t, 1000)
		r.ledger.contiguous(t)
	})
}

func TestStopFromInsideAUserFunctionEndsAfterTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		r.publish(10)
		batches := 0
		r.start(time.Second, func(s *streaming.Context) {
			streaming.Events(s).Count().ForeachBatch(func(_ context.Context, b streaming.Batch[int64]) error {
				batches++
				return s.Stop(true)
			})
		}, nil)
		if err := r.stream.AwaitTermination(); err != nil || batches != 1 {
			t.Errorf("got %v after %d batches", err, batches)
		}
	})
}

// failure.then: pause waits before the batch; resume runs the same ranges again, and nothing is lost or repeated.
func TestAFailedBatchPausesTheStreamUntilResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 2)
		defer r.close()
		r.publish(100)
		var mended atomic.Bool
		c := counter{seen: map[string]int{}}
		r.start(time.Second, func(s *streaming.Context) {
			streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
				if !mended.Load() {
					return errors.New("not yet")
				}
				for _, e := range b.Elements() {
					c.seen[e.Content()]++
				}
				return nil
			})
		}, func(s *actors.Settings) { s.Failure.Then = actors.Pause })
		<-time.After(10 * time.Second)
		answer, err := r.system.Ask(messages.AskStatus{}, time.Second)
		if err != nil || answer.(messages.Status).State != "paused" {
			t.Errorf("it is %v, %v", answer, err)
		}
		mended.Store(true)
		if _, err := r.system.Ask(messages.Pause{On: false}, time.Second); err != nil {
			t.Error(err)
		}
		<-time.After(5 * time.Second)
		if err := r.stream.Stop(true); err != nil {
			t.Error(err)
		}
		c.exactly(t, 100)
	})
}
