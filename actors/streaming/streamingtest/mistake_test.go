package streamingtest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// failing is a test that keeps what it failed with.
type failing struct {
	testing.TB
	said   []string
	failed bool
}

func (f *failing) Helper()      {}
func (f *failing) Failed() bool { return f.failed }
func (f *failing) FailNow()     { f.failed = true; runtime.Goexit() }
func (f *failing) Error(args ...any) {
	f.failed = true
	f.said = append(f.said, fmt.Sprint(args...))
}
func (f *failing) Fatal(args ...any)                 { f.Error(args...); runtime.Goexit() }
func (f *failing) Fatalf(format string, args ...any) { f.Fatal(fmt.Sprintf(format, args...)) }

// fails runs a test, to its end or as far as it comes, and gives what it failed with.
func fails(t *testing.T, test func(*failing)) string {
	f := &failing{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		test(f)
	}()
	<-ended
	return strings.Join(f.said, "\n")
}

func TestWhatAKitCannotDoEndsTheTestWithASentence(t *testing.T) {
	kit := func(f *failing) *streamingtest.Kit { return streamingtest.New(f, time.Second) }
	for _, c := range []struct {
		test func(*failing)
		want string
	}{
		{func(f *failing) { streamingtest.New(f, time.Second, nil) }, "streamingtest.New: option 1 is nil"},
		{func(f *failing) { streamingtest.Input[int](kit(f), -1) }, "streamingtest.Input: the number of partitions must be between 1 and 65536, not -1"},
		{func(f *failing) { streamingtest.Topic(kit(f), "x", 1<<40) }, "streamingtest.Topic: the number of partitions must be between 1 and 65536, not 1099511627776"},
		{func(f *failing) {
			k := kit(f)
			streamingtest.Topic(k, "x", 1)
			streamingtest.Topic(k, "x", 1)
		}, `streamingtest.Topic: there is a topic "x" already`},
		{func(f *failing) { streamingtest.Topic(kit(f), "x", 2).FeedTo(2, "", "") }, `FeedTo: the topic "x" has the partitions 0 to 1, and not 2`},
		{func(f *failing) { streamingtest.Topic(kit(f), "x", 2).FeedTo(-1, "", "") }, `FeedTo: the topic "x" has the partitions 0 to 1, and not -1`},
		{func(f *failing) {
			k := kit(f)
			streaming.Map(streamingtest.Input[int](k, 1).Stream, func(v int) int { return v }).Filter(func(int) bool { return true }).Print()
			k.Context().Listen(func(any) { k.Tick() })
			k.Tick()
		}, "streamingtest: Tick is called while a batch runs, by a function of the job or by another goroutine; it belongs to the goroutine of the test"},
	} {
		if said := fails(t, c.test); !strings.HasPrefix(said, c.want) {
			t.Errorf("got %q, want %q", said, c.want)
		}
	}
}

// Scenario: a function of the job calls Fatal of its test. The batch fails, and the test ends where it ticks.
func TestATestThatFailsInsideAFunctionOfTheJobEnds(t *testing.T) {
	said := fails(t, func(f *failing) {
		k := streamingtest.New(f, time.Second)
		in := streamingtest.Input[int](k, 2)
		streaming.Map(in.Stream, func(v int) int { f.FailNow(); return v }).Print()
		in.Feed(1)
		k.Tick()
		t.Error("the test goes on")
	})
	if !strings.Contains(said, "map at mistake_test.go:") || !strings.Contains(said, "has ended its goroutine") {
		t.Errorf("got %q", said)
	}
}
