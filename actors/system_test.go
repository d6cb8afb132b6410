package actors_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

var (
	_ actors.Source  = (*kafka.Source)(nil)
	_ actors.Offsets = (*kafka.Source)(nil)
	_ actors.Writer  = (*kafka.Writer)(nil)
)

// memoryLedger keeps the reports and checks, when asked, that they are contiguous.
type memoryLedger struct{ reports []messages.BatchReport }

func (l *memoryLedger) Append(r messages.BatchReport) error {
	if !r.Committed && r.Err == "" {
		return nil // the line ahead of the commit
	}
	l.reports = append(l.reports, r)
	return nil
}

// rig is a whole stream on the embedded broker's virtual network, inside a synctest bubble.
type rig struct {
	t      *testing.T
	broker *kafka.Broker
	out    bytes.Buffer
	ledger memoryLedger
	set    actors.Settings
	stream *streaming.Context
	system *actors.System
	writer *kafka.Writer
	gone   kafka.GonePolicy // of members
}

func newRig(t *testing.T, partitions int) *rig {
	t.Helper()
	broker, err := kafka.NewBroker(kafka.BrokerConfig{Virtual: true, Partitions: partitions, Topics: []string{"events"}})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, broker: broker}
	if r.writer, err = kafka.NewWriter(broker.ClientOptions(), 0, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return r
}

// consuming are a member's options. A partition that is opened while a fetch of others is on its way has to wait for its end: as long as
// the program waits, not for the client's five seconds, which are longer than some tests.
func (r *rig) consuming() []kgo.Opt {
	return append(r.broker.ClientOptions(), kgo.FetchMaxWait(500*time.Millisecond))
}

// start runs job on a new member of the group.
func (r *rig) start(interval time.Duration, job func(*streaming.Context), change func(*actors.Settings)) {
	r.t.Helper()
	source, err := kafka.NewSource(kafka.SourceConfig{Client: r.consuming(), Group: "g", Topics: []string{"events"}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.set = actors.Settings{
		Instance: "a", Group: "g", Source: source, Writer: r.writer, Delivery: actors.AtLeastOnce{Store: actors.InGroup{Offsets: source}},
		Ledger: &r.ledger, Failure: actors.Failure{Retries: 3, Backoff: 200 * time.Millisecond}, Memory: 64 << 20,
		Stdout: &r.out, Log: zerolog.New(zerolog.NewTestWriter(r.t)).Level(zerolog.InfoLevel),
		Close: func() error { source.Stop(true); return nil },
	}
	if change != nil {
		change(&r.set)
	}
	engine := &starting{source: source}
	r.stream = streaming.NewContext(interval, streaming.WithTopics("events"), streaming.WithEngine(engine))
	r.set.Context = r.stream
	r.system = actors.NewSystem(r.set)
	engine.System = r.system
	job(r.stream)
	if err := r.stream.Start(); err != nil {
		r.t.Fatal(err)
	}
}

// starting starts the source with the system.
type starting struct {
	*actors.System
	source *kafka.Source
}

func (s *starting) Start(p *streaming.Program) error {
	s.source.Start()
	return s.System.Start(p)
}

func (r *rig) publish(n int) {
	r.t.Helper()
	records := make([]messages.Outgoing, n)
	for i := range records {
		records[i] = messages.NewOutgoing("events", fmt.Sprint(i), true, fmt.Sprintf(`{"content":"%d"}`, i))
	}
	if err := r.writer.ProduceAll(context.Background(), records); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) close() {
	_ = r.writer.Close(context.Background())
	<-time.After(time.Second) // protoactor's throttle of dead letters sleeps for a moment, in this bubble's time
	r.broker.Close()
}

func TestBatchesCountEveryEventOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 4)
		defer r.close()
		r.publish(1000)
		var total int64
		r.start(2*time.Second, func(s *streaming.Context) {
			streaming.Events(s).Print()
			streaming.Events(s).Count().ForeachBatch(func(_ context.Context, b streaming.Batch[int64]) error {
				total += b.Elements()[0]
				return nil
			})
		}, func(s *actors.Settings) { s.Batches = 3 })
		if err := r.stream.AwaitTermination(); err != nil {
			t.Fatal(err)
		}
		if total != 1000 || len(r.ledger.reports) != 3 {
			t.Errorf("counted %d of 1000 in %d batches of 3", total, len(r.ledger.reports))
		}
		for i, report := range r.ledger.reports[1:] {
			if gap := report.Time.Sub(r.ledger.reports[i].Time); gap != 2*time.Second {
				t.Errorf("batches are %v apart", gap)
			}
		}
	})
}
