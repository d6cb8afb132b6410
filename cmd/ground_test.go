package cmd_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// ground is a broker outside the program under test, with a topic and a group of the test's own: the real one that
// HIBANA_TEST_KAFKA names, or an embedded one in this process.
type ground struct {
	*testing.T
	brokers, topic string
	client         *kgo.Client
	admin          *kadm.Client
}

func newGround(t *testing.T, partitions int, config map[string]string) *ground {
	t.Helper()
	g := &ground{T: t, brokers: os.Getenv("HIBANA_TEST_KAFKA"), topic: fmt.Sprintf("ground-%d", rand.Uint32())}
	if g.brokers == "" {
		broker, err := kafka.NewBroker(kafka.BrokerConfig{Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(broker.Close)
		g.brokers = broker.Addr()
	}
	g.connect()
	g.create(g.topic, partitions, config)
	return g
}

func (g *ground) connect() {
	g.Helper()
	var err error
	g.client, err = kgo.NewClient(kgo.SeedBrokers(strings.Split(g.brokers, ",")...), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(16<<20), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.UnknownTopicRetries(-1))
	if err != nil {
		g.Fatal(err)
	}
	g.Cleanup(g.client.Close)
	g.admin = kadm.NewClient(g.client)
}

func (g *ground) create(topic string, partitions int, config map[string]string) {
	g.Helper()
	settings := map[string]*string{}
	for k, v := range config {
		settings[k] = &v
	}
	answer, err := g.admin.CreateTopic(g.Context(), int32(partitions), 1, settings, topic)
	if err != nil || answer.Err != nil {
		g.Fatal(err, answer.Err)
	}
	g.told(topic, partitions)
}

// told waits until the brokers tell of a topic with so many partitions: on a busy machine they learn of it seconds after its creation.
func (g *ground) told(topic string, partitions int) {
	g.Helper()
	for {
		topics, err := g.admin.ListTopics(g.Context(), topic)
		if err != nil {
			g.Fatal(err)
		}
		if topics[topic].Err == nil && len(topics[topic].Partitions) == partitions {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

// args are those of a run on this ground that ends when everything is processed.
func (g *ground) args(more ...string) []string {
	return append([]string{
		"run", "--drain", "-X", "kafka.bootstrap.servers=" + g.brokers, "-X", "kafka.group.id=" + g.topic, "-X", "topics=" + g.topic,
		"-X", "interval=100ms", "-X", "log.level=warn", "-X", "failure.backoff=10ms",
	}, more...)
}

func (g *ground) write(records ...*kgo.Record) {
	g.Helper()
	for _, r := range records {
		r.Topic = g.topic
	}
	if err := g.client.ProduceSync(g.Context(), records...).FirstErr(); err != nil {
		g.Fatal(err)
	}
}

// read gives all committed records of a topic, and how many partitions it has. Its log begins at 0 and is not compacted.
func (g *ground) read(topic string) (records []*kgo.Record, partitions int) {
	g.Helper()
	ends, err := g.admin.ListEndOffsets(g.Context(), topic)
	if err != nil || ends.Error() != nil {
		g.Fatal(err, ends.Error())
	}
	want := 0
	ends.Each(func(o kadm.ListedOffset) { want, partitions = want+int(o.Offset), partitions+1 })
	reader, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(g.brokers, ",")...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		g.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(g.Context(), patience)
	defer cancel()
	for read := 0; read < want && ctx.Err() == nil; {
		for _, r := range reader.PollFetches(ctx).Records() {
			read++ // with what ends a transaction
			if !r.Attrs.IsControl() {
				records = append(records, r)
			}
		}
	}
	return records, partitions
}

// committed is the group's committed offset, -1 for none, and while nobody can tell.
func (g *ground) committed(partition int32) int64 {
	g.Helper()
	offsets, err := g.admin.FetchOffsets(g.Context(), g.topic)
	if errors.Is(err, kerr.GroupIDNotFound) || errors.Is(err, kerr.CoordinatorNotAvailable) {
		return -1
	}
	if err != nil {
		g.Fatal(err)
	}
	if o, ok := offsets.Lookup(g.topic, partition); ok {
		return o.At
	}
	return -1
}

func event(partition int32, content string) *kgo.Record {
	value, _ := messages.NewRichEvent(content).MarshalJSON()
	return &kgo.Record{Partition: partition, Value: value}
}
