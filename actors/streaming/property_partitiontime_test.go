package streaming_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// drifting is a random run in event time of a job whose state is kept by partition: each partition has a watermark of its own, which goes
// with it from one instance to another, and stands still while it is away.
type drifting struct {
	wandering
	lateness, gap int64
}

var driftings = rapid.Custom(func(t *rapid.T) drifting {
	return drifting{wander(t, func(t *rapid.T, p int32, second int) string {
		return fmt.Sprintf("%d %s%d", 5*second+rapid.IntRange(-12, 8).Draw(t, "at"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "page"), p)
	}), rapid.Int64Range(0, 6).Draw(t, "lateness"), rapid.Int64Range(1, 6).Draw(t, "gap")}
})

func (d drifting) job(c *streaming.Context) {
	clicks := streaming.Map(byKey(c).Stream, func(p counts) click { return clickOf(p.Key) })
	timed := streaming.WithEventTime(clicks, at, seconds(d.lateness)).IdleAfter(time.Second)
	streaming.Map(timed.Late(), func(c click) string { return fmt.Sprint("late ", c) }).Print(1000)
	printWindows("tumbling", streaming.Tumbling(timed, "tumbling", page, seconds(int64(d.width)), trail))
	printWindows("sliding", streaming.Sliding(timed, "sliding", page, seconds(int64(d.width+d.slide)), seconds(int64(d.slide)), trail))
	printWindows("session", streaming.SessionCount(timed, "session", page, seconds(d.gap)))
}

func clickOf(record string) click {
	c, _ := readClick(record)
	return c
}

// printWindows prints each window as the models write it.
func printWindows[R any](name string, windows streaming.Stream[ended[R]]) {
	streaming.Map(windows, func(w ended[R]) string { return name + line(w.Key, w.Start.Unix(), w.End.Unix(), w.Result) }).Print(1000)
}

// shared is a defect: the partitions have one watermark.
const shared = "all partitions have one watermark"

// model is that of each partition on its own, in the batches that this instance has it in.
func (d drifting) model(defect string) []string {
	lines := make([][]string, len(d.batches))
	if defect == shared {
		d.add(lines, d.partitions, patient, func(b wanderingBatch) ([][]string, bool) {
			all := make([][]string, d.partitions)
			for p, records := range b.records {
				all[p] = records
			}
			return all, true
		})
	}
	for p := int32(0); p < d.partitions && defect != shared; p++ {
		d.add(lines, 1, defect, func(b wanderingBatch) ([][]string, bool) {
			records, here := b.records[p]
			return [][]string{records}, here
		})
	}
	var out []string
	for _, batch := range lines {
		slices.Sort(batch)
		out = append(out, strings.Join(batch, " "))
	}
	return out
}

// add writes down what some partitions, as a stream of their own, give in each batch that they are in.
func (d drifting) add(lines [][]string, partitions int32, defect string, of func(wanderingBatch) ([][]string, bool)) {
	h := happenings{partitions: int(partitions), lateness: d.lateness, width: d.gap, idles: 1}
	var batches []int
	for i, b := range d.batches {
		records, here := of(b)
		if !here {
			continue
		}
		clicks := make([][]click, partitions)
		for p, all := range records {
			for _, r := range all {
				clicks[p] = append(clicks[p], clickOf(r))
			}
		}
		batches, h.batches = append(batches, i), append(h.batches, clicks)
	}
	width, slide := int64(d.width), int64(d.slide)
	for name, texts := range map[string][]string{
		"late ": lateOf(h, defect), "session": sessionCounts(h, defect),
		"tumbling": slides(h, defect, width, width, trailOf), "sliding": slides(h, defect, width+slide, slide, trailOf),
	} {
		for i, text := range texts {
			for _, one := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' }) {
				lines[batches[i]] = append(lines[batches[i]], name+one)
			}
		}
	}
}

// lateOf is the model of what comes too late.
func lateOf(h happenings, defect string) []string {
	var lines []string
	return h.model(defect, func(c click, _ int, late bool) {
		if late {
			lines = append(lines, fmt.Sprint(c))
		}
	}, func(int64) string {
		text := sortedText(lines)
		lines = nil
		return text
	})
}

func TestEventTimeByPartitionIsItsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := driftings.Draw(rt, "drifting")
		if got, want := d.run(t, d.job), d.model(right); !reflect.DeepEqual(got, want) {
			rt.Fatalf("got  %q\nwant %q", got, want)
		}
	})
	for _, defect := range []string{shared, tooLate, touching} {
		found := false
		for seed := 0; seed < 1000 && !found; seed++ {
			d := driftings.Example(seed)
			found = !reflect.DeepEqual(d.run(t, d.job), d.model(defect))
		}
		if !found {
			t.Errorf("the model in which %s was not found out", defect)
		}
	}
}
