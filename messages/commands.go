package messages

import (
	"iter"
	"slices"
	"time"
)

// Delivered is the delivery report of one record: where it stands, or why it does not.
type Delivered struct {
	Place Place
	Err   error
}

// Stop asks the aggregator to end the stream. Graceful lets the running batch finish and commit; Flush then also cuts, runs and
// commits what has been read for the next one.
type Stop struct{ Graceful, Flush bool }

// AskStatus asks the aggregator for its Status.
type AskStatus struct{}

// PartitionStatus is where the stream stands in one partition.
type PartitionStatus struct {
	TopicPartition
	// Next is the offset behind the last batch; End is the partition's end as last heard.
	Next, End int64
	// State is "open", "starting", "paused" or "leaving".
	State string
}

// Status is where the stream stands, for the console and the page.
type Status struct {
	// State is "waiting" (for the group or the broker), "running", "paused" or "stopping".
	State    string
	Waits    string
	Instance string
	Group    string
	Interval time.Duration
	// Started is when the aggregator started, Batches and Records what it has completed since.
	Started time.Time
	Batches int64
	Records int64
	Rejects int64
	Failed  int64
	// MaxPerPartition is what a partition may contribute, in records a second; 0 is no limit.
	MaxPerPartition float64
	// Next is the time of the batch that is filling.
	Next       time.Time
	partitions []PartitionStatus
}

// NewStatus completes s; partitions is given away.
func NewStatus(s Status, partitions []PartitionStatus) Status {
	s.partitions = partitions
	return s
}

// Partitions are the assigned partitions in order.
func (s Status) Partitions() iter.Seq[PartitionStatus] { return slices.Values(s.partitions) }

// AskBatches asks the aggregator for its last batches; the answer is Batches.
type AskBatches struct{ Last int }

// Batches are reports of batches, the oldest first.
type Batches struct{ reports []BatchReport }

// NewBatches makes the message; reports is given away.
func NewBatches(reports []BatchReport) Batches { return Batches{reports} }

// Reports are the batches, the oldest first.
func (b Batches) Reports() iter.Seq[BatchReport] { return slices.Values(b.reports) }

// Pause stops (On) or resumes the stream at a batch boundary: no batch is cut, and nothing is fetched, while it is paused.
// The answer is Accepted.
type Pause struct{ On bool }

// Limit changes rate.max.per.partition while the stream runs: PerSecond records a second and partition, 0 for no limit. The answer
// is Accepted, with the first batch that obeys.
type Limit struct{ PerSecond float64 }

// Accepted says at which batch's boundary a command takes effect.
type Accepted struct {
	Batch int64
	Time  time.Time
}
