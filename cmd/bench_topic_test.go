package cmd_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// What the benchmarks' topic holds: RichEvents of exactly 100 bytes, of words of few kinds, under keys of many.
const (
	benchKeys     = 100_000
	benchWords    = 1_000
	benchContent  = 86 // bytes
	benchWordSize = 5
	benchPerEvent = (benchContent + 1) / (benchWordSize + 1)
)

// newBench makes a topic of 16 partitions on the real broker that HIBANA_TEST_KAFKA names, or on an embedded one in a process of its own.
func newBench(t testing.TB, records int) bench {
	t.Helper()
	return newBenchOf(t, benchKeys, 0, records)
}

// newBenchOf is newBench for another number of keys, which are all in the first known records.
func newBenchOf(t testing.TB, keys, known, records int) bench {
	t.Helper()
	b := bench{
		Brokers: os.Getenv("HIBANA_TEST_KAFKA"), Topic: fmt.Sprintf("bench-%d-%d", os.Getpid(), keys), Keys: keys, Known: known,
		Args: strings.Fields(os.Getenv("HIBANA_BENCH_ARGS")),
	}
	if b.Brokers == "" {
		b.Brokers = b.startBroker(t)
	} else {
		createTopic(t, b.Brokers, b.Topic, 16)
	}
	b.fill(t, records)
	return b
}

// fill adds events until there are as many.
func (b *bench) fill(t testing.TB, until int) {
	t.Helper()
	writer, err := kafka.NewWriter([]kgo.Opt{
		kgo.SeedBrokers(b.Brokers), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
	}, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close(context.Background()) }()
	chunk := make([]messages.Outgoing, 10_000)
	for ; b.Records < until; b.Records += min(len(chunk), until-b.Records) {
		for i := range chunk {
			n := scattered(b.Records + i)
			key := n % uint64(b.Keys)
			if b.Records+i < b.Known { // each once, before they come at random
				key = uint64(b.Records+i) % uint64(b.Keys)
			}
			chunk[i] = messages.NewOutgoing(b.Topic, fmt.Sprintf("key-%07d", key), true, benchEvent(n))
		}
		if err := writer.ProduceAll(context.Background(), chunk[:min(len(chunk), until-b.Records)]); err != nil {
			t.Fatal(err)
		}
	}
}

// benchEvent is the n-th event on the wire.
func benchEvent(n uint64) string {
	var s strings.Builder
	for range benchPerEvent {
		n = scattered(int(n % (1 << 40)))
		fmt.Fprintf(&s, "w%04d ", n%benchWords)
	}
	return fmt.Sprintf(`{"content":"%-*s"}`, benchContent, strings.TrimSuffix(s.String(), " "))
}

// scattered is n as a random number that is the same every time.
func scattered(n int) uint64 {
	x := uint64(n) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
