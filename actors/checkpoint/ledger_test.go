package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// ran is a committed batch at second n that read a range of orders:0.
func ran(n int, from, until int64) messages.BatchReport {
	return ranOn(orders, n, from, until, nil)
}

func ranOn(p messages.TopicPartition, n int, from, until int64, change func(*messages.BatchReport, *messages.PartReport)) messages.BatchReport {
	part := messages.PartReport{OffsetRange: messages.OffsetRange{TopicPartition: p, From: from, Until: until}, Records: until - from}
	r := messages.BatchReport{Batch: int64(n), Attempt: 1, Time: second(n).UTC(), Instance: "a", Group: "g", Committed: true, Records: until - from}
	if change != nil {
		change(&r, &part)
	}
	return messages.NewBatchReport(r, []messages.PartReport{part}, []messages.OutputReport{{ID: 0, Name: "print at job.go:9", Elapsed: 1234567}})
}

func ledger(t testing.TB, dir, instance string, options ...LedgerOption) *Ledger {
	t.Helper()
	l, err := NewLedger(dir, "g", instance, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func appendAll(t testing.TB, l *Ledger, reports ...messages.BatchReport) {
	t.Helper()
	for _, r := range reports {
		if err := l.Append(r); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t testing.TB, dirs ...string) History {
	t.Helper()
	h, err := Read(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// files are the ledger's files in a folder.
func ledgerFiles(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+ledgerEnding))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestReportSurvivesJSON(t *testing.T) {
	part := messages.PartReport{
		OffsetRange: messages.OffsetRange{TopicPartition: orders, From: 1, Until: 9}, Records: 7, Rejects: 2, Gone: 3, Lag: 4, Reason: "limit",
	}
	r := messages.NewBatchReport(messages.BatchReport{
		Batch: 3, Attempt: 2, Time: second(3).UTC(), Instance: "web-0", Group: "g", Records: 7, Rejects: 2,
		Submitted: second(3).UTC(), Started: second(4).UTC(), Ended: second(5).UTC(),
		Collect: 1, Merge: 123456789, Outputs: 37 * time.Hour, Commit: 999999999999, Err: "no \"disk\"\n", Committed: true, Rerun: true, Skipped: true,
	}, []messages.PartReport{part}, []messages.OutputReport{{ID: 1, Name: "print", Elapsed: 7 * time.Microsecond, Err: "x"}})
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := parseLine(line)
	if err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("%s\nis read as %+v, %v", line, back, err)
	}
	for _, want := range []string{`"time":"1970-01-01T00:00:03Z"`, `"merge":123.456789`, `"from":1,"until":9`} {
		if !strings.Contains(string(line), want) {
			t.Errorf("%s\nlacks %s", line, want)
		}
	}
}

func TestLedgerInMemory(t *testing.T) {
	l := ledger(t, "", "a", KeepRecent(3))
	if got := l.Recent(5); len(got) != 0 {
		t.Errorf("a fresh ledger has %v", got)
	}
	for n := range 8 {
		appendAll(t, l, ran(n, 0, 1))
		if got := l.Recent(2); got[len(got)-1].Batch != int64(n) || len(got) != min(2, n+1) {
			t.Errorf("after batch %d: %v", n, got)
		}
	}
	got := l.Recent(100)
	if len(got) != 3 || got[0].Batch != 5 || got[2].Batch != 7 {
		t.Errorf("the last are %v", got)
	}
}

// Two instances of a group share the folder, one is started again: all lines are there, private, one file an instance.
func TestLedgerInFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	appendAll(t, ledger(t, dir, "b/1"), ran(9, 9, 10))
	first := ledger(t, dir, "a")
	appendAll(t, first, ran(1, 0, 5))
	if _, err := NewLedger(dir, "g", "a"); !errors.Is(err, ErrInUse) {
		t.Errorf("the same instance a second time: %v", err)
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	if err := first.Append(ran(2, 0, 5)); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	appendAll(t, ledger(t, dir, "a"), ran(2, 5, 7))

	h := read(t, dir)
	if got := h.Of("g"); len(got) != 3 || !reflect.DeepEqual(got[:2], []messages.BatchReport{ran(1, 0, 5), ran(2, 5, 7)}) {
		t.Errorf("read %+v", got)
	}
	if got := h.Groups(); !slices.Equal(got, []string{"g"}) || len(h.Of("other")) != 0 || len(h.Warnings()) != 0 {
		t.Errorf("groups %q, warnings %q", got, h.Warnings())
	}
	for _, name := range ledgerFiles(t, dir) {
		if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %v", name, info.Mode())
		}
	}
	if n := len(ledgerFiles(t, dir)); n != 2 {
		t.Errorf("%d files", n)
	}
}

// A crash tears the last line at any byte. The reader passes over it, the next start cuts it off and goes on.
func TestTornLine(t *testing.T) {
	whole, _ := json.Marshal(ran(2, 5, 7))
	for n := range len(whole) + 1 {
		dir := t.TempDir()
		l := ledger(t, dir, "a")
		appendAll(t, l, ran(1, 0, 5))
		_ = l.Close()
		f, _ := os.OpenFile(ledgerFiles(t, dir)[0], os.O_APPEND|os.O_WRONLY, 0)
		_, _ = f.Write(whole[:n])
		_ = f.Close()

		kept := []messages.BatchReport{ran(1, 0, 5)}
		if n == len(whole) {
			kept = append(kept, ran(2, 5, 7))
		}
		h := read(t, dir)
		if got := h.Of("g"); !reflect.DeepEqual(got, kept) || (len(h.Warnings()) == 1) != (n > 0 && n < len(whole)) {
			t.Fatalf("%d bytes: read %v, warnings %q", n, got, h.Warnings())
		}
		appendAll(t, ledger(t, dir, "a"), ran(3, 7, 9))
		h = read(t, dir)
		if got := h.Of("g"); !reflect.DeepEqual(got, append(kept, ran(3, 7, 9))) || len(h.Warnings()) > 0 {
			t.Fatalf("%d bytes, written on: read %v, warnings %q", n, got, h.Warnings())
		}
	}
}

// The disk refuses a line: the error says so, the batch is in memory, and the next lines are whole.
func TestLedgerWriteFails(t *testing.T) {
	dir := t.TempDir()
	l := ledger(t, dir, "a")
	appendAll(t, l, ran(1, 0, 5))
	good := l.pages.file
	l.pages.file, _ = os.Open(good.Name()) // Reading only: every write fails, and so does the repair.
	if err := l.Append(ran(2, 5, 7)); err == nil || !strings.Contains(err.Error(), "00:00:02") {
		t.Errorf("Append = %v", err)
	}
	_ = l.pages.file.Close()
	_, _ = good.Write([]byte(`{"ti`))
	l.pages.file = good
	appendAll(t, l, ran(3, 5, 9))
	if got := read(t, dir).Of("g"); len(got) != 2 || got[1].Batch != 3 {
		t.Errorf("read %v", got)
	}
	if got := l.Recent(3); len(got) != 3 {
		t.Errorf("recent %v", got)
	}
}

func FuzzLedgerLine(f *testing.F) {
	line, _ := json.Marshal(ran(1, 0, 5))
	f.Add(line)
	f.Add([]byte(`{"time":"2026-01-01T00:00:00Z","ms":{"merge":1e300},"parts":[{}]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseLine(line)
		if err != nil {
			return
		}
		again, err := json.Marshal(r)
		if err != nil {
			return // A year that JSON's times cannot have.
		}
		back, err := parseLine(again)
		if twice, _ := json.Marshal(back); err != nil || string(twice) != string(again) {
			t.Errorf("%s\nis read as %s, %v", again, twice, err)
		}
		_ = Verify([]messages.BatchReport{r, back}, nil).String()
		_ = fmt.Sprint(Explain([]messages.BatchReport{r}, messages.Place{TopicPartition: orders}))
	})
}

func BenchmarkLedgerAppend(b *testing.B) {
	l := ledger(b, b.TempDir(), "a")
	r := ran(1, 0, 5)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Append(r); err != nil {
			b.Fatal(err)
		}
	}
}
