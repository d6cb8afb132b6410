package cmd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// latencyLoop, set in the environment, makes the test binary a bare loop that consumes, counts by key, and produces.
const latencyLoop = "HIBANA_TEST_LATENCY_LOOP"

// loopArgs describe it.
type loopArgs struct {
	Brokers, In, Out string
	Transactions     bool
}

func init() { jobs["latency"] = latencyJob }

// latencyJob writes each record on, with the running count of its key.
func latencyJob(s *streaming.Context, _ string) error {
	records := streaming.DirectStream(s, streaming.String, streaming.String, s.Topics()...)
	byKey := streaming.MapToPair(records, func(r messages.Record[string, string]) (string, string) { return r.Key(), r.Value() })
	type pair = streaming.Pair[string, string]
	count := func(_ time.Time, key string, value streaming.Option[string], state *streaming.KeyState[int]) streaming.Option[pair] {
		n, _ := state.Option().Get()
		state.Update(n + 1)
		v, _ := value.Get()
		return streaming.Some(pair{Key: key, Value: v + " " + strconv.Itoa(n+1)})
	}
	counted := streaming.MapWithState(byKey, "counts", streaming.StateSpec[string, string, int, pair]{Function: count}).Stream
	streaming.PairStream[string, string]{Stream: counted}.ToKafka(os.Getenv(copyTo), streaming.EncodeString, streaming.EncodeString)
	return nil
}

// runLatencyLoop is the bound: poll, count, produce, commit; nothing survives it.
func runLatencyLoop(text string) int {
	var a loopArgs
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		panic(err)
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(a.Brokers, ",")...), kgo.ConsumerGroup(a.In + "-loop"), kgo.ConsumeTopics(a.In), kgo.DefaultProduceTopic(a.Out),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.ProducerLinger(0), kgo.DisableAutoCommit(),
	}
	counts := map[string]int{}
	each := func(f kgo.Fetches) (out []*kgo.Record) {
		f.EachRecord(func(r *kgo.Record) {
			counts[string(r.Key)]++
			out = append(out, &kgo.Record{Key: r.Key, Value: []byte(string(r.Value) + " " + strconv.Itoa(counts[string(r.Key)]))})
		})
		return out
	}
	ctx := context.Background()
	if a.Transactions {
		session, err := kgo.NewGroupTransactSession(append(options, kgo.TransactionalID(a.In+"-loop"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
		if err != nil {
			panic(err)
		}
		for {
			fetches := session.PollFetches(ctx)
			if err := session.Begin(); err != nil {
				panic(err)
			}
			if err := session.ProduceSync(ctx, each(fetches)...).FirstErr(); err != nil {
				panic(err)
			}
			if _, err := session.End(ctx, kgo.TryCommit); err != nil {
				panic(err)
			}
		}
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		panic(err)
	}
	for {
		fetches := client.PollFetches(ctx)
		if err := client.ProduceSync(ctx, each(fetches)...).FirstErr(); err != nil {
			panic(err)
		}
		if err := client.CommitUncommittedOffsets(ctx); err != nil {
			panic(err)
		}
	}
}

// BenchmarkLatency measures the time from the sending of a record to the reading of what became of it, by a reader of committed records:
// a running count by key (exchange: partition), 1,000 records a second, batches of 10 ms. Beside it a bare loop of polling, counting in
// a map, producing and committing, which cuts no batches and keeps nothing, with and without transactions.
//
//	go test ./cmd -run '^$' -bench Latency -benchtime 1x
//
// HIBANA_TEST_KAFKA names a real broker; HIBANA_BENCH_SECONDS is how long each is measured (default 10), after three seconds of warming.
func BenchmarkLatency(b *testing.B) {
	brokers := os.Getenv("HIBANA_TEST_KAFKA")
	if brokers == "" {
		brokers = bench{Topic: "unused"}.startBroker(b)
	}
	for _, side := range []struct {
		name  string
		start func(*latency) *exec.Cmd
	}{
		{"loop/at-least-once", func(l *latency) *exec.Cmd { return l.loop(false) }},
		{"hibana/at-least-once", func(l *latency) *exec.Cmd { return l.hibana("at-least-once") }},
		{"loop/exactly-once", func(l *latency) *exec.Cmd { return l.loop(true) }},
		{"hibana/exactly-once", func(l *latency) *exec.Cmd { return l.hibana("exactly-once") }},
	} {
		b.Run(side.name, func(b *testing.B) {
			for range b.N {
				l := newLatency(b, brokers)
				l.measure(side.start(l), time.Duration(number("HIBANA_BENCH_SECONDS", 10))*time.Second)
			}
		})
	}
}

// latency is one measurement.
type latency struct {
	b                *testing.B
	brokers, in, out string
}

func newLatency(b *testing.B, brokers string) *latency {
	name := fmt.Sprintf("latency-%d", time.Now().UnixNano())
	l := &latency{b: b, brokers: brokers, in: name, out: name + "-out"}
	createTopic(b, brokers, l.in, 4)
	createTopic(b, brokers, l.out, 4)
	return l
}

func (l *latency) command(variable string, args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), variable, workerJob+"=latency", copyTo+"="+l.out)
	c.Stderr = os.Stderr
	return c
}

