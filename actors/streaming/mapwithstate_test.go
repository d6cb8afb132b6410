package streaming_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

type keyInt = streaming.KeyState[int]

// mapped is a stream of what a function makes of each word and the state of its key.
func mapped(spec streaming.StateSpec[string, int, int, string], f func(key string, s *keyInt) string) func(strs) streaming.MappedStream[string, int, string] {
	spec.Function = func(_ time.Time, key string, _ streaming.Option[int], s *keyInt) streaming.Option[string] {
		if out := f(key, s); out != "" {
			return streaming.Some(out)
		}
		return streaming.None[string]()
	}
	return func(s strs) streaming.MappedStream[string, int, string] {
		return streaming.MapWithState(streaming.MapToPair(s, one), "state", spec)
	}
}

func counting(key string, s *keyInt) string {
	s.Update(s.Option().OrElse(0) + 1)
	return fmt.Sprintf("%s%d", key, s.Get())
}

var growing = [][]string{{}, {"a"}, {"a", "b"}, {"a", "b", "c"}, {"a", "b"}, {"a"}, {}}

func TestMapWithStateEmitsOnceARecordAndSnapshotsHaveEveryKey(t *testing.T) {
	spec := streaming.StateSpec[string, int, int, string]{}
	operates(t, "mapped", func(s strs) strs { return mapped(spec, counting)(s).Stream }, growing,
		[][]string{{}, {"a1"}, {"a2", "b1"}, {"a3", "b2", "c1"}, {"a4", "b3"}, {"a5"}, {}})
	operates(t, "snapshots", func(s strs) streaming.Stream[counts] { return mapped(spec, counting)(s).StateSnapshots().Stream }, growing,
		[][]counts{{}, abc(1), abc(2, 1), abc(3, 2, 1), abc(4, 3, 1), abc(5, 3, 1), abc(5, 3, 1)})
	operates(t, "a record each", func(s strs) strs { return mapped(spec, counting)(s).Stream }, [][]string{{"a", "a", "b", "a"}, nil, {"", ""}},
		[][]string{{"a1", "a2", "b1", "a3"}, {}, {"1", "2"}})
	operates(t, "nothing returned", func(s strs) strs {
		return mapped(spec, func(_ string, s *keyInt) string { s.Update(1); return "" })(s).Stream
	}, growing, [][]string{{}, {}, {}, {}, {}, {}, {}})
}

func TestMapWithStateBeginsWithItsInitialState(t *testing.T) {
	spec := streaming.StateSpec[string, int, int, string]{Initial: []counts{kv("a", 5), kv("b", 10), kv("c", -20), kv("d", 0)}}
	operates(t, "mapped", func(s strs) strs { return mapped(spec, counting)(s).Stream }, growing[:4],
		[][]string{{}, {"a6"}, {"a7", "b11"}, {"a8", "b12", "c-19"}})
	operates(t, "snapshots", func(s strs) streaming.Stream[counts] { return mapped(spec, counting)(s).StateSnapshots().Stream }, growing[:2],
		[][]counts{{kv("a", 5), kv("b", 10), kv("c", -20), kv("d", 0)}, {kv("a", 6), kv("b", 10), kv("c", -20), kv("d", 0)}})
}

func TestMapWithStateRemovesAndKnowsTheKeyNoMore(t *testing.T) {
	flipping := func(key string, s *keyInt) string {
		if s.Exists() {
			s.Remove()
			return fmt.Sprintf("%s %v %v", key, s.Exists(), s.Option())
		}
		s.Update(1)
		return key
	}
	spec := streaming.StateSpec[string, int, int, string]{}
	operates(t, "mapped", func(s strs) strs { return mapped(spec, flipping)(s).Stream }, [][]string{{"a"}, {"a", "b"}, {"a", "a", "a"}, {}},
		[][]string{{"a"}, {"a false None", "b"}, {"a", "a false None", "a"}, {}})
	operates(t, "snapshots", func(s strs) streaming.Stream[counts] { return mapped(spec, flipping)(s).StateSnapshots().Stream },
		[][]string{{"a"}, {"a", "b"}, {"b"}, {}}, [][]counts{abc(1), {kv("b", 1)}, {}, {}})
}

