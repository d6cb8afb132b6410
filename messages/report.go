package messages

import (
	"iter"
	"slices"
	"time"
)

// PartReport is what one partition contributed to a batch, as the ledger keeps it.
type PartReport struct {
	OffsetRange
	// TopicID is the topic's: offsets of two topics of one name have nothing to do with each other.
	TopicID TopicID
	Records int64
	Rejects int
	// Gone counts the records that retention removed before From.
	Gone int64
	// Lag is the number of offsets between Until and the partition's end, as the consumer last heard it.
	Lag int64
	// Reason says why the part is empty or short: see Part.Reason.
	Reason string
}

// OutputReport is what became of one output operation in a batch.
type OutputReport struct {
	// ID is the output's number in the order of registration, Name the operation with its place in the user's file.
	ID      int
	Name    string
	Elapsed time.Duration
	Err     string
}

// BatchReport is the one account of a batch: the ledger, the console, the page and the metrics all show this value.
type BatchReport struct {
	Batch    int64
	Attempt  int
	Time     time.Time
	Instance string
	Group    string
	// Records is the sum over the partitions.
	Records int64
	Rejects int
	// Submitted is when the batch's clock ticked; Started and Ended frame its processing.
	Submitted, Started, Ended time.Time
	// Collect, Merge, Outputs and Commit are the stages' durations.
	Collect, Merge, Outputs, Commit time.Duration
	// Committed tells whether the batch's offsets are committed; Rerun whether it repeated a planned range.
	Committed bool
	Rerun     bool
	// Skipped tells that the batch failed and that the policy let the stream go on without it.
	Skipped bool
	// Err is the failure of the batch, "" for none.
	Err     string
	parts   []PartReport
	outputs []OutputReport
}

// NewBatchReport completes r; parts and outputs are given away.
func NewBatchReport(r BatchReport, parts []PartReport, outputs []OutputReport) BatchReport {
	r.parts, r.outputs = parts, outputs
	return r
}

// Parts are the partitions' contributions in the order of the partitions.
func (r BatchReport) Parts() iter.Seq[PartReport] { return slices.Values(r.parts) }

// OutputReports are the outputs in the order of registration.
func (r BatchReport) OutputReports() iter.Seq[OutputReport] { return slices.Values(r.outputs) }

// SchedulingDelay is the wait between the clock's tick and the start of the processing.
func (r BatchReport) SchedulingDelay() time.Duration { return r.Started.Sub(r.Submitted) }

// ProcessingDelay is the duration of the processing.
func (r BatchReport) ProcessingDelay() time.Duration { return r.Ended.Sub(r.Started) }

// TotalDelay is scheduling and processing together.
func (r BatchReport) TotalDelay() time.Duration { return r.Ended.Sub(r.Submitted) }
