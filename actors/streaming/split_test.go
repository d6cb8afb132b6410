package streaming_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// divided drives a job's two halves by hand, with the state of each partition in a Shard of its own.
type divided struct {
	t       *testing.T
	program *streaming.Program
	runner  *streaming.Runner
	out     *strings.Builder
	shards  map[int32]*streaming.Shard
	saved   map[int32][]messages.Change
	next    map[int32]int64
	log     strings.Builder
}

// compiled is an engine that only keeps the program.
type compiled struct{ program *streaming.Program }

func (c *compiled) Start(p *streaming.Program) error { c.program = p; return nil }
func (c *compiled) Stop(bool) error                  { return nil }

func newDivided(t *testing.T, job func(*streaming.Context), settings ...streaming.Setting) *divided {
	t.Helper()
	if settings == nil {
		settings = []streaming.Setting{streaming.WithStateByPartition()}
	}
	e := &compiled{}
	d := &divided{t: t, shards: map[int32]*streaming.Shard{}, saved: map[int32][]messages.Change{}, next: map[int32]int64{}}
	settings = append(settings, streaming.WithEngine(e), streaming.WithTopics("events"), streaming.WithLog(slog.New(slog.NewTextHandler(&d.log, nil))))
	c := streaming.NewContext(time.Second, settings...)
	job(c)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop(false) })
	d.program = e.program
	d.instance()
	return d
}

// instance makes another instance of the program: what the last one kept in memory is gone.
func (d *divided) instance() {
	d.out = &strings.Builder{}
	d.runner = d.program.NewRunner(streaming.Env{Stdout: d.out})
	clear(d.shards)
}

// restore gives this instance a partition.
func (d *divided) restore(partition int32) {
	d.t.Helper()
	s := d.program.NewShard(messages.TopicPartition{Topic: "events", Partition: partition})
	if saved := d.saved[partition]; len(saved) > 0 {
		if n, err := s.Load(saved); err != nil || n != len(saved) {
			d.t.Fatal(n, err)
		}
		s.Loaded()
	}
	d.shards[partition] = s
}

// batch runs one, of "key" records by partition.
func (d *divided) batch(second int, records map[int32][]string) error {
	d.t.Helper()
	var parts []streaming.PartInput
	for p, shard := range d.shards {
		tp := messages.TopicPartition{Topic: "events", Partition: p}
		task := d.program.NewTask(tp)
		from := d.next[p]
		for _, key := range records[p] {
			place := messages.Place{TopicPartition: tp, Offset: d.next[p]}
			_ = task.Fold([]messages.Raw{messages.NewRecord(place, 0, key, true, `{"content":"x"}`, true, nil)})
			d.next[p]++
		}
		partials, err := task.Finish()
		if err != nil {
			d.t.Fatal(err)
		}
		parts = append(parts, streaming.PartInput{
			Range: messages.OffsetRange{TopicPartition: tp, From: from, Until: d.next[p]}, Partials: partials, Shard: shard,
		})
	}
	result := d.runner.Run(context.Background(), time.Unix(int64(second), 0), parts)
	if result.Err != nil {
		d.runner.Abort()
		return result.Err
	}
	for c := range d.runner.Changes() {
		p := c.Partition().Partition
		d.saved[p] = slices.AppendSeq(d.saved[p], c.All())
	}
	d.runner.Commit()
	return nil
}

// printed are the lines that the last batch printed, sorted, without what frames them.
func (d *divided) printed() []string {
	var lines []string
	for line := range strings.Lines(d.out.String()) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '-' && !strings.HasPrefix(line, "Time:") {
			lines = append(lines, line)
		}
	}
	d.out.Reset()
	slices.Sort(lines)
	return lines
}

func byKey(c *streaming.Context) streaming.PairStream[string, int] {
	records := streaming.DirectStream(c, streaming.String, streaming.String)
	return streaming.MapToPair(records, func(r messages.Record[string, string]) (string, int) { return r.Key(), 1 })
}

func runningSum(values []int, state streaming.Option[int]) streaming.Option[int] {
	total, _ := state.Get()
	for _, v := range values {
		total += v
	}
	return streaming.Some(total)
}

