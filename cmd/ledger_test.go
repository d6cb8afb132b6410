package cmd_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// writeLedger writes one committed batch a second, each from the offset where the one before ended unless it says otherwise.
func writeLedger(t *testing.T, dir, instance string, ranges ...[2]int64) {
	t.Helper()
	ledger, err := checkpoint.NewLedger(dir, "g", instance)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range ranges {
		part := messages.PartReport{Records: r[1] - r[0]}
		part.Topic, part.From, part.Until = "words", r[0], r[1]
		report := messages.BatchReport{Time: time.Unix(int64(i), 0), Attempt: 1, Instance: instance, Group: "g", Committed: true}
		if err := ledger.Append(messages.NewBatchReport(report, []messages.PartReport{part}, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
}

// Batches without a gap are exit 0; a gap or an overlap is named with the batches around it, and is exit 1.
func TestLedgerVerify(t *testing.T) {
	for _, c := range []struct {
		ranges [][2]int64
		code   int
		says   string
	}{
		{[][2]int64{{0, 5}, {5, 9}}, cmd.ExitOK, "contiguous: partitions 1"},
		{[][2]int64{{0, 5}, {6, 9}}, cmd.ExitFailed, "words:0: gap [5,6), 1 offsets, between batch 1970-01-01T00:00:00.000Z attempt 1 of one [0,5)"},
		{[][2]int64{{0, 5}, {3, 9}}, cmd.ExitFailed, "words:0: overlap [3,5)"},
	} {
		dir := t.TempDir()
		writeLedger(t, dir, "one", c.ranges...)
		s := start(t, "ledger", "verify", dir)
		s.ended(t, c.code)
		if !strings.Contains(s.stdout, c.says) {
			t.Errorf("%v: %s", c.ranges, s.stdout)
		}
	}
}

// A record is found over several folders; one that no batch has is exit 1.
func TestLedgerExplain(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	writeLedger(t, one, "one", [2]int64{0, 5})
	writeLedger(t, two, "two", [2]int64{5, 9})
	s := start(t, "ledger", "explain", "words:0:7", one, two)
	s.ended(t, cmd.ExitOK)
	if !strings.Contains(s.stdout, "two       [5,9)") || strings.Contains(s.stdout, "one ") {
		t.Error(s.stdout)
	}
	start(t, "ledger", "explain", "words:0:70", one, two).ended(t, cmd.ExitFailed)
}

// What is asked wrongly is exit 2, and says what is right.
func TestLedgerMistakes(t *testing.T) {
	start(t, "ledger", "verify").ended(t, cmd.ExitUsage, "name its FOLDER")
	for _, place := range []string{"words:0", "words:x:1", "words:0:-1", ":0:1"} {
		start(t, "ledger", "explain", place, t.TempDir()).ended(t, cmd.ExitUsage, place)
	}
	dir := t.TempDir()
	writeLedger(t, dir, "one", [2]int64{0, 5})
	start(t, "ledger", "verify", dir, "--group", "other").ended(t, cmd.ExitFailed, `no batch of group "other"; they have "g"`)
}
