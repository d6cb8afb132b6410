package streaming

import (
	"fmt"
	"math"
	"time"
)

// PIDRateEstimator estimates how many records a second the stream can process, from what its batches took: a
// proportional-integral-derivative controller whose set point is the processing rate. It belongs to one goroutine.
// Spark: PIDRateEstimator.
type PIDRateEstimator struct {
	interval                           time.Duration
	proportional, integral, derivative float64
	minRate                            float64
	ran                                bool
	latestTime                         time.Time
	latestRate, latestError            float64
}

// NewPIDRateEstimator makes an estimator for batches of the given interval. Spark's defaults: proportional 1, how much the last error
// counts; integral 0.2, how much the backlog counts; derivative 0, how much the change of the error counts; minRate 100, the least
// rate that it gives. None may be negative, and interval and minRate must be positive.
func NewPIDRateEstimator(interval time.Duration, proportional, integral, derivative, minRate float64) (*PIDRateEstimator, error) {
	e := &PIDRateEstimator{
		interval: interval, proportional: proportional, integral: integral, derivative: derivative, minRate: minRate,
		latestRate: -1, latestError: -1,
	}
	switch {
	case interval <= 0:
		return nil, fmt.Errorf("Specified batch interval %d in PIDRateEstimator is invalid.", interval.Milliseconds()) //nolint:staticcheck // Spark's sentence
	case !(proportional >= 0):
		return nil, fmt.Errorf("Proportional term %v in PIDRateEstimator should be >= 0.", proportional) //nolint:staticcheck // Spark's sentence
	case !(integral >= 0):
		return nil, fmt.Errorf("Integral term %v in PIDRateEstimator should be >= 0.", integral) //nolint:staticcheck // Spark's sentence
	case !(derivative >= 0):
		return nil, fmt.Errorf("Derivative term %v in PIDRateEstimator should be >= 0.", derivative) //nolint:staticcheck // Spark's sentence
	case math.IsInf(proportional, 0) || math.IsInf(integral, 0) || math.IsInf(derivative, 0) || math.IsInf(minRate, 0):
		return nil, fmt.Errorf("a term of PIDRateEstimator is infinite: proportional %v, integral %v, derivative %v, minimum rate %v", proportional, integral, derivative, minRate)
	case !(minRate > 0):
		return nil, fmt.Errorf("Minimum rate in PIDRateEstimator should be > 0, and is %v", minRate) //nolint:staticcheck // Spark's sentence
	}
	return e, nil
}

// Compute takes a batch that was completed at t: its number of elements, how long it was processed, and how long it waited for that.
// ok is false when there is no new rate: for the first batch, which only sets the mark, and for one that tells nothing (no elements,
// no time, not later than the last).
func (e *PIDRateEstimator) Compute(t time.Time, elements int64, processing, scheduling time.Duration) (rate float64, ok bool) {
	if elements <= 0 || processing <= 0 || e.ran && !t.After(e.latestTime) {
		return 0, false
	}
	since := t.Sub(e.latestTime).Seconds()
	processed := float64(elements) / processing.Seconds()
	fault := e.latestRate - processed
	// The records that waited, as a rate to be made up for within one interval.
	backlog := scheduling.Seconds() * processed / e.interval.Seconds()
	change := (fault - e.latestError) / since
	first := !e.ran
	e.ran, e.latestTime = true, t
	if first {
		e.latestRate, e.latestError = processed, 0
		return 0, false
	}
	e.latestRate = max(e.latestRate-e.proportional*fault-e.integral*backlog-e.derivative*change, e.minRate)
	e.latestError = fault
	return e.latestRate, true
}
