package cmd_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
)

// BenchmarkAgainstALoop compares CPU time per record, from Kafka to the result: the program against a franz-go loop that does the same
// with one map (for Count: that looks at nothing) and saves nothing, while the program's state is saved after each batch. Each is a
// process of its own, in interleaved pairs; ratio is the median of the pairs. HIBANA_BENCH_RECORDS sets the number of records
// (default one million), HIBANA_BENCH_PAIRS that of the pairs (default 7).
func BenchmarkAgainstALoop(b *testing.B) {
	comparison := newBench(b, number("HIBANA_BENCH_RECORDS", 1_000_000))
	for _, c := range []struct{ name, work string }{
		{"Count", "count"},
		{"RunningCountOf100000Keys", "runningCount"},
		{"UpdateStateOf100000Keys", "updatedCount"},
		{"WordCountOf1000Words", "wordCount"},
	} {
		b.Run(c.name, func(b *testing.B) {
			comparison.Work = c.work
			for range b.N {
				comparison.compare(b)
			}
		})
	}
}

func (b bench) compare(t *testing.B) {
	var ratios, loops, hibanas, rss []float64
	for range number("HIBANA_BENCH_PAIRS", 7) {
		loop, hibana := b.child(t, "loop"), b.child(t, "hibana")
		ratios = append(ratios, hibana.CPU/loop.CPU)
		loops, hibanas = append(loops, loop.CPU), append(hibanas, hibana.CPU)
		rss = append(rss, float64(hibana.RSS)/(1<<20))
	}
	perRecord := 1e9 / float64(b.Records)
	t.ReportMetric(0, "ns/op") // seven pairs of processes: it says nothing
	t.ReportMetric(median(ratios), "ratio")
	t.ReportMetric(median(loops)*perRecord, "loop-ns/record")
	t.ReportMetric(median(hibanas)*perRecord, "hibana-ns/record")
	t.ReportMetric(median(rss), "MiB")
}

// Ten million records leave no more memory behind than two million do.
func TestKafkaTenMillionRecordsPassInFlatMemory(t *testing.T) {
	if os.Getenv("HIBANA_TEST_TEN_MILLION") == "" {
		t.Skip("it takes a minute: HIBANA_TEST_TEN_MILLION=1")
	}
	b := newBench(t, 2_000_000)
	b.Work = "count"
	few := b.child(t, "hibana")
	b.fill(t, 10_000_000)
	many := b.child(t, "hibana")
	t.Logf("%d MiB after two million, %d MiB after ten", few.RSS>>20, many.RSS>>20)
	if many.RSS > few.RSS*5/4 || many.RSS > 80<<20 {
		t.Errorf("memory is not flat, or more than 80 MiB")
	}
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
