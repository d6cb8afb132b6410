package messages

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

// OffsetRange is a half-open range of one partition: From is in it, Until is not.
type OffsetRange struct {
	TopicPartition
	From, Until int64
}

// Count is the number of offsets in the range. Compaction and transaction markers make it larger than the number of records.
func (r OffsetRange) Count() int64 { return r.Until - r.From }

// String is "topic:partition [from,until)".
func (r OffsetRange) String() string {
	return fmt.Sprintf("%v [%d,%d)", r.TopicPartition, r.From, r.Until)
}

// Ready is a consumer's first word, and its first word again after each restart: it knows nothing and asks for an Open.
type Ready struct{ Partition TopicPartition }

// Open starts a batch in one partition. From acknowledges: equal to the consumer's own Until it goes on, otherwise it forgets
// everything and reads again from From. The consumer folds no record at or behind Limit (NoLimit: none).
// Over Budget bytes of held elements it folds no more until the next batch.
// An exact batch is answered when the position has reached Limit, not earlier: it runs a planned range again.
type Open struct {
	Batch   int64
	Attempt int
	Time    time.Time
	From    int64
	Limit   int64
	Exact   bool
	Budget  int64
}

// NoLimit as Open.Limit lets a batch take all that comes until its Cut.
const NoLimit = int64(1<<63 - 1)

// Cut ends a batch: the consumer answers with its Part.
type Cut struct {
	Batch   int64
	Attempt int
}

// Reject is one record that did not decode, or that a function of the user's rejected.
type Reject struct {
	Record Raw
	// Reason is one sentence.
	Reason string
	// Operation names where it happened: "decode", or the operation with the place in the user's file.
	Operation string
}

// Part is what one partition contributes to one batch.
type Part struct {
	Batch   int64
	Attempt int
	Epoch   int64
	Range   OffsetRange
	Records int64
	// End is the partition's end as the consumer last heard it.
	End int64
	// Reason says why the part is empty or shorter than what there was: "", "paused", "idle", "overdue", "memory", "limit".
	Reason string
	Err    error
	// Held is an estimate of the bytes that the partials hold.
	Held     int64
	rejects  []Reject
	partials []any
}

// NewPart completes p with its rejects and with the results of the job's narrow half, one a slot. Both are given away.
func NewPart(p Part, rejects []Reject, partials []any) Part {
	p.rejects, p.partials = rejects, partials
	return p
}

// Rejects are the records to be dead-lettered, in their order.
func (p Part) Rejects() iter.Seq[Reject] { return slices.Values(p.rejects) }

// RejectCount is the number of rejects.
func (p Part) RejectCount() int { return len(p.rejects) }

// Partials are the results of the narrow half, one a slot; nil for an empty part.
// The slice is a copy; the values belong to package streaming, whose merges do not change them.
func (p Part) Partials() []any { return slices.Clone(p.partials) }

// Ran tells the aggregator what became of a batch that the runner had.
type Ran struct {
	Report BatchReport
	// Err is nil when the batch is committed, or was skipped by the policy. ErrNotOwner: another member runs it.
	Err error
	// Pause says that the policy after the failure is to wait for the operator.
	Pause bool
}

// Idle tells the aggregator that the runner has nothing under way and that its state is that of the last committed batch.
type Idle struct{}

// Tick is the batch clock: the interval that ends at Time is over.
type Tick struct {
	Time time.Time
	// Stepped tells that the wall clock was set forward since the last one: the intervals in between never were.
	Stepped bool
}

// Offset is one partition's entry in an offset commit.
type Offset struct {
	TopicPartition
	At       int64
	Metadata string
}
