package streaming_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// growth prints what a record costs at each size, and how much more it is at the last than at the first.
func growth(b *testing.B, sizes []int, cost func(size int) float64) {
	for range b.N {
		costs := make([]float64, len(sizes))
		for i, size := range sizes {
			costs[i] = cost(size)
			b.ReportMetric(costs[i], fmt.Sprintf("ns/record-at-%d", size))
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(costs[len(costs)-1]/costs[0], "growth")
	}
}

// steady is the processor time for each record of a job that has seen all its keys: the median of some batches.
func steady(b *testing.B, j *bench, l load) float64 {
	var all []float64
	for range 5 {
		start := cpu(b)
		j.batch(b, l)
		all = append(all, float64((cpu(b)-start).Nanoseconds())/float64(l.records))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// BenchmarkGrowthWithKeys is a running count whose records are of random keys, of ever more. State is kept in memory.
func BenchmarkGrowthWithKeys(b *testing.B) {
	growth(b, []int{1_000, 10_000, 100_000, 1_000_000, 10_000_000}, func(keys int) float64 {
		j := newBench(b, runningCount)
		const records = 500_000
		for from := 0; from < keys; from += records {
			j.batch(b, keyedLoad(min(records, keys), 16, func(i int) int { return from + i }))
		}
		random := rand.New(rand.NewPCG(1, 2))
		return steady(b, j, keyedLoad(records, 16, func(int) int { return random.IntN(keys) }))
	})
}

// BenchmarkGrowthWithPartitions is the same work cut into ever more partitions.
func BenchmarkGrowthWithPartitions(b *testing.B) {
	growth(b, []int{1, 4, 16, 64, 256}, func(partitions int) float64 {
		j, l := newBench(b, runningCount), newLoad(100_000, 500_000, partitions)
		j.batch(b, l)
		return steady(b, j, l)
	})
}
