package checkpoint

import (
	"slices"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

type reports = []messages.BatchReport

// with is ran with a change.
func with(n int, from, until int64, change func(*messages.BatchReport, *messages.PartReport)) messages.BatchReport {
	return ranOn(orders, n, from, until, change)
}

func uncommitted(r *messages.BatchReport, _ *messages.PartReport) { r.Committed = false }
func failed(r *messages.BatchReport, _ *messages.PartReport)      { r.Committed, r.Err = false, "no" }
func skipped(r *messages.BatchReport, _ *messages.PartReport)     { r.Skipped, r.Err = true, "no" }
func seek(_ *messages.BatchReport, p *messages.PartReport)        { p.Reason = "seek" }
func gone(n int64) func(*messages.BatchReport, *messages.PartReport) {
	return func(_ *messages.BatchReport, p *messages.PartReport) { p.Gone = n }
}

func of(topic byte) func(*messages.BatchReport, *messages.PartReport) {
	return func(_ *messages.BatchReport, p *messages.PartReport) { p.TopicID = messages.TopicID{topic} }
}

func uncommittedOf(topic byte) func(*messages.BatchReport, *messages.PartReport) {
	return func(r *messages.BatchReport, p *messages.PartReport) {
		r.Committed, p.TopicID = false, messages.TopicID{topic}
	}
}

func by(instance string, attempt int) func(*messages.BatchReport, *messages.PartReport) {
	return func(r *messages.BatchReport, _ *messages.PartReport) { r.Instance, r.Attempt = instance, attempt }
}

func TestVerify(t *testing.T) {
	for _, test := range []struct {
		name      string
		reports   reports
		committed int64
		breaks    string
		word      string
	}{
		{"nothing", nil, 5, "", "contiguous"},
		{"contiguous, in any order", reports{ran(2, 5, 7), ran(1, 0, 5), ran(3, 7, 7), ran(4, 7, 9)}, 9, "", "contiguous"},
		{"a gap", reports{ran(1, 0, 5), ran(2, 7, 9)}, 9, "gap [5,7)", "1 gap"},
		{"a gap before an idle batch", reports{ran(1, 0, 5), ran(2, 7, 7), ran(3, 7, 9)}, 9, "gap [5,7)", "1 gap"},
		{"an overlap", reports{ran(1, 0, 5), ran(2, 3, 9)}, 9, "overlap [3,5)", "1 overlap"},
		{"a batch within another", reports{ran(1, 0, 9), ran(2, 3, 4), ran(3, 9, 10)}, 10, "overlap [3,4)", "1 overlap"},
		{"the same range under another time", reports{ran(1, 0, 5), ran(2, 0, 5)}, 5, "overlap [0,5)", "1 overlap"},
		{"a re-run", reports{ran(1, 0, 5), with(1, 0, 5, by("a", 2)), with(1, 0, 5, by("b", 1)), ran(2, 5, 6)}, 6, "", "contiguous"},
		{"a re-run over another range", reports{ran(1, 0, 5), with(1, 0, 6, by("a", 2))}, 6, "overlap [0,5)", "1 overlap"},
		{"one batch appended twice", reports{with(1, 0, 5, uncommitted), ran(1, 0, 5), ran(1, 0, 5)}, 5, "", "contiguous"},
		{"killed before the commit, and run again", reports{with(1, 0, 5, uncommitted), with(1, 0, 5, by("b", 2))}, 5, "", "contiguous"},
		{"killed after the commit", reports{ran(1, 0, 5), with(2, 5, 7, uncommitted), with(3, 7, 8, uncommitted), ran(4, 8, 9)}, 9, "", "contiguous"},
		{"killed before the commit, run again otherwise cut, killed after the commit",
			reports{ran(1, 0, 5), with(2, 5, 6, uncommitted), with(3, 5, 9, uncommitted), with(4, 6, 7, uncommitted), ran(5, 9, 10)}, 10, "", "contiguous"},
		{"killed after the last commit", reports{ran(1, 0, 5), with(2, 5, 7, uncommitted)}, 7, "", "contiguous"},
		{"killed before the last commit", reports{ran(1, 0, 5), with(2, 5, 7, uncommitted)}, 5, "", "contiguous"},
		{"an uncommitted batch that does not fill the gap", reports{ran(1, 0, 5), with(2, 5, 6, uncommitted), ran(3, 7, 9)}, 9, "gap [5,7)", "1 gap"},
		{"a failed batch fills nothing", reports{ran(1, 0, 5), with(2, 5, 7, failed), ran(3, 7, 9)}, 9, "gap [5,7)", "1 gap"},
		{"a batch that the policy skipped", reports{ran(1, 0, 5), with(2, 5, 7, skipped), ran(3, 7, 9)}, 9, "", "contiguous"},
		{"moved forward", reports{ran(1, 0, 5), with(2, 50, 50, seek), ran(3, 50, 60)}, 60, "", "contiguous"},
		{"moved back", reports{ran(1, 0, 50), with(2, 10, 10, seek), ran(3, 10, 60)}, 60, "", "contiguous"},
		{"moved back, told as a range", reports{ran(1, 0, 50), with(2, 50, 10, seek), ran(3, 10, 60)}, 60, "", "contiguous"},
		{"moved, and a gap behind it", reports{ran(1, 0, 50), with(2, 10, 10, seek), ran(3, 11, 60)}, 60, "gap [10,11)", "1 gap"},
		{"retention", reports{ran(1, 0, 5), with(2, 8, 9, gone(3))}, 9, "", "contiguous"},
		{"committed beyond the ledger", reports{ran(1, 0, 5)}, 7, "ends at 5, and 7 is committed", "1 end"},
		{"committed less than the ledger", reports{ran(1, 0, 5)}, 3, "ends at 5, and 3 is committed", "1 end"},
		{"another topic", reports{with(1, 0, 5, of(1)), with(2, 5, 9, of(1)), with(3, 0, 4, of(2)), with(4, 4, 6, of(2))}, 6, "", "contiguous"},
		{"another topic, and nothing says so", reports{ran(1, 0, 5), ran(2, 5, 9), ran(3, 0, 4)}, 9, "overlap [0,4)", "1 overlap"},
		{"another topic, whose first records are left out", reports{with(1, 0, 5, of(1)), with(2, 5, 9, of(2))}, 9, "", "contiguous"},
		{"another topic, after a batch that does not say which", reports{with(1, 0, 5, of(1)), ran(2, 5, 9), with(3, 0, 4, of(2))}, 4, "", "contiguous"},
		{"another topic, and a gap in it", reports{with(1, 0, 5, of(1)), with(2, 0, 2, of(2)), with(3, 3, 4, of(2))}, 4, "gap [2,3)", "1 gap"},
		{"another topic, whose gap a batch of the earlier one would fill",
			reports{with(1, 0, 5, of(1)), with(2, 2, 3, uncommittedOf(1)), with(3, 0, 2, of(2)), with(4, 3, 4, of(2))}, 4, "gap [2,3)", "1 gap"},
		{"another topic, with the earlier one's offset committed", reports{with(1, 0, 5, of(1)), with(2, 0, 2, of(2))}, 5, "ends at 2, and 5 is committed", "1 end"},
		{"nothing committed", reports{ran(1, 0, 5)}, -1, "", "contiguous"},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := Verify(test.reports, map[messages.TopicPartition]int64{orders: test.committed})
			p := v.Partitions[0]
			if v.OK() != (test.breaks == "") || p.word() != test.word || (len(p.Breaks) > 0 && !strings.Contains(p.Breaks[0].String(), test.breaks)) {
				t.Errorf("verdict\n%s", v)
			}
		})
	}
}

