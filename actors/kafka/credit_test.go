package kafka

import "testing"

// A partition pauses at its share and resumes at half of it; the polling stops when it alone has two thirds, and goes on at half.
func TestCredit(t *testing.T) {
	c := newCredit(8 << 20)
	c.divide(8) // 1 MiB each
	for _, step := range []struct {
		bytes                              int64
		paused, exhausted, stopped, filled bool
	}{
		{bytes: 0},
		{bytes: 600 << 10},
		{bytes: 600 << 10, paused: true, exhausted: true, stopped: true, filled: true},
		{bytes: 700 << 10, filled: true},
		{bytes: 1 << 20, exhausted: true, filled: true},
		{bytes: 512 << 10, paused: true, stopped: true},
	} {
		c.forget(events0)
		c.deliver(events0, 1, step.bytes)
		if got := c.exhausted(events0, step.paused); got != step.exhausted {
			t.Errorf("%+v: exhausted %v", step, got)
		}
		if got := c.filled(events0, step.stopped); got != step.filled {
			t.Errorf("%+v: filled %v", step, got)
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

// A poll brings about half a share, whatever the size of the records.
func TestPollFollowsTheRecordSize(t *testing.T) {
	c := newCredit(64 << 20)
	c.divide(16) // 4 MiB each
	for bytes, want := range map[int64]int{100: maxRecords, 1 << 10: 2048, 1 << 20: minRecords} {
		for range 60 {
			c.deliver(events0, 1, bytes)
		}
		if got := c.records(); got < want*9/10 || got > want*11/10 {
			t.Errorf("%d bytes: %d records, want %d", bytes, got, want)
		}
	}
}
