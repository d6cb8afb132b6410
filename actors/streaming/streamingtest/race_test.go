//go:build race

package streamingtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/messages"
)

// sharing are jobs on two partitions, some of whose functions change what all calls of them share. seen is that.
var sharing = map[string]struct {
	opts  []streamingtest.Option
	fed   bool // the kit's own input, and not a topic
	raced bool
	job   func(words streaming.Stream[string], seen func(string) bool)
}{
	"map":             {nil, false, true, func(words streaming.Stream[string], seen func(string) bool) { streaming.Map(words, seen).Print() }},
	"map of an input": {nil, true, true, func(words streaming.Stream[string], seen func(string) bool) { streaming.Map(words, seen).Print() }},
	"filter":          {nil, false, true, func(words streaming.Stream[string], seen func(string) bool) { words.Filter(seen).Count().Print() }},
	"mapPartitions": {nil, false, true, func(words streaming.Stream[string], seen func(string) bool) {
		streaming.MapPartitions(words, eachOf(seen)).Print()
	}},
	"reduce": {nil, false, true, func(words streaming.Stream[string], seen func(string) bool) { words.Reduce(firstOf(seen)).Print() }},
	"behind a shuffle": {nil, false, true, func(words streaming.Stream[string], seen func(string) bool) {
		streaming.Map(words.Repartition(2), seen).Print()
	}},
	"state by partition": {[]streamingtest.Option{streamingtest.WithStateByPartition()}, false, true, func(words streaming.Stream[string], seen func(string) bool) {
		pairs := streaming.MapToPair(words, func(w string) (string, bool) { return w, true })
		streaming.UpdateStateByKeyAt(pairs, "s", func(_ time.Time, w string, _ []bool, _ streaming.Option[bool]) streaming.Option[bool] {
			return streaming.Some(seen(w))
		}).Print()
	}},
	"an output, which runs alone": {nil, false, false, func(words streaming.Stream[string], seen func(string) bool) {
		streaming.TransformWith(words, words.Count(), func(w *streaming.Batch[string], _ *streaming.Batch[int64]) (*streaming.Batch[bool], error) {
			return streaming.NewBatch(eachOf(seen)(w.Elements())), nil
		}).Print()
	}},
	"nothing shared": {nil, false, false, func(words streaming.Stream[string], _ func(string) bool) {
		streaming.Map(words, strings.ToUpper).Print()
	}},
}

func eachOf(seen func(string) bool) func([]string) []bool {
	return func(words []string) (out []bool) {
		for _, w := range words {
			out = append(out, seen(w))
		}
		return out
	}
}

func firstOf(seen func(string) bool) func(a, b string) string {
	return func(a, _ string) string {
		seen(a)
		return a
	}
}

const sharesJob = "HIBANA_TEST_SHARES"

// In a test with the kit, -race shows functions that share what they change between partitions, and where: each job runs in a process of
// its own, which has to fail, or not.
func TestTheRaceDetectorShowsWhatFunctionsShare(t *testing.T) {
	if name := os.Getenv(sharesJob); name != "" {
		runSharing(t, name)
		return
	}
	for name, c := range sharing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			child := exec.Command(os.Args[0], "-test.run=^TestTheRaceDetectorShowsWhatFunctionsShare$", "-test.timeout=1m") //nolint:gosec // this very program
			child.Env = append(os.Environ(), sharesJob+"="+name)
			out, err := child.CombinedOutput()
			shown := strings.Contains(string(out), "WARNING: DATA RACE") && strings.Contains(string(out), "race_test.go:")
			if shown != c.raced || (err != nil) != c.raced {
				t.Errorf("raced %v, want %v: %v\n%s", shown, c.raced, err, out)
			}
		})
	}
}

func runSharing(t *testing.T, name string) {
	c := sharing[name]
	k := streamingtest.New(t, time.Second, c.opts...)
	topic, in := streamingtest.Topic(k, "events", 2), streamingtest.Input[string](k, 2)
	words := streaming.Map(streaming.DirectStream(k.Context(), streaming.String, streaming.String), messages.Record[string, string].Value)
	if c.fed {
		words = in.Stream
	}
	last := ""
	c.job(words, func(w string) bool {
		same := last == w
		last = w
		return same
	})
	for range 3 {
		topic.FeedTo(0, "", "a")
		topic.FeedTo(0, "", "b")
		topic.FeedTo(1, "", "c")
		topic.FeedTo(1, "", "d")
		in.Feed("a", "b", "c", "d")
		k.Tick()
	}
	if k.Err() != nil {
		t.Error(k.Err())
	}
}