func (l *latency) loop(transactions bool) *exec.Cmd {
	text, _ := json.Marshal(loopArgs{l.brokers, l.in, l.out, transactions})
	return l.command(latencyLoop + "=" + string(text))
}

func (l *latency) hibana(delivery string) *exec.Cmd {
	return l.command(workerRole+"=-", "run", "-X", "kafka.bootstrap.servers=["+l.brokers+"]", "-X", "kafka.group.id="+l.in, "-X", "topics="+l.in,
		"-X", "interval=10ms", "-X", "exchange=partition", "-X", "delivery="+delivery, "-X", "instance=one", "-X", "log.level=error")
}

// measure writes at a steady rate and reads, and reports percentiles.
func (l *latency) measure(side *exec.Cmd, lasts time.Duration) {
	if err := side.Start(); err != nil {
		l.b.Fatal(err)
	}
	defer func() {
		_ = side.Process.Signal(syscall.SIGTERM)
		_ = side.Wait()
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var writing sync.WaitGroup
	defer writing.Wait()
	defer cancel()
	writing.Go(func() { l.write(ctx) })
	took := l.read(ctx, lasts)
	if len(took) < int(lasts.Seconds())*900 {
		l.b.Fatalf("%d records came in %v, of 1,000 a second", len(took), lasts)
	}
	slices.Sort(took)
	for name, part := range map[string]float64{"p50-ms": 0.5, "p99-ms": 0.99, "max-ms": 1} {
		at := took[min(len(took)-1, int(part*float64(len(took))))]
		l.b.ReportMetric(float64(at.Microseconds())/1000, name)
	}
	l.b.ReportMetric(0, "ns/op")
}

func (l *latency) write(ctx context.Context) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(l.brokers, ",")...), kgo.DefaultProduceTopic(l.in), kgo.ProducerLinger(0))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	began, n := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for ; n < int(time.Since(began)/time.Millisecond); n++ {
			key := fmt.Sprintf("k%04d", n%1000)
			client.Produce(ctx, &kgo.Record{Key: []byte(key), Value: []byte(strconv.FormatInt(time.Now().UnixNano(), 10))}, nil)
		}
	}
}

// read waits for the first record, lets three seconds pass, and measures for as long as it is told.
func (l *latency) read(ctx context.Context, lasts time.Duration) (took []time.Duration) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(l.brokers, ",")...), kgo.ConsumeTopics(l.out), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		l.b.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, lasts+60*time.Second)
	defer cancel()
	var from time.Time
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		now := time.Now()
		if from.IsZero() && fetches.NumRecords() > 0 {
			from = now.Add(3 * time.Second)
		}
		if !from.IsZero() && now.Sub(from) > lasts {
			return took
		}
		fetches.EachRecord(func(r *kgo.Record) {
			text, _, _ := strings.Cut(string(r.Value), " ")
			sent, _ := strconv.ParseInt(text, 10, 64)
			if at := time.Unix(0, sent); at.After(from) && !from.IsZero() {
				took = append(took, now.Sub(at))
			}
		})
	}
	return took
}
