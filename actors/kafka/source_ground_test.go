package kafka

import (
	"fmt"
	"log/slog"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// patience bounds every wait of the tests; in a synctest bubble it costs nothing.
const patience = 2 * time.Minute

// ground is a cluster on a network of its own, with a client that fills it.
type ground struct {
	t       *testing.T
	network kfake.VirtualNetwork
	cluster *kfake.Cluster
	client  *kgo.Client
	admin   *kadm.Client
	group   string   // "g" but on a real broker
	topic   string   // "events" but on a real broker
	brokers []string // a real broker's addresses
}

// inBubble runs test with a fresh cluster under a virtual clock. Whatever the test starts has to be stopped before it returns.
func inBubble(t *testing.T, test func(*ground), opts ...kfake.Opt) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &ground{t: t, group: "g", topic: "events"}
		opts := append([]kfake.Opt{kfake.NumBrokers(1), kfake.ListenFn(g.network.Listen), kfake.GroupMinSessionTimeout(time.Second)}, opts...)
		g.cluster = kfake.MustCluster(opts...)
		g.client = g.newClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
		g.admin = kadm.NewClient(g.client)
		t.Cleanup(g.cluster.Close)
		t.Cleanup(g.client.Close)
		test(g)
	})
}

func (g *ground) clientOpts() []kgo.Opt {
	level := kgo.LogLevelNone
	if os.Getenv("HIBANA_TEST_LOG") == "kgo" {
		level = kgo.LogLevelDebug
	}
	opts := []kgo.Opt{kgo.SeedBrokers(g.brokers...)}
	if g.cluster != nil {
		opts = []kgo.Opt{kgo.SeedBrokers(g.cluster.ListenAddrs()...), kgo.Dialer(g.network.DialContext)}
	}
	return append(opts,
		kgo.WithLogger(kgo.BasicLogger(os.Stderr, level, nil)),
		kgo.MetadataMinAge(100*time.Millisecond), kgo.MetadataMaxAge(2*time.Second), kgo.DisableClientMetrics(),
	)
}

func (g *ground) newClient(opts ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append(g.clientOpts(), opts...)...)
	if err != nil {
		g.t.Fatal(err)
	}
	return client
}

// write puts n records into a partition; the value is the partition and a number that goes up.
func (g *ground) write(topic string, partition int32, from, n int) {
	g.t.Helper()
	var records []*kgo.Record
	for i := from; i < from+n; i++ {
		records = append(records, &kgo.Record{Topic: topic, Partition: partition, Value: fmt.Appendf(nil, "%d:%d", partition, i)})
	}
	if err := g.client.ProduceSync(g.t.Context(), records...).FirstErr(); err != nil {
		g.t.Fatal(err)
	}
}

// commit writes an offset of the group as an earlier run would have.
func (g *ground) commit(group, topic string, partition int32, at int64, metadata string) {
	g.t.Helper()
	offsets := make(kadm.Offsets)
	offsets.Add(kadm.Offset{Topic: topic, Partition: partition, At: at, LeaderEpoch: -1, Metadata: metadata})
	if err := g.admin.CommitAllOffsets(g.t.Context(), group, offsets); err != nil {
		g.t.Fatal(err)
	}
}

// trim removes the records before an offset, as retention does.
func (g *ground) trim(topic string, partition int32, before int64) {
	g.t.Helper()
	offsets := make(kadm.Offsets)
	offsets.Add(kadm.Offset{Topic: topic, Partition: partition, At: before})
	if _, err := g.admin.DeleteRecords(g.t.Context(), offsets); err != nil {
		g.t.Fatal(err)
	}
}

func (g *ground) config(topics ...string) SourceConfig {
	return SourceConfig{Log: testLog(), Client: g.clientOpts(), Group: g.group, Topics: topics, HeartbeatInterval: 500 * time.Millisecond, SessionTimeout: 6 * time.Second}
}

// testLog writes to stderr when HIBANA_TEST_LOG is set.
func testLog() *slog.Logger {
	if os.Getenv("HIBANA_TEST_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
