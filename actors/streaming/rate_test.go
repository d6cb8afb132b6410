package streaming_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

const ms = time.Millisecond

func pid(t *testing.T, interval time.Duration, p, i, d, least float64) *streaming.PIDRateEstimator {
	t.Helper()
	e, err := streaming.NewPIDRateEstimator(interval, p, i, d, least)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPIDRefusesValuesOutOfRange(t *testing.T) {
	for _, c := range []struct {
		interval       time.Duration
		p, i, d, least float64
		text           string
	}{
		{0, 1, 0.2, 0, 100, "batch interval"}, {ms, -1, 0, 0, 10, "Proportional term"}, {ms, 0, -1, 0, 10, "Integral term"},
		{ms, 0, 0, -1, 10, "Derivative term"}, {ms, 0, 0, 0, 0, "Minimum rate"}, {ms, 0, 0, 0, -10, "Minimum rate"},
		{ms, math.NaN(), 0, 0, 10, "Proportional term"},
	} {
		if _, err := streaming.NewPIDRateEstimator(c.interval, c.p, c.i, c.d, c.least); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}

func TestPIDGivesNoRateForTheFirstBatchAndTheProcessingRateForTheSecond(t *testing.T) {
	e := pid(t, 20*ms, 1, 1, 0, 10)
	if _, ok := e.Compute(time.UnixMilli(0), 10, 10*ms, 0); ok {
		t.Error("the first batch gave a rate")
	}
	if rate, ok := e.Compute(time.UnixMilli(10), 10, 10*ms, 0); !ok || rate != 1000 {
		t.Errorf("got %v %v", rate, ok)
	}
	for name, ok := range map[string]bool{
		"no time passed": second(e.Compute(time.UnixMilli(10), 10, 10*ms, 0)),
		"no elements":    second(e.Compute(time.UnixMilli(20), 0, 10*ms, 0)),
		"no processing":  second(e.Compute(time.UnixMilli(20), 10, 0, 0)),
	} {
		if ok {
			t.Errorf("%s, and still there was a rate", name)
		}
	}
}

func second(_ float64, ok bool) bool { return ok }

// series runs 50 batches, one every 20 ms, each processed in 20 ms.
func series(e *streaming.PIDRateEstimator, elements func(int) int64, waited time.Duration) []float64 {
	var rates []float64
	for x := range 50 {
		if rate, ok := e.Compute(time.UnixMilli(int64(x)*20), elements(x), 20*ms, waited); ok {
			rates = append(rates, rate)
		}
	}
	return rates
}

func TestPIDNeverGoesBelowTheLeastRate(t *testing.T) {
	for _, rate := range series(pid(t, 20*ms, 1, 1, 0, 5), func(int) int64 { return 1 }, 100*ms) {
		if rate != 5 {
			t.Fatalf("got %v", rate)
		}
	}
}

func TestPIDFollowsTheProcessingSpeedWithoutABacklog(t *testing.T) {
	rates := series(pid(t, 20*ms, 1, 1, 0, 10), func(x int) int64 { return int64(x+1) * 20 }, 0)
	for i, rate := range rates {
		if want := float64(i+2) * 20 / 20 * 1000; math.Abs(rate-want) > 1e-6 {
			t.Fatalf("batch %d: got %v, want %v", i+1, rate, want)
		}
	}
	want(t, len(rates), 49)
}

func TestPIDStaysBelowTheProcessingSpeedWithABacklog(t *testing.T) {
	for i, rate := range series(pid(t, 20*ms, 1, 0.01, 0, 10), func(x int) int64 { return int64(x+1) * 20 }, 200*ms) {
		if speed := float64(i+2) * 1000; rate >= speed {
			t.Fatalf("batch %d: %v is not below %v", i+1, rate, speed)
		}
	}
}

func TestRateLimits(t *testing.T) {
	per := func(n float64) func(int32) float64 { return func(int32) float64 { return n } }
	const all = math.MaxInt64 / 2
	for _, c := range []struct {
		name   string
		limits streaming.RateLimits
		rate   float64
		lag    map[int32]int64
		want   map[int32]int64
	}{
		{"nothing is limited", streaming.RateLimits{Interval: time.Second}, -1, map[int32]int64{0: 9}, nil},
		{"only the partition's bound", streaming.RateLimits{Interval: 2 * time.Second, MaxPerPartition: per(100)}, -1, map[int32]int64{0: 9, 1: 0}, map[int32]int64{0: 200, 1: 200}},
		{"the rate is shared by lag", streaming.RateLimits{Interval: time.Second}, 100, map[int32]int64{0: 30, 1: 10}, map[int32]int64{0: 75, 1: 25}},
		{"the bound is less than the share", streaming.RateLimits{Interval: time.Second, MaxPerPartition: per(50)}, 100, map[int32]int64{0: 30, 1: 10}, map[int32]int64{0: 50, 1: 25}},
		{"the initial rate, before there is an estimate", streaming.RateLimits{Interval: 500 * ms, InitialRate: 500, MaxPerPartition: per(1000)}, -1, map[int32]int64{0: 1000}, map[int32]int64{0: 250}},
		{"SPARK-18371: what rounds to 0 is no freedom", streaming.RateLimits{Interval: time.Second}, 1, map[int32]int64{0: 10, 1: 10}, map[int32]int64{0: 1, 1: 1}},
		{"SPARK-12073: who lags little does not starve", streaming.RateLimits{Interval: time.Second, MinPerPartition: per(5)}, 100, map[int32]int64{0: 1_000_000, 1: 1}, map[int32]int64{0: 99, 1: 5}},
		{"nobody lags: no limit", streaming.RateLimits{Interval: time.Second, MaxPerPartition: per(100)}, 100, map[int32]int64{0: 0, 1: 0}, nil},
		{"no partitions", streaming.RateLimits{Interval: time.Second, MaxPerPartition: per(100)}, 100, nil, nil},
		{"one has a bound, the other none", streaming.RateLimits{Interval: time.Second, MaxPerPartition: func(p int32) float64 { return float64(p) * 10 }}, -1, map[int32]int64{0: 5, 1: 5}, map[int32]int64{0: all, 1: 10}},
	} {
		t.Run(c.name, func(t *testing.T) { want(t, c.limits.Allowed(c.rate, c.lag), c.want) })
	}
}
