package streaming_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// click happened at a second, on a page.
type click struct {
	At   int64
	Page string
}

func at(c click) time.Time { return time.Unix(c.At, 0) }
func page(c click) string  { return c.Page }
func texts[T any](b [][]T) (out []string) {
	for _, batch := range b {
		out = append(out, fmt.Sprint(batch))
	}
	return out
}

func TestWindowsInEventTime(t *testing.T) {
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[click](k, 1)
	timed := streaming.WithEventTime(in.Stream, at, 5*time.Second)
	tumbling := streamingtest.Collect(streaming.TumblingCount(timed, "tumbling", page, 10*time.Second))
	sliding := streamingtest.Collect(streaming.SlidingCount(timed, "sliding", page, 10*time.Second, 5*time.Second))
	session := streamingtest.Collect(streaming.SessionCount(timed, "session", page, 10*time.Second))
	late := streamingtest.Collect(timed.Late())
	in.Feed(click{101, "a"}, click{104, "b"}, click{109, "a"})
	in.Feed(click{115, "a"}, click{103, "a"}) // the watermark was 109 − 5
	in.Feed(click{130, "b"}, click{105, "a"})
	in.Feed()
	in.Feed(click{150, "a"})
	for range 5 {
		k.Tick()
		k.Restart(t)
	}
	want(t, k.Err(), error(nil))
	span := func(key string, from, until, n int) string {
		const z = "1970-01-01T00:"
		return fmt.Sprintf("(%s,[%s%02d:%02dZ,%s%02d:%02dZ),%d)", key, z, from/60, from%60, z, until/60, until%60, n)
	}
	want(t, texts(tumbling.Batches()), []string{
		"[]", "[" + span("a", 100, 110, 2) + " " + span("b", 100, 110, 1) + "]", "[" + span("a", 110, 120, 1) + "]", "[]",
		"[" + span("b", 130, 140, 1) + "]",
	})
	want(t, texts(sliding.Batches())[4], "["+span("b", 125, 135, 1)+" "+span("b", 130, 140, 1)+"]")
	want(t, texts(session.Batches()), []string{
		"[]", "[]", "[" + span("b", 104, 114, 1) + " " + span("a", 101, 125, 3) + "]", "[]", "[" + span("b", 130, 140, 1) + "]",
	})
	want(t, texts(late.Batches()), []string{"[]", "[{103 a}]", "[{105 a}]", "[]", "[]"})
}
