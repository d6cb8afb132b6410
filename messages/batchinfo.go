package messages

import (
	"iter"
	"maps"
	"time"
)

// BatchInfo is what listeners are told of a batch. What is not known yet is zero, with ok = false.
type BatchInfo struct {
	// Time is the batch's time, Records the number of its records, Submitted when its clock ticked.
	Time      time.Time
	Records   int64
	Submitted time.Time
	start     time.Time
	end       time.Time
	inputs    []OffsetRange
	failures  map[int]string
}

// NewBatchInfo makes the value; start and end are zero until known. Inputs and failures (by output id) are given away.
func NewBatchInfo(at time.Time, records int64, submitted, start, end time.Time, inputs []OffsetRange, failures map[int]string) BatchInfo {
	return BatchInfo{Time: at, Records: records, Submitted: submitted, start: start, end: end, inputs: inputs, failures: failures}
}

// Inputs are the ranges that the batch was read from.
func (b BatchInfo) Inputs() iter.Seq[OffsetRange] {
	return func(yield func(OffsetRange) bool) {
		for _, r := range b.inputs {
			if !yield(r) {
				return
			}
		}
	}
}

// Failures are the outputs that failed, by their ids.
func (b BatchInfo) Failures() iter.Seq2[int, string] { return maps.All(b.failures) }

// ProcessingStart is when the processing began.
func (b BatchInfo) ProcessingStart() (time.Time, bool) { return b.start, !b.start.IsZero() }

// ProcessingEnd is when the processing ended.
func (b BatchInfo) ProcessingEnd() (time.Time, bool) { return b.end, !b.end.IsZero() }

// SchedulingDelay is processing start − submission.
func (b BatchInfo) SchedulingDelay() (time.Duration, bool) { return between(b.Submitted, b.start) }

// ProcessingDelay is processing end − start.
func (b BatchInfo) ProcessingDelay() (time.Duration, bool) { return between(b.start, b.end) }

// TotalDelay is processing end − submission.
func (b BatchInfo) TotalDelay() (time.Duration, bool) { return between(b.Submitted, b.end) }

// between is 0, and ok is false, until both moments are known.
func between(from, until time.Time) (d time.Duration, ok bool) {
	if from.IsZero() || until.IsZero() {
		return 0, false
	}
	return until.Sub(from), true
}
