package kafka

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

const benchPartitions, benchRecords = 16, 1_600_000

// filled is a cluster in this process with records of 100 bytes.
func filled(b *testing.B) *kfake.Cluster {
	b.Helper()
	cluster := kfake.MustCluster(kfake.NumBrokers(1), kfake.SeedTopics(benchPartitions, "events"))
	b.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	value := fmt.Appendf(nil, `{"content":"%085d"}`, 0)
	for i := range benchRecords {
		client.Produce(b.Context(), &kgo.Record{Topic: "events", Partition: int32(i % benchPartitions), Value: value}, nil)
	}
	if err := client.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	return cluster
}

// The bound: a bare loop of a group member that looks at nothing.
func BenchmarkBareLoop(b *testing.B) {
	cluster := filled(b)
	for i := 0; b.Loop(); i++ {
		client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.ConsumerGroup(fmt.Sprint("bare", i)),
			kgo.ConsumeTopics("events"), kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n < benchRecords; {
			n += client.PollFetches(context.Background()).NumRecords()
		}
		client.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRecords, "ns/record")
}

// The source, its records looked at through messages.Records and given back at once.
func BenchmarkSource(b *testing.B) {
	cluster := filled(b)
	for i := 0; b.Loop(); i++ {
		s, err := NewSource(SourceConfig{
			Client: []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...)}, Group: fmt.Sprint("source", i), Topics: []string{"events"},
		})
		if err != nil {
			b.Fatal(err)
		}
		var n atomic.Int64
		done := make(chan struct{})
		buffer := make([]messages.Raw, 256)
		s.Join(func(message any) {
			if assigned, ok := message.(messages.Assigned); ok {
				for at := range assigned.Positions() {
					s.Reset(at.TopicPartition, at.From, func(e messages.Events) {
						for from := 0; from < e.Len(); {
							_, from = e.Read(buffer, from)
						}
						s.Consumed(e.Partition(), e.Epoch(), e.Bytes())
						if n.Add(int64(e.Len())) == benchRecords {
							close(done)
						}
					})
				}
			}
		})
		s.Start()
		<-done
		s.Stop(true)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRecords, "ns/record")
}