// A key that is idle for longer than the timeout gets one last call, in the first batch for which that is so, and may come back later.
func TestMapWithStateTimesOutWhatIsIdleForLongerThanTheTimeout(t *testing.T) {
	spec := streaming.StateSpec[string, int, int, string]{Timeout: 3 * time.Second}
	f := func(key string, s *keyInt) string {
		if s.IsTimingOut() {
			return fmt.Sprintf("%s out with %d %v", key, s.Get(), s.Exists())
		}
		return counting(key, s)
	}
	batches := [][]string{{"a", "b", "c"}, {"a", "b"}, {"a"}, {}, {}, {}, {"c"}, nil, {}, {}, {}}
	operates(t, "mapped", func(s strs) strs { return mapped(spec, f)(s).Stream }, batches,
		[][]string{{"a1", "b1", "c1"}, {"a2", "b2"}, {"a3"}, {}, {"c out with 1 true"}, {"b out with 2 true"}, {"c1", "a out with 3 true"}, {}, {}, {}, {"c out with 1 true"}})
}

// A record of a key is activity, also when it does not update the state; and a record in the very batch saves the key.
func TestARecordKeepsAKeyFromTimingOut(t *testing.T) {
	spec := streaming.StateSpec[string, int, int, string]{Timeout: time.Second, Initial: []counts{kv("a", 1), kv("b", 2)}}
	f := func(key string, s *keyInt) string { return fmt.Sprintf("%s%d %v", key, s.Get(), s.IsTimingOut()) }
	operates(t, "mapped", func(s strs) strs { return mapped(spec, f)(s).Stream }, [][]string{{}, {"a"}, {"a"}, {}, {}},
		[][]string{{}, {"a1 false"}, {"a1 false", "b2 true"}, {}, {"a1 true"}})
}

func TestMistakesWithAStateFailTheBatchInSparksWords(t *testing.T) {
	for text, f := range map[string]func(string, *keyInt) string{
		"State is not set": func(_ string, s *keyInt) string { return fmt.Sprint(s.Get()) },
		"Cannot update the state after it has been removed": func(_ string, s *keyInt) string {
			s.Remove()
			s.Update(1)
			return ""
		},
		"Cannot remove the state that has already been removed": func(_ string, s *keyInt) string {
			s.Remove()
			s.Remove()
			return ""
		},
		"Cannot update the state that is timing out": func(_ string, s *keyInt) string {
			s.Update(1)
			return ""
		},
		"Cannot remove the state that is timing out": func(_ string, s *keyInt) string {
			if s.IsTimingOut() {
				s.Remove()
			}
			s.Update(1)
			return ""
		},
	} {
		t.Run(text, func(t *testing.T) {
			k := streamingtest.New(t, time.Second)
			in := streamingtest.Input[string](k, 2)
			mapped(streaming.StateSpec[string, int, int, string]{Timeout: time.Second}, f)(in.Stream).Print()
			in.Feed("a")
			for range 3 {
				k.Tick()
			}
			if k.Err() == nil || !strings.HasPrefix(k.Err().Error(), "mapWithState at mapwithstate_test.go:") || !strings.Contains(k.Err().Error(), text) {
				t.Errorf("got %v", k.Err())
			}
		})
	}
}

