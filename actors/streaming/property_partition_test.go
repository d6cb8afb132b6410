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

// wandering is a random run of a job whose state is kept by partition: in each batch the instance has some of the partitions, and now and
// then it is another instance, which gets what was saved of them. Batches may be further apart than the interval.
type wandering struct {
	partitions   int32
	width, slide int
	batches      []wanderingBatch
}

type wanderingBatch struct {
	second  int
	another bool // instance, from this batch on
	records map[int32][]string
}

var wanderings = wanderingOver(func(t *rapid.T, p int32, _ int) string {
	return fmt.Sprint(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key"), p)
})

// wanderingOver makes runs of what record draws for a partition and a second.
func wanderingOver(record func(t *rapid.T, p int32, second int) string) *rapid.Generator[wandering] {
	return rapid.Custom(func(t *rapid.T) wandering { return wander(t, record) })
}

func wander(t *rapid.T, record func(t *rapid.T, p int32, second int) string) wandering {
	w := wandering{
		partitions: rapid.Int32Range(1, 3).Draw(t, "partitions"),
		width:      rapid.IntRange(1, 5).Draw(t, "width"), slide: rapid.IntRange(1, 3).Draw(t, "slide"),
	}
	second := 0
	for range rapid.IntRange(1, 14).Draw(t, "batches") {
		if second++; rapid.IntRange(0, 4).Draw(t, "pause") == 0 {
			second += rapid.IntRange(1, 6).Draw(t, "for")
		}
		b := wanderingBatch{second: second, another: rapid.IntRange(0, 4).Draw(t, "another") == 0, records: map[int32][]string{}}
		for p := range w.partitions {
			if rapid.IntRange(0, 4).Draw(t, "away") > 0 {
				b.records[p] = []string{}
				for range rapid.IntRange(0, 4).Draw(t, "records") {
					b.records[p] = append(b.records[p], record(t, p, second))
				}
			}
		}
		w.batches = append(w.batches, b)
	}
	return w
}

// job counts each key in three ways.
func (w wandering) job(c *streaming.Context) {
	p, width, slide := byKey(c), time.Duration(w.width)*time.Second, time.Duration(w.slide)*time.Second
	named := func(name string, s keyedInts) {
		streaming.Map(s.Stream, func(p counts) string { return name + p.String() }).Print(1000)
	}
	named("state", streaming.UpdateStateByKey(p, "state", dropping))
	named("window", p.ReduceByKeyAndWindow(add, width, slide))
	named("inverse", p.ReduceByKeyAndWindowInverse(add, subtract, width, slide, func(_ string, n int) bool { return n > 0 }))
	streaming.Map(p.CountByWindow(width, slide), func(n int64) string { return fmt.Sprint("count ", n) }).Print()
}

func (w wandering) run(t *testing.T, job func(*streaming.Context)) (out []string) {
	d := newDivided(t, job)
	for _, b := range w.batches {
		if b.another {
			d.instance()
		}
		for p := range w.partitions {
			_, has := d.shards[p]
			if _, in := b.records[p]; in && !has {
				d.restore(p)
			} else if !in {
				delete(d.shards, p)
			}
		}
		if err := d.batch(b.second, b.records); err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Join(d.printed(), " "))
	}
	return out
}

// model counts anew for every window; the defect is that what has left during a pause is still there.
func (w wandering) model(defect bool) (out []string) {
	states := map[int32][]counts{}
	for i, b := range w.batches {
		var lines []string
		for p, records := range b.records {
			states[p] = updated(states[p], records, false)
			for _, c := range states[p] {
				lines = append(lines, "state"+c.String())
			}
		}
		if b.second%w.slide == 0 && len(b.records) > 0 {
			total := 0
			for _, c := range w.window(i, defect) {
				lines, total = append(lines, "window"+c.String(), "inverse"+c.String()), total+c.Value
			}
			lines = append(lines, fmt.Sprint("count ", total))
		}
		slices.Sort(lines)
		out = append(out, strings.Join(lines, " "))
	}
	return out
}

// window counts the keys of the partitions that batch i has.
func (w wandering) window(i int, defect bool) (all []counts) {
	for _, b := range w.batches[:i+1] {
		for p, records := range b.records {
			_, here := w.batches[i].records[p]
			if age := w.batches[i].second - b.second; here && (age < w.width || defect && age == w.width) {
				all = tally(all, records)
			}
		}
	}
	return all
}

func TestStateAndWindowsByPartitionAreTheirModels(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := wanderings.Draw(rt, "wandering")
		if got, want := w.run(t, w.job), w.model(false); !reflect.DeepEqual(got, want) {
			rt.Fatalf("got  %q\nwant %q", got, want)
		}
	})
	for seed := range 300 {
		if w := wanderings.Example(seed); !reflect.DeepEqual(w.run(t, w.job), w.model(true)) {
			return
		}
	}
	t.Error("the model with a defect was not found out")
}

// While no batch runs no partition is silent: behind a pause the watermark waits for those that have not come yet.
func TestAPauseOfTheStreamMakesNoPartitionIdle(t *testing.T) {
	d := newDivided(t, func(c *streaming.Context) {
		timed := streaming.WithEventTime(byKey(c).Stream, func(p counts) time.Time { return secondOf(p.Key) }, 0).IdleAfter(2 * time.Second)
		timed.Late().Print()
	}, streaming.WithSavedState())
	d.restore(0)
	d.restore(1)
	for _, b := range []struct {
		second  int
		records map[int32][]string
		late    string
	}{
		{1, map[int32][]string{0: {"10"}, 1: {"10"}}, "[]"},
		{100, map[int32][]string{0: {"90"}}, "[]"},
		{101, map[int32][]string{1: {"20"}}, "[]"}, // its turn, and it comes from where it was
		{102, map[int32][]string{0: {"91"}}, "[]"},
		{103, map[int32][]string{0: {"92"}}, "[]"},
		{104, map[int32][]string{0: {"93"}}, "[]"},
		{105, map[int32][]string{1: {"30"}}, "[(30,1)]"}, // it was silent while batches ran
	} {
		if err := d.batch(b.second, b.records); err != nil {
			t.Fatal(err)
		}
		want(t, fmt.Sprint(d.printed()), b.late)
	}
}
