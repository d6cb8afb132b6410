package actors

import (
	"slices"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// twoClocks are a wall clock that can be set, and the monotonic one beside it.
type twoClocks struct {
	wall    time.Time
	elapsed time.Duration
}

func (c *twoClocks) pass(d time.Duration) { c.wall, c.elapsed = c.wall.Add(d), c.elapsed+d }

// run lets the clock tick for a while, and gives the ticks in seconds since the epoch; a stepped one is negative.
func (c *twoClocks) run(b *beat, d time.Duration) []int64 {
	var all []int64
	for end := c.elapsed + d; b.at <= end; {
		c.pass(max(0, b.at-c.elapsed)) // a tick that is late comes at once
		t := b.tick(c.wall, c.elapsed)
		if t.Stepped {
			all = append(all, -t.Time.Unix())
			continue
		}
		all = append(all, t.Time.Unix())
	}
	return all
}

// The wall clock jumps, both ways and in the midst of an interval, or the process stands still. What the stream hears: every multiple of
// the interval once and in order, a forward step told as one, and never more ticks at once than intervals that passed.
func TestTheClockJumps(t *testing.T) {
	for name, c := range map[string]struct {
		jump func(*twoClocks)
		want []int64 // 2 s before the jump, and 4 s after it
	}{
		"not at all":       {func(*twoClocks) {}, []int64{1001, 1002, 1003, 1004, 1005, 1006}},
		"an hour forward":  {func(c *twoClocks) { c.wall = c.wall.Add(time.Hour) }, []int64{1001, 1002, 1003, -4604, 4605, 4606}},
		"an hour back":     {func(c *twoClocks) { c.wall = c.wall.Add(-time.Hour) }, []int64{1001, 1002, 1003, 1004, 1005, 1006}},
		"a second forward": {func(c *twoClocks) { c.wall = c.wall.Add(time.Second) }, []int64{1001, 1002, 1003, 1004, 1005, 1006}},
		"stopped":          {func(c *twoClocks) { c.pass(20 * time.Second) }, numbers(1001, 1026)},
	} {
		t.Run(name, func(t *testing.T) {
			clocks := &twoClocks{wall: time.Unix(1000, 0)}
			b := newBeat(time.Second, clocks.wall, 0)
			got := clocks.run(b, 2*time.Second)
			clocks.pass(300 * time.Millisecond)
			c.jump(clocks)
			got = append(got, clocks.run(b, 3700*time.Millisecond)...)
			if !slices.Equal(got, c.want) {
				t.Errorf("it ticks at %v, want %v", got, c.want)
			}
		})
	}
}

func numbers(from, until int64) []int64 {
	var all []int64
	for n := from; n <= until; n++ {
		all = append(all, n)
	}
	return all
}

// batchTimes is a progress without partitions' work: it runs empty batches at once, and writes down their times.
type batchTimes struct {
	progress *progress
	times    []int64
	ran      []batch
}

func (e *batchTimes) open(messages.TopicPartition, messages.Open) {}
func (e *batchTimes) cut(messages.TopicPartition, messages.Cut)   {}
func (e *batchTimes) spawn(messages.TopicPartition)               {}
func (e *batchTimes) drop(messages.TopicPartition)                {}
func (e *batchTimes) restore(messages.TopicPartition, int64)      {}
func (e *batchTimes) released(int64)                              {}
func (e *batchTimes) askRest()                                    {}
func (e *batchTimes) ended(error)                                 {}

func (e *batchTimes) run(b batch) { e.times, e.ran = append(e.times, b.time.Unix()), append(e.ran, b) }

// settle answers for the runner until no batch runs.
func (e *batchTimes) settle() {
	for len(e.ran) > 0 {
		b := e.ran[0]
		e.ran = e.ran[1:]
		report := messages.BatchReport{Time: b.time, Attempt: b.attempt, Batch: b.id, Committed: true}
		e.progress.ran(messages.Ran{Report: report})
	}
}

func newBatchTimes(now func() time.Time, floor time.Time) *batchTimes {
	e := &batchTimes{}
	e.progress = newProgress(e, rules{interval: time.Second, hoard: &hoard{limit: 1 << 20}, patience: time.Hour}, now)
	position := messages.Position{
		TopicPartition: messages.TopicPartition{Topic: "events"}, From: 5, Committed: true, Last: floor,
	}
	e.progress.positions(messages.NewAssigned([]messages.Position{position}))
	return e
}

// A step forward is no time to be made up for: the batch that filled keeps its time, and the next one has the new time.
func TestAStepForwardRunsNoFloodOfBatches(t *testing.T) {
	now := time.Unix(1000, 0)
	e := newBatchTimes(func() time.Time { return now }, time.Time{})
	for _, tick := range []messages.Tick{{Time: time.Unix(1001, 0)}, {Time: time.Unix(1002, 0)}, {Time: time.Unix(4603, 0), Stepped: true}, {Time: time.Unix(4604, 0)}} {
		now = tick.Time
		e.progress.tick(tick)
		e.settle()
	}
	if want := []int64{1001, 1002, 1003, 4604}; !slices.Equal(e.times, want) {
		t.Errorf("batches at %v, want %v", e.times, want)
	}
}

// The clock was set back by an hour while nobody ran, or another instance's is an hour ahead: the stream does not wait for an hour, and
// gives no batch a time that has been.
func TestAClockThatIsBehindTheLastBatchStopsNothing(t *testing.T) {
	now := time.Unix(1000, 0)
	e := newBatchTimes(func() time.Time { return now }, time.Unix(4600, 0))
	for n := int64(1001); n <= 1005; n++ {
		now = time.Unix(n, 0)
		e.progress.tick(messages.Tick{Time: now})
		e.settle()
	}
	if want := []int64{4601, 4602, 4603, 4604, 4605}; !slices.Equal(e.times, want) {
		t.Errorf("batches at %v, want %v", e.times, want)
	}
}

// A last batch that was cut early has a time that is still to come, by less than an interval: that is waited for.
func TestATimeThatIsStillToComeIsWaitedFor(t *testing.T) {
	now := time.Unix(1000, 0)
	e := newBatchTimes(func() time.Time { return now }, time.Unix(1001, 0))
	for n := int64(1001); n <= 1003; n++ {
		now = time.Unix(n, 0)
		e.progress.tick(messages.Tick{Time: now})
		e.settle()
	}
	if want := []int64{1002, 1003}; !slices.Equal(e.times, want) {
		t.Errorf("batches at %v, want %v", e.times, want)
	}
}
