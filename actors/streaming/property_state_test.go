package streaming_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

func text(batch int, v any) string { return fmt.Sprint(batch*1000, v) }

// dropping counts, and forgets a key at its third value and an idle one that has an even count.
func dropping(values []int, state streaming.Option[int]) streaming.Option[int] {
	n := state.OrElse(0) + len(values)
	if n >= 3 || len(values) == 0 && n%2 == 0 {
		return streaming.None[int]()
	}
	return streaming.Some(n)
}

func TestUpdateStateByKeyIsItsModel(t *testing.T) {
	initial := counts{Key: "i", Value: 1}
	holds(t, func(_ scenario, in streaming.Stream[string]) streaming.Stream[counts] {
		return streaming.UpdateStateByKey(streaming.MapToPair(in, one), "state", dropping, streaming.InitialState(initial)).Stream
	}, func(s scenario, defect bool) []string {
		var out []string
		var state []counts
		started := false
		for i, batch := range s.batches {
			if !started && batch == nil {
				continue // no state yet, no dataset
			}
			if !started {
				state, started = []counts{initial}, true
			}
			state = updated(state, batch, defect)
			out = append(out, text(i+1, state))
		}
		return out
	})
}

// updated is one batch of the model; the defect is to leave out idle keys.
func updated(state []counts, batch []string, defect bool) []counts {
	values := tally(nil, batch)
	for _, v := range values {
		if !slices.ContainsFunc(state, func(c counts) bool { return c.Key == v.Key }) {
			state = append(state, counts{Key: v.Key, Value: -1})
		}
	}
	var next []counts
	for _, c := range state {
		n := 0
		for _, v := range values {
			if v.Key == c.Key {
				n = v.Value
			}
		}
		was := streaming.None[int]()
		if c.Value >= 0 {
			was = streaming.Some(c.Value)
		}
		if s, ok := dropping(make([]int, n), was).Get(); ok || defect && n == 0 {
			next = append(next, counts{Key: c.Key, Value: s})
		}
	}
	return next
}

func TestMapWithStateIsItsModel(t *testing.T) {
	holds(t, func(s scenario, in streaming.Stream[string]) streaming.Stream[string] {
		mapped := streaming.MapWithState(streaming.MapToPair(in, one), "state", streaming.StateSpec[string, int, int, string]{
			Timeout: time.Duration(s.timeout) * time.Second,
			Initial: []counts{{Key: "a", Value: 7}},
			Function: func(_ time.Time, key string, v streaming.Option[int], state *streaming.KeyState[int]) streaming.Option[string] {
				if state.IsTimingOut() {
					return streaming.Some(fmt.Sprint(key, " out ", state.Get()))
				}
				if key == "drop" && state.Exists() {
					state.Remove()
					return streaming.None[string]()
				}
				n := state.Option().OrElse(0) + 1
				if n%5 != 0 { // a record that is activity, and no update
					state.Update(n)
				}
				return streaming.Some(fmt.Sprint(key, n))
			},
		})
		all := streaming.Map(mapped.StateSnapshots().Stream, counts.String)
		return mapped.Union(all)
	}, mappedModel)
}

type idleKey struct {
	key     string
	n, last int
	exists  bool
}

// mappedModel keeps a list; the defect is to time out one batch too early.
func mappedModel(s scenario, defect bool) []string {
	timeout := s.timeout
	if defect {
		timeout--
	}
	state := []*idleKey{{key: "a", n: 7, last: 1, exists: true}}
	var out []string
	for i, batch := range s.batches {
		now, texts := i+1, []string{}
		for _, key := range batch {
			state, texts = mapOne(state, key, now, texts)
		}
		var late []*idleKey
		for _, k := range state {
			if k.exists && now-k.last > timeout {
				late = append(late, k)
			}
		}
		slices.SortStableFunc(late, func(a, b *idleKey) int { return a.last - b.last })
		for _, k := range late {
			texts, k.exists = append(texts, fmt.Sprint(k.key, " out ", k.n)), false
		}
		state = slices.DeleteFunc(state, func(k *idleKey) bool { return !k.exists })
		for _, k := range state {
			texts = append(texts, counts{Key: k.key, Value: k.n}.String())
		}
		out = append(out, text(now, texts))
	}
	return out
}

func mapOne(state []*idleKey, key string, now int, texts []string) ([]*idleKey, []string) {
	i := slices.IndexFunc(state, func(k *idleKey) bool { return k.key == key })
	if i < 0 {
		i, state = len(state), append(state, &idleKey{key: key})
	}
	k := state[i]
	if key == "drop" && k.exists {
		k.exists, k.n = false, 0
		return state, texts
	}
	n := k.n + 1
	texts = append(texts, fmt.Sprint(key, n))
	if n%5 != 0 {
		k.n, k.exists = n, true
	}
	if k.exists {
		k.last = now
	}
	return state, texts
}
