package streaming_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// The suites run each operation on batches and compare every batch of the result: on one and on several partitions, and with a restart
// from the checkpoint behind every batch, which must make no difference. A nil batch is none at all.

func feed[T any](in *streamingtest.Source[T], batch []T) {
	if batch == nil {
		in.FeedNothing()
		return
	}
	in.Feed(batch...)
}

// results runs the job that op writes on the batches.
func results[T, U any](t *testing.T, partitions int, restarts bool, op func(streaming.Stream[T]) streaming.Stream[U], batches [][]T) *streamingtest.Output[U] {
	t.Helper()
	k := streamingtest.New(t, time.Second)
	in := streamingtest.Input[T](k, partitions)
	out := streamingtest.Collect(op(in.Stream))
	for _, batch := range batches {
		feed(in, batch)
		k.Tick()
		if k.Err() != nil {
			t.Fatal(k.Err())
		}
		if restarts {
			k.Restart(t)
		}
	}
	return out
}

func same[T any](t *testing.T, got, want [][]T) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got  %v\nwant %v", got, want)
		return
	}
	for i := range want {
		if len(got[i]) != len(want[i]) || len(want[i]) > 0 && !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("batch %d: got  %#v\nwant %#v", i+1, got[i], want[i])
		}
	}
}

// operates checks an operation whose result does not depend on how its input is cut into partitions.
func operates[T, U any](t *testing.T, name string, op func(streaming.Stream[T]) streaming.Stream[U], batches [][]T, want [][]U) {
	t.Helper()
	for partitions := 1; partitions <= 3; partitions++ {
		for _, restarts := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s on %d partitions, restarts %v", name, partitions, restarts), func(t *testing.T) {
				same(t, results(t, partitions, restarts, op, batches).Batches(), want)
			})
		}
	}
}

// operates2 is operates for an operation on two streams.
func operates2[T, U, W any](t *testing.T, name string, op func(streaming.Stream[T], streaming.Stream[U]) streaming.Stream[W], lefts [][]T, rights [][]U, want [][]W) {
	t.Helper()
	for partitions := 1; partitions <= 3; partitions++ {
		t.Run(fmt.Sprintf("%s on %d partitions", name, partitions), func(t *testing.T) {
			k := streamingtest.New(t, time.Second)
			left, right := streamingtest.Input[T](k, partitions), streamingtest.Input[U](k, 4-partitions)
			out := streamingtest.Collect(op(left.Stream, right.Stream))
			for i := range lefts {
				feed(left, lefts[i])
				feed(right, rights[i])
				k.Tick()
			}
			if k.Err() != nil {
				t.Fatal(k.Err())
			}
			same(t, out.Batches(), want)
		})
	}
}

func kv[K comparable, V any](k K, v V) streaming.Pair[K, V] {
	return streaming.Pair[K, V]{Key: k, Value: v}
}

func both[L, R any](l L, r R) streaming.Joined[L, R] {
	return streaming.Joined[L, R]{Left: l, Right: r}
}

func x(w string) (string, string) { return w, "x" }

// runs is first..last as a batch.
func runs(first, last int) []int {
	out := []int{}
	for i := first; i <= last; i++ {
		out = append(out, i)
	}
	return out
}

// abc are the keys a, b, c … with their values; one below zero is left out.
func abc(values ...int) (out []counts) {
	for i, v := range values {
		if v >= 0 {
			out = append(out, kv(string(rune('a'+i)), v))
		}
	}
	return out
}
