package cmd_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/messages"
)

// outcome is how often each event reached an output.
type outcome struct {
	lost, repeated int
	again          int // batches that ran again
	lines          []line
}

func (c *chaos) outcome() outcome {
	o := outcome{lines: lines(c.t, c.out)}
	seen := map[string]int{}
	for _, l := range o.lines {
		for _, id := range l.IDs {
			seen[id]++
		}
	}
	for n := range c.written {
		switch times := seen[id(n)]; {
		case times == 0:
			o.lost++
		case times > 1:
			o.repeated++
		}
	}
	c.t.Logf("%d events, %d batches: %d lost, %d repeated", c.written, len(o.lines), o.lost, o.repeated)
	return o
}

// sameAgain checks that a batch which ran again was the same: ranges that overlap are one range under one time, and lines of one time
// are equal.
func (o *outcome) sameAgain(t *testing.T) {
	t.Helper()
	type seen struct {
		lineRange
		time int64
	}
	byPartition := map[int32][]seen{}
	byTime := map[int64]line{}
	for _, l := range o.lines {
		if first, ok := byTime[l.Time]; ok {
			o.again++
			if !slices.Equal(first.Ranges, l.Ranges) || !slices.Equal(first.IDs, l.IDs) {
				t.Errorf("the batch of %d ran over %v with %d events, and again over %v with %d", l.Time, first.Ranges, len(first.IDs), l.Ranges, len(l.IDs))
			}
		}
		byTime[l.Time] = l
		for _, r := range l.Ranges {
			for _, s := range byPartition[r.Partition] {
				if r.From < s.Until && s.From < r.Until && (s.lineRange != r || s.time != l.Time) {
					t.Errorf("%v under %d overlaps %v under %d", r, l.Time, s.lineRange, s.time)
				}
			}
			byPartition[r.Partition] = append(byPartition[r.Partition], seen{r, l.Time})
		}
	}
}

// missing checks, with the ledger in the folder, that the lost events are those of whole batches, at most one for each kill.
func (c *chaos) missing(o outcome, folder string) {
	c.t.Helper()
	history, err := checkpoint.Read(folder)
	if err != nil {
		c.t.Fatal(err)
	}
	batches, _ := history.Complete(c.group)
	byKill, lost := map[int]int{}, int64(0)
	for i, b := range batches {
		records := o.unseen(b)
		if records == 0 || readAgain(b, batches[i+1:]) {
			continue
		}
		if lost += records; records != b.Records {
			c.t.Errorf("%d records of %d are missing in the batch of %d", records, b.Records, b.Time.UnixMilli())
		}
		kill := slices.IndexFunc(c.ends, func(end time.Time) bool { return b.Time.Before(end) })
		if byKill[kill]++; kill < 0 || byKill[kill] > 1 {
			c.t.Errorf("kill %d: %d batches are missing, the last that of %d", kill, byKill[kill], b.Time.UnixMilli())
		}
	}
	if lost != int64(o.lost) {
		c.t.Errorf("%d events are lost, and the missing batches have %d", o.lost, lost)
	}
	c.t.Logf("%d kills, %d batches missing", len(c.ends), len(byKill))
}

// unseen is the number of a batch's records that no output has seen.
func (o outcome) unseen(b messages.BatchReport) (n int64) {
	for p := range b.Parts() {
		n += p.Count()
		for _, l := range o.lines {
			for _, r := range l.Ranges {
				if r.Partition == p.Partition {
					n -= max(0, min(r.Until, p.Until)-max(r.From, p.From))
				}
			}
		}
	}
	return n
}

// readAgain tells whether later batches begin where this one did: it was killed ahead of its commit.
func readAgain(b messages.BatchReport, later []messages.BatchReport) bool {
	begins := map[messages.TopicPartition]int64{}
	for p := range b.Parts() {
		if p.Count() > 0 {
			begins[p.TopicPartition] = p.From
		}
	}
	return slices.ContainsFunc(later, func(l messages.BatchReport) bool {
		for p := range l.Parts() {
			if from, ok := begins[p.TopicPartition]; ok && from == p.From {
				return true
			}
		}
		return false
	})
}
