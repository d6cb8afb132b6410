package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hibana-stream/hibana/actors/console"
	"github.com/hibana-stream/hibana/messages"
)

// fakeControl is a stream that has run two batches of two partitions. What is asked of it is in said.
type fakeControl struct {
	mu     sync.Mutex
	said   []string
	paused bool
	polls  int // how often Status answers "running" after a pause was accepted
	fails  error
	mute   bool // answers nothing until the context ends
	topics []string
	level  string
	ended  func() // called by Stop
}

func newFakeControl() *fakeControl { return &fakeControl{topics: []string{"events", "orders"}} }

func (f *fakeControl) say(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, fmt.Sprintf(format, args...))
}

func (f *fakeControl) trouble(ctx context.Context) error {
	if f.mute {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return f.fails
}

func (f *fakeControl) Status(ctx context.Context) (messages.Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	state := "running"
	if f.polls--; f.paused && f.polls < 0 {
		state = "paused"
	}
	now := time.Now().UTC()
	return messages.NewStatus(messages.Status{
		State: state, Instance: "host-0", Group: "hibana", Interval: 2 * time.Second, Started: now.Add(-90 * time.Second),
		Batches: 2, Records: 7, Rejects: 1, Failed: 1, Next: now.Add(2 * time.Second),
	}, []messages.PartitionStatus{
		{TopicPartition: messages.TopicPartition{Topic: "events"}, Next: 4, End: 1004, State: "open"},
		{TopicPartition: messages.TopicPartition{Topic: "日本", Partition: 11}, Next: 3, End: 3, State: "starting"},
	}), f.trouble(ctx)
}

func (f *fakeControl) Batches(ctx context.Context, n int) (messages.Batches, error) {
	at := time.Date(2026, 11, 22, 18, 36, 10, 0, time.UTC)
	reports := []messages.BatchReport{fakeReport(1, at), fakeReport(2, at.Add(2*time.Second))}
	if n == 1 {
		reports = reports[1:]
	}
	return messages.NewBatches(reports), f.trouble(ctx)
}

func fakeReport(id int64, at time.Time) messages.BatchReport {
	r := messages.BatchReport{
		Batch: id, Attempt: int(id), Time: at, Instance: "host-0", Group: "hibana", Records: 3 + id, Rejects: int(id - 1),
		Submitted: at, Started: at.Add(time.Millisecond), Ended: at.Add(1234567 * time.Microsecond),
		Collect: 400 * time.Microsecond, Merge: 20 * time.Microsecond, Outputs: 1200 * time.Millisecond, Commit: 3 * time.Millisecond,
		Committed: true,
	}
	outputs := []messages.OutputReport{{ID: 0, Name: "print (job.go:9)", Elapsed: 2 * time.Millisecond}, {ID: 1, Name: "print (job.go:10)", Elapsed: time.Second}}
	if id == 2 {
		r.Committed, r.Err, outputs[1].Err = false, "print (job.go:10): no\n\x1b[2Jroom", "no room"
	}
	return messages.NewBatchReport(r, []messages.PartReport{
		{OffsetRange: messages.OffsetRange{TopicPartition: messages.TopicPartition{Topic: "events"}, From: 0, Until: 4}, Records: 4, Lag: 1000},
		{OffsetRange: messages.OffsetRange{TopicPartition: messages.TopicPartition{Topic: "日本", Partition: 11}, From: 3, Until: 3}, Reason: "idle"},
	}, outputs)
}

func (f *fakeControl) Actors() []string {
	return []string{"aggregator", "aggregator/events-10", "aggregator/events-2", "console", "console/session-1", "greeter", "producer"}
}

func (f *fakeControl) Publish(ctx context.Context, m messages.Publish) (messages.Delivered, error) {
	f.say("publish %s %q %v %s", m.Topic, m.Key, m.HasKey, m.Event)
	at := messages.Place{TopicPartition: messages.TopicPartition{Topic: m.Topic, Partition: 2}, Offset: 41}
	return messages.Delivered{Place: at}, f.trouble(ctx)
}

func (f *fakeControl) Pause(ctx context.Context, on bool) (messages.Accepted, error) {
	f.say("pause %v", on)
	f.mu.Lock()
	f.paused, f.polls = on, 2
	f.mu.Unlock()
	return messages.Accepted{Batch: 3, Time: time.Date(2026, 11, 22, 18, 36, 14, 0, time.UTC)}, f.trouble(ctx)
}

func (f *fakeControl) Limit(ctx context.Context, perSecond float64) (messages.Accepted, error) {
	f.say("limit %v", perSecond)
	return messages.Accepted{Batch: 3, Time: time.Date(2026, 11, 22, 18, 36, 14, 0, time.UTC)}, f.trouble(ctx)
}

func (f *fakeControl) LogLevel() string { return cmp.Or(f.level, "info") }

func (f *fakeControl) SetLogLevel(level string) { f.level = level }

func (f *fakeControl) Stop(graceful bool) {
	f.say("stop %v", graceful)
	if f.ended != nil {
		f.ended()
	}
}

func (f *fakeControl) Topics() []string { return f.topics }

func (f *fakeControl) Tell(ctx context.Context, name, json string) (string, error) {
	f.say("tell %s %s", name, json)
	if name != "greeter" {
		return "", errors.New("there is no such actor")
	}
	return `{"hello":"ann"}`, f.trouble(ctx)
}

// typed executes one line as a session does.
func typed(ctx context.Context, c Control, line console.Line) (out, errOut string, outcome console.Outcome) {
	var o, e bytes.Buffer
	outcome = interpreter{c}.Execute(ctx, line, &o, &e)
	return o.String(), e.String(), outcome
}
