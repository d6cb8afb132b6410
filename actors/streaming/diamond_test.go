package streaming_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// A stream that is joined with itself forty times over has 2^40 ways to its source: whoever went them all would never come to an end.
func TestWaysThatPartAndMeetAreNotAllGone(t *testing.T) {
	for name, options := range map[string][]streamingtest.Option{"together": nil, "by partition": {streamingtest.WithStateByPartition()}} {
		t.Run(name, func(t *testing.T) {
			k := streamingtest.New(t, time.Second, options...)
			topic := streamingtest.Topic(k, "events", 2)
			p := streaming.MapToPair(streaming.DirectStream(k.Context(), streaming.String, streaming.String, "events"),
				func(r record) (string, int) { return r.Key(), 0 })
			for range 40 {
				p = streaming.MapValues(streaming.Join(p, p), func(j streaming.Joined[int, int]) int { return max(j.Left, j.Right) + 1 })
			}
			streaming.UpdateStateByKey(p, "depth", func(depths []int, last streaming.Option[int]) streaming.Option[int] {
				return streaming.Some(append(depths, last.OrElse(0))[0])
			}).Print()
			topic.Feed("a", "")
			k.Tick()
			if k.Err() != nil || !strings.Contains(k.Stdout(), "(a,40)") {
				t.Error(k.Err(), k.Stdout())
			}
		})
	}
}
