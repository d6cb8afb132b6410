package streaming_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// many is a batch that is large enough to be worked on by several goroutines. Of its keys some are new, and some come often.
func many(batch int) (keys []string) {
	for i := range 5_000 {
		keys = append(keys, fmt.Sprint("key-", (i*i+batch*17)%(1+i%3_001)))
	}
	return keys
}

// thrice counts, gives nothing for a second value, and forgets the key at its third.
func thrice(_ time.Time, key string, one streaming.Option[int], state *streaming.KeyState[int]) streaming.Option[counts] {
	n := state.Option().OrElse(0) + one.OrElse(0)
	if state.Update(n); n == 3 {
		state.Remove()
	}
	if n == 2 {
		return streaming.None[counts]()
	}
	return streaming.Some(counts{Key: key, Value: n})
}

// inTurns is what thrice and MapWithState make of a batch when the records come one after the other: the model of the test below. The
// states are in the order in which the keys came; a key that has gone and comes again in a later batch comes last.
func inTurns(state []counts, batch []string) (mapped, next []counts) {
	place := map[string]int{}
	for i, c := range state {
		place[c.Key] = i
	}
	for _, key := range batch {
		if _, known := place[key]; !known {
			place[key] = len(state)
			state = append(state, counts{Key: key})
		}
		c := &state[place[key]]
		if c.Value++; c.Value != 2 {
			mapped = append(mapped, *c)
		}
		c.Value %= 3
	}
	for _, c := range state {
		if c.Value > 0 {
			next = append(next, c)
		}
	}
	return mapped, next
}

// Large batches are worked on shard by shard, several at the same time. What comes out is as if the records had come one after the
// other, also after restarts.
func TestShardsOfKeysAreAtOneInTheOrderOfTheRecords(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[string](k, 1)
	stream := streaming.MapWithState(streaming.MapToPair(in.Stream, one), "thrice", streaming.StateSpec[string, int, int, counts]{Function: thrice})
	sums := streamingtest.Collect(streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, one), "sums", dropping).Stream)
	mapped, snapshots := streamingtest.Collect(stream.Stream), streamingtest.Collect(stream.StateSnapshots().Stream)
	var state, summed []counts
	for batch := range 6 {
		keys := many(batch)
		in.Feed(keys...)
		k.Tick()
		if k.Err() != nil {
			t.Fatal(k.Err())
		}
		var want []counts
		want, state = inTurns(state, keys)
		summed = updated(summed, keys, false)
		inOrder(t, fmt.Sprint("mapped ", batch), mapped.Batches()[batch], want)
		inOrder(t, fmt.Sprint("states ", batch), snapshots.Batches()[batch], state)
		inOrder(t, fmt.Sprint("sums ", batch), sums.Batches()[batch], summed)
		if batch%2 == 1 {
			k.Restart(t)
		}
	}
}

func inOrder(t *testing.T, what string, got, want []counts) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d of %d", what, len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%s: %v at %d, where %v belongs", what, got[i], i, want[i])
		}
	}
}
