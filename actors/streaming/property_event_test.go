package streaming_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// happenings is a random run in event time: clicks that go forward by and large, with some that come late.
type happenings struct {
	batches     [][]click
	lateness    int64
	width, hops int64
	restarts    map[int]bool
}

var happened = rapid.Custom(func(t *rapid.T) happenings {
	h := happenings{
		lateness: rapid.Int64Range(0, 6).Draw(t, "lateness"), width: rapid.Int64Range(1, 6).Draw(t, "width"),
		hops: rapid.Int64Range(1, 3).Draw(t, "hops"), restarts: map[int]bool{},
	}
	for i := range rapid.IntRange(1, 10).Draw(t, "batches") {
		var batch []click
		for range rapid.IntRange(0, 5).Draw(t, "clicks") {
			at := int64(i*5) + rapid.Int64Range(-12, 8).Draw(t, "at")
			batch = append(batch, click{at, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "page")})
		}
		h.batches = append(h.batches, batch)
		h.restarts[i] = rapid.IntRange(0, 4).Draw(t, "restart") == 0
	}
	return h
})

func (h happenings) play(t *testing.T, build func(streaming.EventTimed[click]) streaming.Stream[streaming.Windowed[string, int64]]) []string {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[click](k, 1)
	out := streamingtest.Collect(build(streaming.WithEventTime(in.Stream, at, time.Duration(h.lateness)*time.Second)))
	for i, batch := range h.batches {
		in.Feed(batch...)
		k.Tick()
		if h.restarts[i] {
			k.Restart(t)
		}
	}
	if k.Err() != nil {
		t.Fatal(k.Err())
	}
	var got []string
	for _, b := range out.Batches() {
		var lines []string
		for _, w := range b {
			lines = append(lines, fmt.Sprint(w.Key, w.Start.Unix(), w.End.Unix(), w.Result))
		}
		slices.Sort(lines) // the order among windows that end together is that of their keys' coming: not the model's concern
		got = append(got, fmt.Sprint(lines))
	}
	return got
}

// model calls take for each click that is on time and close with the watermark after each batch.
func (h happenings) model(take func(click), passed func(mark int64) []string) []string {
	var out []string
	mark, latest := int64(-1<<40), int64(-1<<40)
	for _, batch := range h.batches {
		for _, c := range batch {
			if c.At >= mark {
				take(c)
				latest = max(latest, c.At)
			}
		}
		mark = max(mark, latest-h.lateness)
		lines := passed(mark)
		slices.Sort(lines)
		out = append(out, fmt.Sprint(lines))
	}
	return out
}

func agree(t *testing.T, run func(happenings) []string, model func(h happenings, defect bool) []string) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		h := happened.Draw(rt, "happenings")
		if got, want := run(h), model(h, false); !reflect.DeepEqual(got, want) {
			rt.Fatalf("got  %q\nwant %q", got, want)
		}
	})
	for seed := range 300 {
		if h := happened.Example(seed); !reflect.DeepEqual(run(h), model(h, true)) {
			return
		}
	}
	t.Error("the model with a defect was not found out")
}

func TestSlidingCountIsItsModel(t *testing.T) {
	agree(t, func(h happenings) []string {
		return h.play(t, func(e streaming.EventTimed[click]) streaming.Stream[streaming.Windowed[string, int64]] {
			return streaming.SlidingCount(e, "w", page, time.Duration(h.width*h.hops)*time.Second, time.Duration(h.width)*time.Second)
		})
	}, func(h happenings, defect bool) []string {
		open := map[string]map[int64]int64{"a": {}, "b": {}}
		return h.model(func(c click) {
			for start := int64(-100) * h.width; start <= c.At; start += h.width {
				if c.At < start+h.width*h.hops {
					open[c.Page][start]++
				}
			}
		}, func(mark int64) (lines []string) {
			if defect {
				mark-- // a window is closed a moment too late
			}
			for key, windows := range open {
				for start, n := range windows {
					if end := start + h.width*h.hops; end <= mark {
						lines = append(lines, fmt.Sprint(key, start, end, n))
						delete(windows, start)
					}
				}
			}
			return lines
		})
	})
}

func TestSessionCountIsItsModel(t *testing.T) {
	agree(t, func(h happenings) []string {
		return h.play(t, func(e streaming.EventTimed[click]) streaming.Stream[streaming.Windowed[string, int64]] {
			return streaming.SessionCount(e, "w", page, time.Duration(h.width)*time.Second)
		})
	}, func(h happenings, defect bool) []string {
		clicks := map[string][]int64{}
		return h.model(func(c click) { clicks[c.Page] = append(clicks[c.Page], c.At) }, func(mark int64) (lines []string) {
			for key, times := range clicks {
				slices.Sort(times)
				var rest []int64
				for i := 0; i < len(times); {
					j := i + 1
					for j < len(times) && (times[j]-times[j-1] < h.width || defect && times[j]-times[j-1] == h.width) {
						j++
					}
					if end := times[j-1] + h.width; end <= mark {
						lines = append(lines, fmt.Sprint(key, times[i], end, j-i))
					} else {
						rest = append(rest, times[i:j]...)
					}
					i = j
				}
				clicks[key] = rest
			}
			return lines
		})
	})
}
