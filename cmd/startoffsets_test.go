package cmd_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// fromOffsets is a job that begins at the given offsets of partitions and keeps what it is given; its state is the number of events so far.
func (g *ground) fromOffsets(offsets map[int32]int64, seen *[]string, total *int) cmd.Job {
	return func(s *streaming.Context) error {
		starts := map[messages.TopicPartition]int64{}
		for p, at := range offsets {
			starts[messages.TopicPartition{Topic: g.topic, Partition: p}] = at
		}
		s.FromOffsets(starts)
		contents := streaming.Map(streaming.Events(s), messages.RichEvent.Content)
		contents.ForeachBatch(func(_ context.Context, b streaming.Batch[string]) error {
			*seen = append(*seen, b.Elements()...)
			return nil
		})
		if total == nil {
			return nil
		}
		streaming.UpdateStateByKey(streaming.MapToPair(contents, func(string) (string, int) { return "all", 1 }), "total",
			func(ones []int, n streaming.Option[int]) streaming.Option[int] {
				return streaming.Some(n.OrElse(0) + len(ones))
			},
		).ForeachBatch(func(_ context.Context, b streaming.Batch[streaming.Pair[string, int]]) error {
			for _, all := range b.Elements() { // none before the first event
				*total = all.Value
			}
			return nil
		})
		return nil
	}
}

// letters writes one event for each letter.
func (g *ground) letters(partition int32, text string) {
	for _, letter := range strings.Split(text, "") {
		g.write(event(partition, letter))
	}
}

// Where a start begins: checkpoint before explicit before committed before auto.offset.reset, one step after the other.
func TestE2EKafkaStartOffsetsAndTheirPrecedence(t *testing.T) {
	g := newGround(t, 2, nil)
	g.letters(0, "abcde")
	g.letters(1, "ABC")
	folder := filepath.Join(t.TempDir(), "checkpoint")
	run := func(total *int, offsets map[int32]int64, more ...string) (string, string, int) {
		var seen []string
		_, log, code := hibana(t, g.fromOffsets(offsets, &seen, total), g.args(more...)...)
		slices.Sort(seen)
		return strings.Join(seen, ""), log, code
	}
	step := func(name, want string, total *int, offsets map[int32]int64, more ...string) {
		t.Helper()
		if got, log, code := run(total, offsets, more...); got != want || code != 0 {
			t.Fatalf("%s: read %q, want %q (exit %d)\n%s", name, got, want, code, log)
		}
	}
	from := map[int32]int64{0: 3}
	step("explicit comes before auto.offset.reset, which is for the other partition", "ABCde", nil, from)
	step("committed", "", nil, nil)
	g.letters(1, "D")
	step("explicit comes before committed", "Dde", nil, from)

	var total int
	kept := []string{"-X", "checkpoint=" + folder}
	g.letters(0, "f")
	step("the checkpoint knows nothing yet", "def", &total, from, kept...)
	g.letters(0, "g")
	step("the checkpoint comes before explicit", "g", &total, from, kept...)
	if total != 4 {
		t.Errorf("the state counted %d, want 4: d, e, f and g", total)
	}

	var offsets kadm.Offsets
	offsets.AddOffset(g.topic, 0, 2, -1)
	if err := g.admin.CommitAllOffsets(t.Context(), g.topic, offsets); err != nil {
		t.Fatal(err)
	}
	_, log, code := run(&total, from, kept...)
	if code != 1 || !strings.Contains(log, "stands at 7 in "+g.topic+":0, the group has committed 2") {
		t.Errorf("a checkpoint that does not match: exit %d\n%s", code, log)
	}
}

// With state by partition what is saved, in the changelog, comes before explicit offsets as well: it belongs to what is committed.
func TestE2EKafkaStartOffsetsUnderAChangelog(t *testing.T) {
	g := newGround(t, 2, nil)
	g.letters(0, "abcde")
	g.letters(1, "ABC")
	var seen []string
	totals := map[string]int{}
	job := func(from map[int32]int64, state bool) cmd.Job {
		return func(s *streaming.Context) error {
			starts := map[messages.TopicPartition]int64{}
			for p, at := range from {
				starts[messages.TopicPartition{Topic: g.topic, Partition: p}] = at
			}
			s.FromOffsets(starts)
			records := streaming.DirectStream(s, streaming.Bytes, streaming.RichEvent)
			records.ForeachBatch(func(_ context.Context, b streaming.Batch[messages.Record[[]byte, messages.RichEvent]]) error {
				for _, r := range b.Elements() {
					seen = append(seen, r.Value().Content())
				}
				return nil
			})
			if !state {
				return nil
			}
			pairs := streaming.MapToPair(records, func(r messages.Record[[]byte, messages.RichEvent]) (string, int) { return fmt.Sprint(r.Partition()), 1 })
			streaming.UpdateStateByKey(pairs, "totals", func(ones []int, n streaming.Option[int]) streaming.Option[int] {
				return streaming.Some(n.OrElse(0) + len(ones))
			}).ForeachBatch(func(_ context.Context, b streaming.Batch[streaming.Pair[string, int]]) error {
				for _, p := range b.Elements() {
					totals[p.Key] = p.Value
				}
				return nil
			})
			return nil
		}
	}
	step := func(name, want, counts string, from map[int32]int64, state bool) {
		t.Helper()
		seen = nil
		clear(totals)
		_, log, code := hibana(t, job(from, state), g.args("-X", "exchange=partition")...)
		slices.Sort(seen)
		if got := strings.Join(seen, ""); got != want || code != 0 || state && fmt.Sprint(totals) != counts {
			t.Fatalf("%s: read %q and counted %v, want %q and %s (exit %d)\n%s", name, got, totals, want, counts, code, log)
		}
	}
	from := map[int32]int64{0: 3}
	step("without state", "ABCabcde", "", nil, false)
	step("the changelog knows nothing yet: explicit comes before committed", "de", "map[0:2]", from, true)
	g.letters(0, "f")
	g.letters(1, "D")
	step("the changelog comes before explicit", "Df", "map[0:3 1:1]", from, true)
	g.letters(0, "g") // a drain of nothing may be over before the state is restored
	g.letters(1, "E")
	step("and without explicit ones it goes on", "Eg", "map[0:4 1:2]", nil, true)
}

// An offset for a partition that is not there is a mistake in the job, and names it.
func TestE2EKafkaAStartOffsetOfAPartitionThatDoesNotExist(t *testing.T) {
	g := newGround(t, 2, nil)
	var seen []string
	_, log, code := hibana(t, g.fromOffsets(map[int32]int64{7: 1}, &seen, nil), g.args()...)
	if code != 1 || !strings.Contains(log, "fromOffsets at startoffsets_test.go:") ||
		!strings.Contains(log, "there is a start offset for "+g.topic+":7, but the topic \""+g.topic+"\" has the partitions 0 to 1") {
		t.Errorf("exit %d\n%s", code, log)
	}
	g.letters(0, "a")
	_, log, code = hibana(t, g.fromOffsets(map[int32]int64{0: 99}, &seen, nil), g.args()...)
	if code != 1 || !strings.Contains(log, "given start offset 99 of "+g.topic+":0 is behind the log's end 1") {
		t.Errorf("exit %d\n%s", code, log)
	}
}
