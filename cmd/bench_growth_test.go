package cmd_test

import (
	"fmt"
	"testing"
)

// BenchmarkGrowthFromKafka prints what a record costs a running count, from Kafka to the result and saved after each batch, when its state
// has 10^3 to 10^7 keys, and how much more it is at the last than at the first; and the same of the loop with one map. Keys are random; what
// comes before, in which every key is new once, does not count. Medians of HIBANA_BENCH_PAIRS pairs (default 3), each with
// HIBANA_BENCH_RECORDS records that do (default five million).
func BenchmarkGrowthFromKafka(b *testing.B) {
	records := number("HIBANA_BENCH_RECORDS", 5_000_000)
	for range b.N {
		var jobs, loops []float64
		for _, keys := range []int{1_000, 100_000, 1_000_000, 10_000_000} {
			known := max(keys, 1_000_000)
			comparison := newBenchOf(b, keys, known, known+records)
			comparison.Work = "runningCount"
			var job, loop []float64
			for range number("HIBANA_BENCH_PAIRS", 3) {
				loop = append(loop, comparison.child(b, "loop").Later*1e9)
				job = append(job, comparison.child(b, "hibana").Later*1e9)
			}
			jobs, loops = append(jobs, median(job)), append(loops, median(loop))
			b.ReportMetric(median(job), fmt.Sprintf("ns/record-at-%d", keys))
			b.ReportMetric(median(loop), fmt.Sprintf("loop-ns/record-at-%d", keys))
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(jobs[len(jobs)-1]/jobs[0], "growth")
		b.ReportMetric(loops[len(loops)-1]/loops[0], "loop-growth")
	}
}
