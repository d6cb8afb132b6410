package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

// happenings is a random run in event time, of a topic of one to three partitions: clicks that go forward by and large, some of which
// come late; partitions that fall silent, or begin late; restarts behind batches, and batches that fail once and run again.
type happenings struct {
	batches                      [][][]click // by partition
	partitions                   int
	lateness, width, hops, idles int64 // in seconds; batches are a second apart
	restarts, failures           map[int]bool
}

var happened = rapid.Custom(func(t *rapid.T) happenings {
	h := happenings{
		partitions: rapid.IntRange(1, 3).Draw(t, "partitions"), lateness: rapid.Int64Range(0, 6).Draw(t, "lateness"),
		width: rapid.Int64Range(1, 6).Draw(t, "width"), hops: rapid.Int64Range(1, 3).Draw(t, "hops"),
		idles: rapid.Int64Range(1, 3).Draw(t, "idles"), restarts: map[int]bool{}, failures: map[int]bool{},
	}
	silent := make([]int, h.partitions)
	for i := range rapid.IntRange(1, 12).Draw(t, "batches") {
		batch := make([][]click, h.partitions)
		for p := range batch {
			if rapid.IntRange(0, 5).Draw(t, "silence") == 0 {
				silent[p] = rapid.IntRange(1, 6).Draw(t, "for")
			}
			if silent[p]--; silent[p] >= 0 {
				continue
			}
			for range rapid.IntRange(0, 4).Draw(t, "clicks") {
				at := int64(i*5) + rapid.Int64Range(-12, 8).Draw(t, "at")
				batch[p] = append(batch[p], click{at, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "page")})
			}
		}
		h.batches = append(h.batches, batch)
		h.restarts[i] = rapid.IntRange(0, 4).Draw(t, "restart") == 0
		h.failures[i] = rapid.IntRange(0, 6).Draw(t, "failure") == 0
	}
	return h
})

func readClick(wire string) (c click, err error) {
	_, err = fmt.Sscan(wire, &c.At, &c.Page)
	return c, err
}

// played runs the job that build writes, and gives what show makes of each batch.
func played[T any](t *testing.T, h happenings, build func(happenings, streaming.EventTimed[click]) streaming.Stream[T], show func([]T) string) []string {
	k := streamingtest.New(t, time.Second)
	defer func() { _ = k.Context().Stop(false) }() // with thousands of checks, its files would be too many
	topic := streamingtest.Topic(k, "events", h.partitions)
	clicks := streaming.Map(streaming.DirectStream(k.Context(), streaming.String, readClick), messages.Record[string, click].Value)
	timed := streaming.WithEventTime(clicks, at, time.Duration(h.lateness)*time.Second).IdleAfter(time.Duration(h.idles) * time.Second)
	out := streamingtest.Collect(build(h, timed))
	failing := false
	clicks.ForeachBatch(func(context.Context, streaming.Batch[click]) error {
		if failing {
			return errors.New("asked for")
		}
		return nil
	})
	for i, batch := range h.batches {
		for p, clicks := range batch {
			for _, c := range clicks {
				topic.FeedTo(p, "", fmt.Sprint(c.At, " ", c.Page))
			}
		}
		failing = h.failures[i]
		k.Tick()
		if failing {
			failing = false
			k.Restart(t)
			k.Tick()
		}
		if h.restarts[i] {
			k.Restart(t)
		}
	}
	if k.Err() != nil {
		t.Fatal(k.Err())
	}
	var got []string
	for _, b := range out.Batches() {
		got = append(got, show(b))
	}
	return got
}

// What a model of event time may get wrong.
const (
	right      = ""
	fastest    = "the watermark is that of the partition that is ahead"
	patient    = "a silent partition is waited for for ever"
	hasty      = "a partition without an element is not waited for"
	backwards  = "the watermark goes back"
	tooLate    = "a window is closed a moment too late"
	touching   = "elements just a gap apart are in one session"
	laterFirst = "of sessions that become one the later comes first"
)

// model is the watermark in the plainest way: take gets each click in its turn, with the number of its
// batch and partition, and close, behind each batch, makes the batch's text.
func (h happenings) model(defect string, take func(c click, piece int, late bool), close func(mark int64) string) (out []string) {
	const never = math.MinInt64
	latest, seen := map[int]int64{}, map[int]int64{}
	for p := range h.partitions {
		latest[p], seen[p] = never, 1
	}
	mark := int64(never)
	for i, batch := range h.batches {
		now := int64(i + 1)
		for p, clicks := range batch {
			for _, c := range clicks {
				if take(c, i*h.partitions+p, c.At < mark); c.At >= mark {
					latest[p], seen[p] = max(latest[p], c.At), now
				}
			}
		}
		if next := h.watermark(defect, now, latest, seen); next > mark || next != never && defect == backwards {
			mark = next
		}
		out = append(out, close(mark))
	}
	return out
}

// watermark is the least of the partitions that are not idle; below all times when there is none.
func (h happenings) watermark(defect string, now int64, latest, seen map[int]int64) int64 {
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	for p := range h.partitions {
		if defect == hasty && latest[p] == math.MinInt64 {
			continue
		}
		if seen[p] >= now-h.idles || defect == patient {
			least, most = min(least, latest[p]), max(most, latest[p])
		}
	}
	if defect == fastest {
		least = most
	}
	if least == math.MinInt64 || least == math.MaxInt64 {
		return math.MinInt64
	}
	return least - h.lateness
}

// agree checks that a job does what its model says, and that the model with each of the defects is found out.
func agree(t *testing.T, run func(happenings) []string, model func(h happenings, defect string) []string, defects ...string) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		h := happened.Draw(rt, "happenings")
		if got, want := run(h), model(h, right); !reflect.DeepEqual(got, want) {
			rt.Fatalf("got  %q\nwant %q", got, want)
		}
	})
	for _, defect := range defects {
		found := false
		for seed := 0; seed < 3000 && !found; seed++ {
			h := happened.Example(seed)
			if wrong := model(h, defect); !reflect.DeepEqual(model(h, right), wrong) { // cheap: run only what can tell
				found = !reflect.DeepEqual(run(h), wrong)
			}
		}
		if !found {
			t.Errorf("the model in which %s was not found out", defect)
		}
	}
}
