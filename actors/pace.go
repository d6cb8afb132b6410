package actors

import (
	"maps"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// pace limits how much the next batch takes, by how fast the batches before were processed: Spark's back-pressure.
type pace struct {
	estimator *streaming.PIDRateEstimator
	limits    streaming.RateLimits
	rate      float64 // records a second over all partitions; 0 until the first estimate
}

// newPace has Spark's defaults: proportional 1, integral 0.2, derivative 0, at least 100 records a second. Until there is an estimate the
// rate is initial, 0 for no bound: a batch that ends at its tick alone swallows the backlog as fast as Kafka gives it (SPARK-18580).
func newPace(interval time.Duration, maxPerPartition, initial float64) (*pace, error) {
	estimator, err := streaming.NewPIDRateEstimator(interval, 1, 0.2, 0, 100)
	if err != nil {
		return nil, err
	}
	p := &pace{estimator: estimator, limits: streaming.RateLimits{Interval: interval, InitialRate: initial}}
	p.bound(maxPerPartition)
	return p, nil
}

// bound is the operator's limit of a partition, in records a second; 0 is none.
func (p *pace) bound(maxPerPartition float64) {
	p.limits.MaxPerPartition = nil
	if maxPerPartition > 0 {
		p.limits.MaxPerPartition = func(int32) float64 { return maxPerPartition }
	}
}

// learn takes a completed batch.
func (p *pace) learn(r messages.BatchReport) {
	if rate, ok := p.estimator.Compute(r.Ended, r.Records, r.ProcessingDelay(), r.SchedulingDelay()); ok {
		p.rate = rate
	}
}

// allowed is how many offsets each partition may contribute to the next batch, by its lag; nil is no limit. A partition counts as lagging
// one record at least: the batch is yet to be read, and when nobody lags the rate is shared evenly by what may come.
func (p *pace) allowed(partitions map[messages.TopicPartition]*partition) map[messages.TopicPartition]int64 {
	if p.rate == 0 && p.limits.InitialRate == 0 {
		return nil
	}
	order := slices.SortedFunc(maps.Keys(partitions), messages.TopicPartition.Compare)
	lag := make(map[int32]int64, len(order))
	for i, tp := range order {
		lag[int32(i)] = max(partitions[tp].end-partitions[tp].from, 1)
	}
	byIndex := p.limits.Allowed(p.rate, lag)
	out := make(map[messages.TopicPartition]int64, len(byIndex))
	for i, n := range byIndex {
		out[order[i]] = n
	}
	return out
}
