package kafka

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// onKafka runs a test against a real broker, with a topic "events" of its own.
func onKafka(t *testing.T, partitions int32, configs map[string]string, test func(g *ground, topic string)) {
	t.Helper()
	addresses := os.Getenv("HIBANA_TEST_KAFKA")
	if addresses == "" {
		t.Skip("HIBANA_TEST_KAFKA names no broker")
	}
	g := &ground{t: t, brokers: strings.Split(addresses, ","), group: fmt.Sprint("g", time.Now().UnixNano())}
	g.client = g.newClient(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	t.Cleanup(g.client.Close)
	g.admin = kadm.NewClient(g.client)
	topic := fmt.Sprint("events", time.Now().UnixNano())
	values := make(map[string]*string)
	for k, v := range configs {
		values[k] = &v
	}
	if _, err := g.admin.CreateTopic(t.Context(), partitions, 1, values, topic); err != nil {
		t.Fatal(err)
	}
	for told := false; !told; { // on a busy machine a broker learns of it seconds after its creation
		topics, err := g.admin.ListTopics(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		told = topics[topic].Err == nil
	}
	test(g, topic)
}

// The position reaches the end of a topic with transactions, committed and aborted.
func TestKafkaTransactions(t *testing.T) {
	onKafka(t, 1, nil, func(g *ground, topic string) {
		g.topic = topic
		g.transaction(3, kgo.TryCommit)
		g.transaction(2, kgo.TryAbort)
		config := g.config(topic)
		config.ReadCommitted = true
		m := g.member(config).start()
		if l := m.awaitUntil(tp(topic, 0), 7); !slices.Equal(l.offsets, []int64{0, 1, 2}) {
			t.Error(l.offsets)
		}
	})
}

// Compaction leaves holes: the position passes them and reaches the end.
func TestKafkaCompaction(t *testing.T) {
	configs := map[string]string{
		"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.0001",
		"delete.retention.ms": "0", "max.compaction.lag.ms": "200",
	}
	onKafka(t, 1, configs, func(g *ground, topic string) {
		for i := range 30 {
			r := &kgo.Record{Topic: topic, Key: []byte("k"), Value: fmt.Append(nil, i)}
			if err := g.client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
			<-time.After(20 * time.Millisecond)
		}
		// A tombstone is the last record.
		if err := g.client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte("k")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		for g.firstOffset(topic) == 0 { // until the cleaner has looked
			<-time.After(100 * time.Millisecond)
		}
		m := g.member(g.config(topic)).start()
		l := m.awaitUntil(tp(topic, 0), 31)
		t.Logf("read %v", l.offsets)
	})
}

// firstOffset is that of the first record that is there.
func (g *ground) firstOffset(topic string) int64 {
	g.t.Helper()
	client := g.newClient(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))
	defer client.Close()
	for {
		fetches := client.PollFetches(g.t.Context())
		if err := fetches.Err(); err != nil {
			g.t.Fatal(err)
		}
		if records := fetches.Records(); len(records) > 0 {
			return records[0].Offset
		}
	}
}

// Offsets, plans, ownership, a static member that leaves, retention that overtakes, a topic that goes away.
func TestKafkaLife(t *testing.T) {
	onKafka(t, 2, nil, func(g *ground, topic string) {
		zero := tp(topic, 0)
		g.write(topic, 0, 0, 100)
		config := g.config(topic)
		config.InstanceID = "a"
		m := g.member(config).start()
		m.awaitUntil(zero, 100)
		plan := messages.Plan{Time: time.UnixMilli(1234), Until: 90, Attempt: 1}
		if err := m.source.CommitOffsets(t.Context(), []messages.Offset{{TopicPartition: zero, At: 40, Metadata: plan.Encode()}}); err != nil {
			t.Fatal(err)
		}
		if err := m.source.CommitOffsets(t.Context(), []messages.Offset{{TopicPartition: tp(topic, 9), At: 1}}); !errors.Is(err, messages.ErrNotOwner) {
			t.Error(err)
		}
		m.stop()
		if n := groupSize(g); n != 0 {
			t.Errorf("%d members after the leave", n)
		}
		again := g.member(config).start()
		if at := again.awaitUntil(zero, 100).position; at.From != 40 || at.Plan != plan {
			t.Errorf("%+v", at)
		}
		usurper := g.member(config).start()
		usurper.has(2)
		if err := again.awaitFailure(); !errors.Is(err, kerr.FencedInstanceID) {
			t.Error(err)
		}
		again.stop()
		if n := groupSize(g); n != 1 {
			t.Errorf("%d members after the fenced one has stopped", n)
		}
		usurper.stop()
		g.trim(topic, 0, 60)
		if err := g.member(config).start().awaitFailure(); !errors.Is(err, messages.ErrOffsetGone) {
			t.Error(err)
		}
		config.InstanceID, config.Gone = "b", GoneEarliest
		last := g.member(config).start()
		last.await("an assignment", func() bool { return len(last.messages) > 0 })
		if _, err := g.admin.DeleteTopics(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		if err := last.awaitFailure(); !strings.Contains(err.Error(), topic) {
			t.Error(err)
		}
	})
}

// Two members share the partitions, the second comes and goes while records are written: each record is read once.
func TestKafkaRebalance(t *testing.T) {
	onKafka(t, 4, nil, func(g *ground, topic string) {
		first := g.member(g.config(topic)).start()
		first.has(4)
		write := func(round int) {
			for p := range int32(4) {
				g.write(topic, p, round*50, 50)
			}
		}
		write(0)
		second := g.member(g.config(topic)).start()
		write(1)
		second.has(2)
		write(2)
		<-time.After(time.Second)
		second.leave()
		write(3)
		first.has(4)
		for p := range int32(4) {
			first.awaitUntil(tp(topic, p), 200)
			both := append(slices.Clone(first.read[tp(topic, p)]), second.read[tp(topic, p)]...)
			slices.Sort(both)
			if len(both) != 200 || len(slices.Compact(both)) != 200 {
				t.Errorf("partition %d: %d records", p, len(both))
			}
		}
	})
}
