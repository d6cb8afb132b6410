package cmd_test

import (
	"testing"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

func init() {
	workloads["copy"] = workload{job: jobCopy, args: []string{"-X", "rate.max.per.partition=6250"}} // of 16: 100,000 records a second
}

// jobCopy copies events to another topic.
func jobCopy(s *streaming.Context) func() int {
	events := streaming.Events(s)
	streaming.MapToPair(events, func(e messages.RichEvent) (string, string) { return e.Content(), e.Content() }).
		ToKafka(s.Topics()[0]+"-out", streaming.EncodeString, streaming.EncodeString)
	return summed(events.Count())
}

// BenchmarkExactlyOnceAgainstAtLeastOnce compares CPU time per record of the same job in the two modes: Kafka to Kafka, batches of one
// second, 100,000 records a second, each run a process of its own, in interleaved pairs. The ratio is the median of the pairs.
//
//	go test ./cmd -run '^$' -bench ExactlyOnceAgainstAtLeastOnce -benchtime 1x
//
// HIBANA_TEST_KAFKA names a real broker, HIBANA_BENCH_RECORDS and HIBANA_BENCH_PAIRS are as in BenchmarkAgainstALoop (default 500,000
// records, 5 pairs).
func BenchmarkExactlyOnceAgainstAtLeastOnce(b *testing.B) {
	comparison := newBench(b, number("HIBANA_BENCH_RECORDS", 500_000))
	comparison.Work = "copy"
	createTopic(b, comparison.Brokers, comparison.Topic+"-out", 16)
	mode := func(delivery string) float64 {
		c := comparison
		c.Args = append([]string{"-X", "delivery=" + delivery}, c.Args...)
		return c.child(b, "hibana").CPU
	}
	for range b.N {
		var ratios, once, twice []float64
		for range number("HIBANA_BENCH_PAIRS", 5) {
			atLeast, exactly := mode("at-least-once"), mode("exactly-once")
			ratios, once, twice = append(ratios, exactly/atLeast), append(once, exactly), append(twice, atLeast)
		}
		perRecord := 1e9 / float64(comparison.Records)
		b.ReportMetric(median(ratios), "ratio")
		b.ReportMetric(median(once)*perRecord, "exactly-ns/record")
		b.ReportMetric(median(twice)*perRecord, "atleast-ns/record")
	}
}
