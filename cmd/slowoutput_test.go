package cmd_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// copying is a job that copies events to a topic, and then does something else for every batch that has some.
func copying(to string, then func(context.Context) error) cmd.Job {
	return func(s *streaming.Context) error {
		events := streaming.Events(s)
		streaming.MapToPair(events, func(e messages.RichEvent) (string, string) { return e.Content(), e.Content() }).
			ToKafka(to, streaming.EncodeString, streaming.EncodeString)
		events.ForeachBatch(func(ctx context.Context, b streaming.Batch[messages.RichEvent]) error {
			if b.Len() == 0 {
				return nil
			}
			return then(ctx)
		})
		return nil
	}
}

// copies counts what a reader of committed records finds in a topic, by value. It reads until there are as many as wanted, or
// nothing new has come for a minute, and then for one more second.
func (g *ground) copies(topic string, wanted int) map[string]int {
	g.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(g.brokers, ",")...), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200*time.Millisecond))
	if err != nil {
		g.Fatal(err)
	}
	defer client.Close()
	seen, n := map[string]int{}, 0
	for patience := time.Minute; ; {
		ctx, cancel := context.WithTimeout(g.Context(), patience)
		fetches := client.PollFetches(ctx)
		over := ctx.Err() != nil
		cancel()
		fetches.EachRecord(func(r *kgo.Record) { seen[string(r.Value)]++; n++ })
		if n >= wanted {
			patience = time.Second
		}
		if over && fetches.NumRecords() == 0 { // a poll may also return with an error that passes
			return seen
		}
	}
}

// eachOnce checks a copy of events 0 to n-1.
func (g *ground) eachOnce(topic string, n int) {
	g.Helper()
	seen := g.copies(topic, n)
	for i := range n {
		if seen[id(i)] != 1 {
			g.Errorf("%s was seen %d times", id(i), seen[id(i)])
		}
		delete(seen, id(i))
	}
	if len(seen) > 0 {
		g.Errorf("and there is %v", seen)
	}
}

// outliveTransaction is an output that takes until the brokers have aborted its transaction: that was open, and is so no more. One that was
// never seen open was so between two looks, or has not begun; a few seconds tell.
func (g *ground) outliveTransaction(ctx context.Context) error {
	seen, began := false, time.Now()
	for pause(ctx, 50*time.Millisecond) {
		all, err := g.admin.ListTransactions(ctx, nil, []string{"Ongoing"})
		if err != nil {
			continue
		}
		open := slices.ContainsFunc(all.TransactionalIDs(), func(id string) bool { return strings.HasPrefix(id, g.topic) })
		if !open && (seen || time.Since(began) > 4*time.Second) {
			return nil
		}
		seen = seen || open
	}
	return nil
}

// An output takes longer than its transaction may: the brokers abort that, and the batch is run again. Each of its records is there
// once. An output that always takes so long ends the program, which names the setting.
func TestKafkaAnOutputOutlivesItsTransaction(t *testing.T) {
	t.Parallel()
	g := newGround(t, 2, nil)
	out := g.topic + "-out"
	g.create(out, 2, nil)
	g.writeEvents(0, 50, 2)
	args := g.args("-X", "delivery=exactly-once", "-X", "kafka.transaction.timeout.ms=1000", "-X", "failure.retries=1")
	startJob(t, copying(out, g.outliveTransaction), args...).ended(t, cmd.ExitFailed, "transaction.timeout.ms")
	if at := g.committed(0); at > 0 {
		t.Errorf("%d is committed, and no batch got through", at)
	}
	var batches atomic.Int64
	startJob(t, copying(out, func(ctx context.Context) error {
		if batches.Add(1) > 1 {
			return nil
		}
		return g.outliveTransaction(ctx)
	}), append(args, "-X", "failure.retries=100")...).ended(t, cmd.ExitOK) // a second may be too short for the others on a busy machine
	if batches.Load() < 2 {
		t.Error("the batch ran once: the slow output was not slow enough, and this proves nothing")
	}
	g.eachOnce(out, 50)
}

// An output takes longer than a session, and than many intervals: the member stays in the group, nothing is read twice, and the
// batches whose time has passed meanwhile are made up for.
func TestKafkaAnOutputIsSlowerThanASession(t *testing.T) {
	t.Parallel()
	g := newGround(t, 2, nil)
	out := g.topic + "-out"
	g.create(out, 2, nil)
	g.writeEvents(0, 50, 2)
	var batches atomic.Int64
	job := copying(out, func(context.Context) error {
		if batches.Add(1) == 1 {
			g.writeEvents(50, 100, 2)
			<-time.After(8 * time.Second)
		}
		return nil
	})
	r := g.runJob(job, "-X", "kafka.session.timeout.ms=6000", "-X", "kafka.heartbeat.interval.ms=1000")
	r.waits("second batch", func() bool { return batches.Load() >= 2 })
	r.ends(cmd.ExitOK)
	g.eachOnce(out, 100)
}