func TestVerdictCounts(t *testing.T) {
	v := Verify(reports{
		ran(1, 0, 5), with(1, 0, 5, by("b", 2)), with(2, 5, 7, uncommitted), with(3, 7, 9, skipped), ran(4, 9, 10),
		with(5, 2, 2, seek), with(6, 4, 5, gone(2)), ranOn(messages.TopicPartition{Topic: "a"}, 1, 3, 4, nil), ran(7, 6, 7),
	}, nil)
	if len(v.Partitions) != 2 || v.Partitions[0].Topic != "a" {
		t.Fatalf("partitions %v", v.Partitions)
	}
	p := v.Partitions[1]
	if p.From != 0 || p.Until != 10 || p.Reruns != 1 || p.Inferred != 1 || p.Skipped != 1 || p.Batches != 7 || len(p.Jumps) != 2 {
		t.Errorf("%+v", p)
	}
	want := `PARTITION  FROM  UNTIL  BATCHES  RECORDS  RERUNS  INFERRED  SKIPPED  VERDICT
a:0        3     4      1        1        0       0         0        contiguous
orders:0   0     10     7        12       1       1         1        1 gap
orders:0: gap [5,6), 1 offsets, between batch 1970-01-01T00:00:06.000Z attempt 1 of a [4,5) and batch 1970-01-01T00:00:07.000Z attempt 1 of a [6,7)
orders:0: moved to 2 by the operator, in batch 1970-01-01T00:00:05.000Z attempt 1 of a [2,2)
orders:0: gone [2,4), 2 offsets, between batch 1970-01-01T00:00:05.000Z attempt 1 of a [2,2) and batch 1970-01-01T00:00:06.000Z attempt 1 of a [4,5)
NOT contiguous: partitions 2, ranges of batches 8, gaps and overlaps 1
`
	if v.String() != want {
		t.Errorf("verdict\n%s", v)
	}
}

