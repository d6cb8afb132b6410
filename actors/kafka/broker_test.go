package kafka

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/hibana-stream/hibana/messages"
)

func anyBroker(t *testing.T, config BrokerConfig) *Broker {
	t.Helper()
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	b, err := NewBroker(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// noLeak checks, after all else has been cleaned up, that no goroutine is left over.
func noLeak(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

func client(t *testing.T, b *Broker, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(options, b.ClientOptions()...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func texts(values ...string) (records []messages.Outgoing) {
	for _, v := range values {
		records = append(records, messages.NewOutgoing("events", "", false, v))
	}
	return records
}

func numbered(n int) (values []string) {
	for i := range n {
		values = append(values, fmt.Sprint(i))
	}
	return values
}

// read reads n records of a topic from the start, without a group.
func read(t *testing.T, b *Broker, topic string, n int) (values []string) {
	t.Helper()
	c := client(t, b, kgo.ConsumeTopics(topic))
	for len(values) < n {
		fetches := c.PollFetches(soon(t))
		if err := fetches.Err(); err != nil {
			t.Fatalf("read %d of %d: %v", len(values), n, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	return values
}

// What is written to the embedded broker can be read from it; a topic that is not there is created.
func TestBrokerKeepsWhatIsWritten(t *testing.T) {
	noLeak(t)
	b := anyBroker(t, BrokerConfig{Partitions: 3})
	w := writer(t, b.ClientOptions(), 0)
	if err := w.ProduceAll(soon(t), texts(numbered(100)...)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, b, "events", 100); len(got) != 100 {
		t.Errorf("read %d records", len(got))
	}
	if got := len(b.cluster.PartitionInfos("events")); got != 3 {
		t.Errorf("%d partitions", got)
	}
}

// A second broker on the same port is refused with what to do about it.
func TestBrokerNamesABusyPort(t *testing.T) {
	b := anyBroker(t, BrokerConfig{})
	_, err := NewBroker(BrokerConfig{Listen: b.Addr()})
	if err == nil {
		t.Fatal("two brokers on one port")
	}
	for _, word := range []string{b.Addr(), "in use", "-X embedded.listen=127.0.0.1:0"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

// The embedded broker knows no rights, so it stays on the loopback interface.
func TestBrokerListensOnLoopbackOnly(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.0:0": "loopback", "192.168.0.1:9392": "loopback", "example.org:1": "loopback", "[::]:0": "loopback",
		"9392": "host:port", "127.0.0.1": "host:port", "127.0.0.1:x": "port", "127.0.0.1:70000": "port",
	} {
		if b, err := NewBroker(BrokerConfig{Listen: address}); err == nil {
			b.Close()
			t.Errorf("%s is accepted", address)
		} else if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "embedded.listen") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{":0", "localhost:0", "127.0.0.1:0"} {
		b := anyBroker(t, BrokerConfig{Listen: address})
		if host, _, err := net.SplitHostPort(b.Addr()); err != nil || host != "127.0.0.1" {
			t.Errorf("%s listens at %s", address, b.Addr())
		}
	}
}

// A data directory brings back records, committed offsets and partitions after a clean restart.
func TestBrokerSurvivesARestart(t *testing.T) {
	config := BrokerConfig{DataDir: t.TempDir(), Partitions: 2, Topics: []string{"events"}, Listen: "127.0.0.1:0"}
	b := anyBroker(t, config)
	w := writer(t, b.ClientOptions(), 0)
	if err := w.ProduceAll(soon(t), texts(numbered(50)...)); err != nil {
		t.Fatal(err)
	}
	b.Close()

	config.Partitions, config.Topics = 7, []string{"events", "more"}
	b = anyBroker(t, config)
	if got := read(t, b, "events", 50); len(got) != 50 {
		t.Errorf("read %d records", len(got))
	}
	if got := len(b.cluster.PartitionInfos("events")); got != 2 {
		t.Errorf("events has %d partitions now", got)
	}
	if got := len(b.cluster.PartitionInfos("more")); got != 7 {
		t.Errorf("more has %d partitions", got)
	}
}

// A long-running demonstration stays within its bound: the oldest records go, the newest stay.
func TestBrokerForgetsTheOldest(t *testing.T) {
	b := anyBroker(t, BrokerConfig{Partitions: 1, RetentionBytes: 512 << 10})
	w := writer(t, append(b.ClientOptions(), kgo.ProducerBatchCompression(kgo.NoCompression())), 0)
	value := strings.Repeat("x", 10_000)
	for range 10 {
		if err := w.ProduceAll(soon(t), texts(value, value, value, value, value, value, value, value, value, value)); err != nil {
			t.Fatal(err)
		}
	}
	b.cluster.ApplyRetention()
	info := b.cluster.PartitionInfo("events", 0)
	if info.NumBytes > 512<<10 || info.LogStartOffset == 0 || info.HighWatermark != 100 {
		t.Errorf("%d bytes are kept, offsets %d to %d", info.NumBytes, info.LogStartOffset, info.HighWatermark)
	}
}

// A client that asks for the end of a leader epoch in which nothing was written is told the end of the log, so that it does not
// take the answer for lost data.
func TestBrokerKnowsEveryLeaderEpoch(t *testing.T) {
	b := anyBroker(t, BrokerConfig{Partitions: 1})
	if err := writer(t, b.ClientOptions(), 0).ProduceAll(soon(t), texts("1", "2", "3")); err != nil {
		t.Fatal(err)
	}
	c := client(t, b)
	for range 2 {
		request := kmsg.NewPtrOffsetForLeaderEpochRequest()
		request.ReplicaID = -1
		topic := kmsg.NewOffsetForLeaderEpochRequestTopic()
		topic.Topic = "events"
		for p, epoch := range []int32{7, 0} {
			partition := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
			partition.Partition, partition.LeaderEpoch = int32(p), epoch
			topic.Partitions = append(topic.Partitions, partition)
		}
		request.Topics = append(request.Topics, topic)
		raw, err := c.Broker(0).Request(soon(t), request)
		if err != nil {
			t.Fatal(err)
		}
		answers := raw.(*kmsg.OffsetForLeaderEpochResponse).Topics[0].Partitions
		if a := answers[0]; a.ErrorCode != 0 || a.LeaderEpoch != 7 || a.EndOffset != 3 {
			t.Errorf("%+v", a)
		}
		if a := answers[1]; a.ErrorCode != kerr.UnknownTopicOrPartition.Code {
			t.Errorf("%+v", a)
		}
	}
}

// kcat, a client by somebody else, lists, writes, reads, and reads as a group.
func TestBrokerServesKcat(t *testing.T) {
	if _, err := exec.LookPath("kcat"); err != nil {
		t.Skip("kcat is not installed")
	}
	b := anyBroker(t, BrokerConfig{Topics: []string{"events"}})
	kcat := func(input string, args ...string) string {
		t.Helper()
		command := exec.CommandContext(soon(t), "kcat", append([]string{"-b", b.Addr()}, args...)...)
		command.Stdin = strings.NewReader(input)
		var stderr bytes.Buffer
		command.Stderr = &stderr
		out, err := command.Output()
		if err != nil {
			t.Fatalf("kcat %v: %v\n%s", args, err, &stderr)
		}
		return string(out)
	}
	kcat("a:1\nb:2\nc:3\n", "-P", "-t", "events", "-K:")
	if out := kcat("", "-L"); !strings.Contains(out, `topic "events" with 4 partitions`) {
		t.Errorf("-L says %s", out)
	}
	if out := kcat("", "-C", "-t", "events", "-e", "-q"); strings.Count(out, "\n") != 3 {
		t.Errorf("-C says %q", out)
	}
	if out := kcat("", "-G", "readers", "-X", "auto.offset.reset=earliest", "-c", "3", "-q", "events"); strings.Count(out, "\n") != 3 {
		t.Errorf("-G says %q", out)
	}
}
