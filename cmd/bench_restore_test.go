package cmd_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// BenchmarkRestore compares the restore of a million keys with a loop that reads the same changelog and looks at nothing, in time: ratio is
// the loop's speed over the restore's, the median of interleaved pairs, and CPU-ratio that of the CPU time of this process. HIBANA_BENCH_RECORDS sets the number of keys.
func BenchmarkRestore(b *testing.B) {
	r := newRestoring(b, number("HIBANA_BENCH_RECORDS", 1_000_000))
	for range b.N {
		var ratios, cpus, seconds []float64
		for range number("HIBANA_BENCH_PAIRS", 7) {
			loop, loopCPU := r.timed(b, r.loop)
			restore, restoreCPU := r.timed(b, r.restore)
			ratios, cpus, seconds = append(ratios, restore/loop), append(cpus, restoreCPU/loopCPU), append(seconds, restore)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(median(ratios), "ratio")
		b.ReportMetric(median(cpus), "CPU-ratio")
		b.ReportMetric(median(seconds), "s/restore")
	}
}

// restoring is a changelog that a run has written, and the job whose state it is.
type restoring struct {
	bench
	group   string
	program *streaming.Program
	keys    int
}

const restorePartitions = 4

func newRestoring(b *testing.B, keys int) *restoring {
	b.Helper()
	r := &restoring{bench: newBench(b, 0), keys: keys}
	r.Topic += "-keys"
	r.group = r.Topic
	createTopic(b, r.Brokers, r.Topic, restorePartitions)
	writer, err := kafka.NewWriter([]kgo.Opt{kgo.SeedBrokers(r.Brokers)}, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	all := make([]messages.Outgoing, keys)
	for i := range all {
		all[i] = messages.NewOutgoing(r.Topic, fmt.Sprintf("key-%08d", i), true, `{"content":"x"}`)
	}
	if err := writer.ProduceAll(context.Background(), all); err != nil {
		b.Fatal(err)
	}
	_ = writer.Close(context.Background())
	m := cmd.Main{
		Job: func(s *streaming.Context) error { jobRunningCount(s); return nil },
		Args: []string{
			"run", "--drain", "-X", "kafka.bootstrap.servers=" + r.Brokers, "-X", "topics=" + r.Topic, "-X", "kafka.group.id=" + r.group,
			"-X", "exchange=partition", "-X", "interval=1s", "-X", "log.level=warn",
		},
	}
	if code := m.Run(); code != 0 {
		b.Fatal("exit code", code)
	}
	s := streaming.NewContext(time.Second, streaming.WithTopics(r.Topic), streaming.WithStateByPartition(), streaming.WithEngine(r))
	jobRunningCount(s)
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Stop(false) })
	return r
}

// Start keeps the program.
func (r *restoring) Start(p *streaming.Program) error { r.program = p; return nil }

// Stop has nothing to stop.
func (r *restoring) Stop(bool) error { return nil }

// timed runs f and tells the seconds it took, and those of CPU time. What others left behind is collected first.
func (r *restoring) timed(b *testing.B, f func() (int, error)) (seconds, cpu float64) {
	b.Helper()
	runtime.GC()
	began, before := time.Now(), spent()
	n, err := f()
	if err != nil || n < r.keys {
		b.Fatalf("%d of %d keys: %v", n, r.keys, err)
	}
	return time.Since(began).Seconds(), spent() - before
}

// restore does what an instance does that gets all partitions.
func (r *restoring) restore() (int, error) {
	changelog := kafka.NewChangelog(kafka.ChangelogConfig{
		Client: []kgo.Opt{kgo.SeedBrokers(r.Brokers)}, Group: r.group, Topics: []string{r.Topic}, Shapes: r.program.Shapes(),
	})
	counts, errs := make([]int, restorePartitions), make([]error, restorePartitions)
	var all sync.WaitGroup
	for i := range restorePartitions {
		all.Go(func() {
			tp := messages.TopicPartition{Topic: r.Topic, Partition: int32(i)}
			shard := r.program.NewShard(tp)
			errs[i] = changelog.Restore(context.Background(), tp, func(c []messages.Change) (int, error) {
				counts[i] += len(c)
				return shard.Load(c)
			}, func(int64, int64) {})
			shard.Loaded()
		})
	}
	all.Wait()
	sum := 0
	for i, n := range counts {
		if errs[i] != nil {
			return 0, errs[i]
		}
		sum += n
	}
	return sum, nil
}

// loop reads as many records as the keys, at least, and looks at nothing.
func (r *restoring) loop() (int, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(r.Brokers), kgo.ConsumeTopics(kafka.ChangelogTopic(r.group, r.Topic)),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	n := 0
	for n < r.keys {
		n += client.PollFetches(context.Background()).NumRecords()
	}
	return n, nil
}
