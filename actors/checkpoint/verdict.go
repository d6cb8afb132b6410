package checkpoint

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Entry is one batch's range in one partition, as a ledger has it.
type Entry struct {
	messages.OffsetRange
	// TopicID is the topic's; the zero value when it is not known.
	TopicID  messages.TopicID
	Time     time.Time
	Attempt  int
	Instance string
	// Records is how many records the range had, Gone how many before From retention had removed.
	Records, Gone int64
	// Seek tells that the operator moved the stream to Until, Skipped that the policy let it go on without the batch.
	Seek, Skipped bool
}

// String names the batch and its range.
func (e Entry) String() string {
	return fmt.Sprintf("batch %s attempt %d of %s [%d,%d)", moment(e.Time), e.Attempt, e.Instance, e.From, e.Until)
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Kind is what a Break is.
type Kind string

const (
	// Gap says that no committed batch has these offsets.
	Gap Kind = "gap"
	// Overlap says that two batches that are no re-run of each other have them.
	Overlap Kind = "overlap"
	// End says that the last batch does not end at the committed offset; the range lies between the two.
	End Kind = "end"
	// Seek says that the operator moved the stream.
	Seek Kind = "seek"
	// Recreated says that the topic was deleted and created again: what follows has nothing to do with the offsets before.
	Recreated Kind = "recreated"
	// Gone says that retention removed these offsets, and that the policy let the stream go on.
	Gone Kind = "gone"
)

// Break is a place where the batches of a partition are not contiguous, with the batches around it. Before is the zero Entry
// where a seek is the first thing known; After is the zero Entry at the end.
type Break struct {
	Kind Kind
	messages.OffsetRange
	Before, After Entry
	committed     int64
}

// String is one line: the kind, the range, and the batches around it.
func (b Break) String() string {
	switch {
	case b.Kind == End:
		return fmt.Sprintf("%s: the ledger ends at %d, and %d is committed; the last is %s",
			b.TopicPartition, b.Before.Until, b.committed, b.Before)
	case b.Kind == Seek:
		return fmt.Sprintf("%s: moved to %d by the operator, in %s", b.TopicPartition, b.After.Until, b.After)
	case b.Kind == Recreated:
		return fmt.Sprintf("%s: the topic was deleted and created again: id %s up to %s, and %s from %s on",
			b.TopicPartition, b.Before.TopicID, b.Before, b.After.TopicID, b.After)
	}
	return fmt.Sprintf("%s: %s [%d,%d), %d offsets, between %s and %s",
		b.TopicPartition, b.Kind, b.From, b.Until, b.Count(), b.Before, b.After)
}

// PartitionVerdict is what the ledgers say of one partition.
type PartitionVerdict struct {
	messages.TopicPartition
	// From and Until are the first and the last offset known.
	From, Until int64
	// Batches and Records count what was committed, each batch once however often it ran.
	Batches, Records int64
	// Reruns counts further runs of the same batch over the same range.
	Reruns int64
	// Inferred counts batches that are known to be committed only because the stream went on behind them.
	Inferred int64
	// Skipped counts batches that failed and that the policy went on without.
	Skipped int64
	// Breaks are what must not be, Jumps what may: where the operator or retention moved the stream, or the topic is
	// another one.
	Breaks, Jumps []Break
}

// OK tells whether the batches are contiguous.
func (v PartitionVerdict) OK() bool { return len(v.Breaks) == 0 }

func (v PartitionVerdict) word() string {
	if v.OK() {
		return "contiguous"
	}
	count := map[Kind]int{}
	for _, b := range v.Breaks {
		count[b.Kind]++
	}
	var words []string
	for _, k := range []Kind{Gap, Overlap, End} {
		if count[k] > 0 {
			words = append(words, fmt.Sprintf("%d %s", count[k], k))
		}
	}
	return strings.Join(words, ", ")
}

// Verdict is what the ledgers say of all partitions, in their order.
type Verdict struct{ Partitions []PartitionVerdict }

// OK tells whether the batches of every partition are contiguous.
func (v Verdict) OK() bool {
	for _, p := range v.Partitions {
		if !p.OK() {
			return false
		}
	}
	return true
}

// String is a table of the partitions, then every break and every jump in a line, then the verdict.
func (v Verdict) String() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "PARTITION\tFROM\tUNTIL\tBATCHES\tRECORDS\tRERUNS\tINFERRED\tSKIPPED\tVERDICT")
	breaks, batches := 0, int64(0)
	for _, p := range v.Partitions {
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n",
			p.TopicPartition, p.From, p.Until, p.Batches, p.Records, p.Reruns, p.Inferred, p.Skipped, p.word())
		breaks, batches = breaks+len(p.Breaks), batches+p.Batches
	}
	_ = table.Flush()
	for _, p := range v.Partitions {
		for _, b := range append(p.Breaks[:len(p.Breaks):len(p.Breaks)], p.Jumps...) {
			text.WriteString(b.String() + "\n")
		}
	}
	if v.OK() {
		fmt.Fprintf(&text, "contiguous: partitions %d, ranges of batches %d\n", len(v.Partitions), batches)
	} else {
		fmt.Fprintf(&text, "NOT contiguous: partitions %d, ranges of batches %d, gaps and overlaps %d\n", len(v.Partitions), batches, breaks)
	}
	return text.String()
}