func TestExplain(t *testing.T) {
	all := reports{
		ran(3, 5, 9), with(2, 0, 5, uncommitted), with(2, 0, 5, by("b", 2)), ran(2, 0, 5),
		ranOn(messages.TopicPartition{Topic: "orders", Partition: 1}, 2, 0, 9, nil),
	}
	e := Explain(all, messages.Place{TopicPartition: orders, Offset: 4})
	want := `BATCH                     ATTEMPT  INSTANCE  RANGE  RECORDS  REJECTS  STATE
1970-01-01T00:00:02.000Z  1        a         [0,5)  5        0        committed
1970-01-01T00:00:02.000Z  2        b         [0,5)  5        0        committed
batch 1970-01-01T00:00:02.000Z attempt 1: output 0 print at job.go:9, 1.235ms
batch 1970-01-01T00:00:02.000Z attempt 2: output 0 print at job.go:9, 1.235ms
`
	if e.String() != want || len(e.Runs()) != 2 {
		t.Errorf("explained\n%s", e)
	}
	if e := Explain(all, messages.Place{TopicPartition: orders, Offset: 9}); len(e.Runs()) != 0 || !strings.Contains(e.String(), "orders:0:9 is in no batch") {
		t.Errorf("explained\n%s", e)
	}
	if runs := slices.Collect(e.Runs()[0].OutputReports()); len(runs) != 1 {
		t.Errorf("outputs %v", runs)
	}
}

// A topic that was deleted and created again has a line between its batches, and its records of one offset are told apart.
func TestTwoTopicsOfOneName(t *testing.T) {
	first, second := messages.TopicID{1}, messages.TopicID{2}
	all := reports{with(1, 0, 5, of(1)), with(2, 0, 2, of(2))}
	want := "orders:0: the topic was deleted and created again: id " + first.String() + " up to batch 1970-01-01T00:00:01.000Z attempt 1 of a [0,5), and " +
		second.String() + " from batch 1970-01-01T00:00:02.000Z attempt 1 of a [0,2) on\n"
	if v := Verify(all, nil); !strings.Contains(v.String(), want) {
		t.Errorf("no %s in\n%s", want, v)
	}
	e := Explain(all, messages.Place{TopicPartition: orders, Offset: 1})
	for _, words := range []string{"TOPIC ID\n", first.String() + "\n", second.String() + "\n", "orders:0:1 was 2 records, one in each\n"} {
		if !strings.Contains(e.String(), words) {
			t.Errorf("no %q in\n%s", words, e)
		}
	}
	if e := Explain(all, messages.Place{TopicPartition: orders, Offset: 4}); strings.Contains(e.String(), "TOPIC ID") {
		t.Errorf("one topic has the offset, and is told apart:\n%s", e)
	}
}
