package kafka

import (
	"testing"
	"time"
)

// A partition pauses when it has had its share for a while, and resumes at half of it.
func TestCreditPausesThePartitionThatIsStuck(t *testing.T) {
	c := newCredit(8 << 20)
	c.divide(8) // 1 MiB each
	now := time.Now()
	for _, step := range []struct {
		bytes             int64
		after             time.Duration
		paused, exhausted bool
	}{
		{bytes: 0},
		{bytes: 1 << 20},                   // now it has had enough
		{bytes: 2 << 20, after: stuck / 2}, // for how long?
		{bytes: 1 << 19, after: stuck},     // it has moved
		{bytes: 1 << 20, after: 2 * stuck}, // enough again
		{bytes: 1 << 20, after: 3 * stuck, exhausted: true},
		{bytes: 600 << 10, paused: true, exhausted: true},
		{bytes: 512 << 10, paused: true},
	} {
		c.outstanding[events0] = step.bytes
		if got := c.exhausted(events0, step.paused, now.Add(step.after)); got != step.exhausted {
			t.Errorf("%+v: exhausted %v", step, got)
		}
	}
	c.consume(events0, 1<<40)
	if c.outstanding[events0] != 0 {
		t.Error("more consumed than delivered")
	}
	if c.divide(1000); c.share != minShare {
		t.Errorf("share %d", c.share)
	}
}

// The polling stops when the partitions together have their shares, and goes on at half.
func TestCreditStopsThePolling(t *testing.T) {
	c := newCredit(8 << 20)
	c.divide(8)
	if c.filled(2<<20-1, 2, false) || !c.filled(2<<20, 2, false) || !c.filled(1<<20+1, 2, true) || c.filled(1<<20, 2, true) {
		t.Error("not at the shares of two partitions, or not at half of them")
	}
}

// A poll brings about a quarter of the memory, whatever the size of the records.
func TestPollFollowsTheRecordSize(t *testing.T) {
	c := newCredit(64 << 20)
	for bytes, want := range map[int64]int{100: maxRecords, 4 << 10: 4096, 1 << 20: minRecords} {
		for range 60 {
			c.deliver(events0, 1, bytes)
		}
		if got := c.records(); got < want*9/10 || got > want*11/10 {
			t.Errorf("%d bytes: %d records, want %d", bytes, got, want)
		}
	}
}