func TestUpdateStateByKeyWithInitialStateTimeAndObjects(t *testing.T) {
	plain := func(s strs) streaming.Stream[counts] {
		return streaming.UpdateStateByKey(streaming.MapToPair(s, one), "totals", sum).Stream
	}
	operates(t, "simple", plain, growing[1:], [][]counts{abc(1), abc(2, 1), abc(3, 2, 1), abc(4, 3, 1), abc(5, 3, 1), abc(5, 3, 1)})
	initial := func(s strs) streaming.Stream[counts] {
		return streaming.UpdateStateByKey(streaming.MapToPair(s, one), "totals", sum, streaming.InitialState(kv("a", 1), kv("c", 2))).Stream
	}
	operates(t, "initial", initial, growing[1:], [][]counts{
		{kv("a", 2), kv("c", 2)}, {kv("a", 3), kv("c", 2), kv("b", 1)}, {kv("a", 4), kv("c", 3), kv("b", 2)},
		{kv("a", 5), kv("c", 3), kv("b", 3)}, {kv("a", 6), kv("c", 3), kv("b", 3)}, {kv("a", 6), kv("c", 3), kv("b", 3)}})
	times := func(s strs) streaming.Stream[counts] {
		return streaming.UpdateStateByKeyAt(streaming.MapToPair(s, one), "times",
			func(at time.Time, _ string, values []int, state streaming.Option[int]) streaming.Option[int] {
				if len(values) == 0 {
					return state
				}
				return streaming.Some(state.OrElse(0) + int(at.UnixMilli()))
			}, streaming.InitialState(kv("a", 0), kv("c", 0))).Stream
	}
	operates(t, "batch time", times, growing[1:], [][]counts{
		{kv("a", 1000), kv("c", 0)}, {kv("a", 3000), kv("c", 0), kv("b", 2000)}, {kv("a", 6000), kv("c", 3000), kv("b", 5000)},
		{kv("a", 10000), kv("c", 3000), kv("b", 9000)}, {kv("a", 15000), kv("c", 3000), kv("b", 9000)}, {kv("a", 15000), kv("c", 3000), kv("b", 9000)}})
	type object struct{ Count, Idle int }
	living := func(s strs) strs {
		return shown(streaming.UpdateStateByKey(streaming.MapToPair(s, one), "objects",
			func(values []int, state streaming.Option[*object]) streaming.Option[*object] {
				o := state.OrElse(&object{})
				o.Idle++
				if len(values) > 0 {
					o.Idle = 0
				}
				o.Count += len(values)
				if o.Idle == 2 {
					return streaming.None[*object]()
				}
				return streaming.Some(o)
			}).Stream.Filter(func(p streaming.Pair[string, *object]) bool { return p.Value.Count > 0 }))
	}
	for i, batch := range results(t, 2, true, living, [][]string{{"a", "b"}, {"a"}, {}, {}, {"a"}}).Batches() {
		want(t, len(batch), []int{2, 2, 1, 0, 1}[i]) // b goes in the third batch, a in the fourth, and comes back
	}
}

// Under one name a job finds only what it can read: what was added starts empty, what was removed or has another codec is refused.
func TestAJobOfAnotherShape(t *testing.T) {
	type job func(in strs, k *streamingtest.Kit)
	totals := func(in strs, _ *streamingtest.Kit) {
		streaming.UpdateStateByKey(streaming.MapToPair(in, one), "totals", sum).Print()
	}
	for name, c := range map[string]struct {
		then job
		text string // "" when it goes on
		out  string
	}{
		"the same": {totals, "", "(a,2)"},
		"another operation is added": {func(in strs, k *streamingtest.Kit) {
			totals(in, k)
			streaming.UpdateStateByKey(streaming.MapToPair(in, one), "more", sum).Print()
		}, "", "(a,1)"},
		"it is removed": {func(in strs, _ *streamingtest.Kit) { in.Print() }, `"totals"`, ""},
		"it has another name": {func(in strs, _ *streamingtest.Kit) {
			streaming.UpdateStateByKey(streaming.MapToPair(in, one), "sums", sum).Print()
		}, `"totals"`, ""},
		"its state has another type": {func(in strs, _ *streamingtest.Kit) {
			streaming.UpdateStateByKey(streaming.MapToPair(in, one), "totals", func([]int, streaming.Option[string]) streaming.Option[string] {
				return streaming.None[string]()
			}).Print()
		}, `"totals"`, ""},
		"it is another operation": {func(in strs, _ *streamingtest.Kit) {
			streaming.MapWithState(streaming.MapToPair(in, one), "totals", streaming.StateSpec[string, int, int, string]{
				Function: func(time.Time, string, streaming.Option[int], *keyInt) streaming.Option[string] {
					return streaming.None[string]()
				},
			}).Print()
		}, `"totals"`, ""},
	} {
		dir := t.TempDir()
		run := func(name string, j job) (k *streamingtest.Kit) {
			t.Run(name, func(t *testing.T) {
				k = streamingtest.New(t, time.Second, streamingtest.WithCheckpoint(dir))
				in := streamingtest.Input[string](k, 1)
				j(in.Stream, k)
				in.Feed("a")
				k.Tick()
			})
			return k
		}
		want(t, run("before "+name, totals).Err(), error(nil))
		k := run(name, c.then)
		if c.text == "" && (k.Err() != nil || !strings.Contains(k.Stdout(), c.out)) || c.text != "" && (k.Err() == nil || !strings.Contains(k.Err().Error(), c.text)) {
			t.Errorf("%s: %v\n%s", name, k.Err(), k.Stdout())
		}
	}
}
