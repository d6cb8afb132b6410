package streaming_test

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"testing"
)

// growth prints what a record costs a running count at each size, and how much more it is at the last than at the first; and beside it
// what the same records cost a loop with one Go map that saves nothing, whose growth is the memory's: most of a large map is in no cache.
func growth(b *testing.B, sizes []int, loads func(size int) (first iter.Seq[load], steady load)) {
	for range b.N {
		var jobs, loops []float64
		for i, size := range sizes {
			first, then := loads(size)
			jobs = append(jobs, steady(b, first, then, runningCountJob(b)))
			loops = append(loops, steady(b, first, then, runningCountLoop()))
			b.ReportMetric(jobs[i], fmt.Sprintf("ns/record-at-%d", size))
			b.ReportMetric(loops[i], fmt.Sprintf("map-ns/record-at-%d", size))
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(jobs[len(jobs)-1]/jobs[0], "growth")
		b.ReportMetric(loops[len(loops)-1]/loops[0], "map-growth")
	}
}

func runningCountJob(b *testing.B) func(load) {
	j := newBench(b, runningCount)
	return func(l load) { j.batch(b, l) }
}

func runningCountLoop() func(load) {
	m := map[string]int64{}
	return func(l load) { mapLoop(l, m) }
}

// steady is the processor time for each record when all keys have been seen: the median of some batches.
func steady(b *testing.B, first iter.Seq[load], then load, batch func(load)) float64 {
	for l := range first {
		batch(l)
	}
	runtime.GC()
	var all []float64
	for range 5 {
		start := cpu(b)
		batch(then)
		all = append(all, float64((cpu(b)-start).Nanoseconds())/float64(then.records))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// growthRecords is how many records a batch of the growth benchmarks has.
const growthRecords = 500_000

// BenchmarkGrowthWithKeys has records of random keys, of ever more. State is kept in memory.
func BenchmarkGrowthWithKeys(b *testing.B) {
	growth(b, []int{1_000, 10_000, 100_000, 1_000_000, 10_000_000}, func(keys int) (iter.Seq[load], load) {
		first := func(yield func(load) bool) {
			for from := 0; from < keys; from += growthRecords {
				if !yield(keyedLoad(min(growthRecords, keys), 16, func(i int) int { return from + i })) {
					return
				}
			}
		}
		return first, newLoad(keys, growthRecords, 16)
	})
}

// BenchmarkGrowthWithPartitions is the same work cut into ever more partitions.
func BenchmarkGrowthWithPartitions(b *testing.B) {
	growth(b, []int{1, 4, 16, 64, 256}, func(partitions int) (iter.Seq[load], load) {
		l := newLoad(100_000, growthRecords, partitions)
		return slices.Values([]load{l}), l
	})
}