// Two instances hand a partition over: what was kept of it goes along, and nothing else does.
func TestStateFollowsItsPartition(t *testing.T) {
	d := newDivided(t, func(c *streaming.Context) {
		streaming.UpdateStateByKey(byKey(c), "totals", runningSum).Print()
	})
	d.restore(0)
	d.restore(1)
	for second, records := range []map[int32][]string{{0: {"a", "b", "a"}, 1: {"c"}}, {0: {"a"}, 1: {"c", "d"}}} {
		if err := d.batch(second, records); err != nil {
			t.Fatal(err)
		}
	}
	d.printed()
	d.instance()
	d.restore(1)
	if err := d.batch(5, map[int32][]string{1: {"d"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(d.printed()), "[(c,2) (d,2)]"; got != want {
		t.Errorf("partition 1 alone: %s, want %s", got, want)
	}
	d.restore(0)
	if err := d.batch(6, map[int32][]string{0: {"b"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(d.printed()), "[(a,3) (b,2) (c,2) (d,2)]"; got != want {
		t.Errorf("with partition 0: %s, want %s", got, want)
	}
}

// A job whose keys are not the records' keys gets wrong results by partition, and a warning that says so.
func TestKeysInTwoPartitionsAreTold(t *testing.T) {
	d := newDivided(t, func(c *streaming.Context) { streaming.UpdateStateByKey(byKey(c), "totals", runningSum).Print() })
	d.restore(0)
	d.restore(1)
	if err := d.batch(1, map[int32][]string{0: {"a"}, 1: {"b"}}); err != nil || d.log.Len() > 0 {
		t.Errorf("%v, %s", err, d.log.String())
	}
	if err := d.batch(2, map[int32][]string{1: {"a"}}); err != nil {
		t.Error(err)
	}
	if text := d.log.String(); !strings.Contains(text, "key=a") || !strings.Contains(text, "events:0") || !strings.Contains(text, "events:1") {
		t.Errorf("the log says %q", text)
	}
}

// A batch with records of a partition whose state is not there fails, rather than starting from nothing.
func TestNoStateNoBatch(t *testing.T) {
	d := newDivided(t, func(c *streaming.Context) { streaming.UpdateStateByKey(byKey(c), "totals", runningSum).Print() })
	d.shards[0] = nil
	if err := d.batch(1, map[int32][]string{0: {"a"}}); err == nil || !strings.Contains(err.Error(), "events:0") {
		t.Errorf("a batch without state: %v", err)
	}
}

// Windows over all elements are kept by partition, too, and give what one window over all of them would, whoever has the partitions.
func TestWindowsByPartition(t *testing.T) {
	d := newDivided(t, func(c *streaming.Context) {
		p := byKey(c)
		p.CountByWindow(2*time.Second, time.Second).Print()
		p.ReduceByKeyAndWindow(func(a, b int) int { return a + b }, 2*time.Second, time.Second).Print()
	})
	d.restore(0)
	d.restore(1)
	for second, records := range []map[int32][]string{{0: {"a", "a"}, 1: {"c"}}, {0: {"a"}, 1: {"c", "d"}}} {
		d.printed()
		if err := d.batch(second+1, records); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(d.printed()), "[(a,3) (c,2) (d,1) 6]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	d.instance()
	d.restore(0)
	d.restore(1)
	if err := d.batch(3, map[int32][]string{1: {"d"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(d.printed()), "[(a,1) (c,1) (d,2) 4]"; got != want {
		t.Errorf("after the restart: %s, want %s", got, want)
	}
}

// What cannot be kept by partition is refused when the job is written down, with what mixes the partitions.
func TestWhatCannotBeKeptByPartition(t *testing.T) {
	for name, c := range map[string]struct {
		job  func(*streaming.Context)
		want string
	}{
		"a count before a window": {func(c *streaming.Context) {
			streaming.Events(c).Count().Window(2*time.Second, time.Second).Print()
		}, " mixes partitions before it"},
		"two topics": {func(c *streaming.Context) {
			streaming.Events(c, "a", "b").Window(2*time.Second, time.Second).Print()
		}, "several topics"},
		"an initial state": {func(c *streaming.Context) {
			streaming.UpdateStateByKey(byKey(c), "totals", runningSum, streaming.InitialState(streaming.Pair[string, int]{Key: "a", Value: 1})).Print()
		}, "initial state"},
		"a queue": {func(c *streaming.Context) {
			streaming.QueueStream[int](c, true).Stream.Window(2*time.Second, time.Second).Print()
		}, "is no topic"},
	} {
		t.Run(name, func(t *testing.T) {
			s := streaming.NewContext(time.Second, streaming.WithTopics("events"), streaming.WithStateByPartition())
			c.job(s)
			if err := s.Start(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// Before any partition's state is there, what stands behind an operation with state gets the empty dataset, not none.
func TestABatchBeforeAnyStateIsThere(t *testing.T) {
	var sizes []int
	d := newDivided(t, func(c *streaming.Context) {
		count := func(_ time.Time, key string, _ streaming.Option[int], _ *streaming.KeyState[int]) streaming.Option[string] {
			return streaming.Some(key)
		}
		keys := streaming.MapWithState(byKey(c), "keys", streaming.StateSpec[string, int, int, string]{Function: count}).Stream
		streaming.Transform(keys, func(b *streaming.Batch[string]) (*streaming.Batch[string], error) {
			sizes = append(sizes, b.Len())
			return b, nil
		}).Print()
	})
	if err := d.batch(0, nil); err != nil {
		t.Fatal(err)
	}
	d.restore(0)
	if err := d.batch(1, map[int32][]string{0: {"a", "b"}}); err != nil || !slices.Equal(sizes, []int{0, 2}) {
		t.Errorf("%v, sizes %v", err, sizes)
	}
}
