package streaming

import (
	"math"
	"time"
)

// RateLimits bounds how many records a batch takes from each partition. Spark: DirectKafkaInputDStream.maxMessagesPerPartition.
type RateLimits struct {
	// Interval is the batch interval.
	Interval time.Duration
	// MaxPerPartition is a partition's bound in records a second, 0 for none. Nil: none has one.
	MaxPerPartition func(partition int32) float64
	// MinPerPartition is how many records a batch may take of a partition in any case. Nil: 1.
	MinPerPartition func(partition int32) float64
	// InitialRate is the rate, in records a second over all partitions, while the estimator has none: it bounds the first batch
	// after a pause, which otherwise takes the whole backlog. 0: no bound.
	InitialRate float64
}

// Allowed is how many records the next batch may take of each partition that lag knows, given the estimated rate in records a second
// over all partitions (not positive: not known yet) and how far each partition lags. Nil means that there is no limit at all: there is
// no rate and no bound, or there is a rate and nobody lags.
//
// The rate is shared out by lag. Three defects of Spark's formula are not here: a limit that rounds to 0 is at least 1 record, and not
// "no limit" (SPARK-18371); a partition that lags little gets the minimum and does not starve beside one that lags much (SPARK-12073);
// the rate is bounded before the first estimate (SPARK-18580).
func (l RateLimits) Allowed(rate float64, lag map[int32]int64) map[int32]int64 {
	if rate <= 0 {
		rate = l.InitialRate
	}
	total := int64(0)
	for _, n := range lag {
		total += max(n, 0)
	}
	limits, limited := make(map[int32]float64, len(lag)), false
	for p, n := range lag {
		limits[p] = l.limit(p, rate, max(n, 0), total)
		limited = limited || limits[p] > 0
	}
	if !limited {
		return nil
	}
	allowed := make(map[int32]int64, len(lag))
	for p, limit := range limits {
		allowed[p] = l.records(p, limit, rate)
	}
	return allowed
}

// limit is a partition's share of the rate, or its own bound, in records a second; 0 for none.
func (l RateLimits) limit(p int32, rate float64, lag, total int64) float64 {
	most := 0.0
	if l.MaxPerPartition != nil {
		most = l.MaxPerPartition(p)
	}
	switch {
	case rate <= 0:
		return most
	case total == 0:
		return 0
	}
	share := float64(lag) / float64(total) * rate
	if most > 0 {
		return min(share, most)
	}
	return share
}

// records is what a limit comes to in one batch: at least the minimum, and without a limit all there is.
func (l RateLimits) records(p int32, limit, rate float64) int64 {
	if limit <= 0 && rate <= 0 {
		return noBound
	}
	least := 1.0
	if l.MinPerPartition != nil && l.MinPerPartition(p) > 1 {
		least = l.MinPerPartition(p)
	}
	most := math.Trunc(l.Interval.Seconds() * limit)
	if !(most > least) { // also when it is no number, as a share of none in an infinite rate
		most = least
	}
	return int64(min(most, noBound))
}

// noBound is so large that an offset can be added to it.
const noBound = math.MaxInt64 / 2
