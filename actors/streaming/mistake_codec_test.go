package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
)

// counting counts words that are saved by a codec, with a restart behind every batch, and drops one that comes three times in a batch.
func countedBy(t *testing.T, c streaming.Codec[string]) (last []string, err error) {
	t.Helper()
	k := streamingtest.New(t, sec)
	in := streamingtest.Input[string](k, 2)
	streaming.SetCodec(k.Context(), c)
	counts := streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, one), "words", func(v []int, s streaming.Option[int]) streaming.Option[int] {
		if len(v) > 2 {
			return streaming.None[int]()
		}
		return sum(v, s)
	})
	out := streamingtest.Collect(streaming.Map(counts.Stream, streaming.Pair[string, int].String))
	for _, batch := range []string{"aa ab bb", "aa", "bb bb bb", ""} {
		in.Feed(strings.Fields(batch)...)
		k.Tick()
		if k.Err() == nil {
			k.Restart(t)
		}
		if k.Err() != nil {
			return nil, k.Err()
		}
	}
	return out.Batches()[len(out.Batches())-1], nil
}

func asItIs(dst []byte, s string) ([]byte, error) { return append(dst, s...), nil }

func copied(wire string) (string, error) { return strings.Clone(wire), nil }

func TestACodecThatDoesNotTellKeysApartFailsTheBatch(t *testing.T) {
	times := 0
	for name, c := range map[string]struct {
		codec streaming.Codec[string]
		want  string
	}{
		"two alike": {streaming.Codec[string]{Encode: func(dst []byte, s string) ([]byte, error) { return append(dst, s[0]), nil }, Decode: copied},
			`; each key must have bytes of its own`},
		"nothing at all": {streaming.Codec[string]{Encode: func([]byte, string) ([]byte, error) { return nil, nil }, Decode: copied},
			`as the codec "mine" writes it, is read back as ;`},
		"other bytes each time": {streaming.Codec[string]{
			Encode: func(dst []byte, s string) ([]byte, error) { times++; return fmt.Appendf(dst, "%d %s", times, s), nil },
			Decode: func(wire string) (string, error) { _, s, _ := strings.Cut(wire, " "); return strings.Clone(s), nil },
		}, `a key must always have the same bytes`},
		"one that does not read": {streaming.Codec[string]{Encode: asItIs, Decode: func(string) (string, error) { return "", errors.New("no glasses") }},
			`as the codec "mine" writes it, is not read: no glasses`},
		"one that ends its goroutine": {streaming.Codec[string]{Encode: asItIs, Decode: func(string) (string, error) { runtime.Goexit(); return "", nil }},
			"the function has ended its goroutine"},
	} {
		c.codec.Name = "mine"
		_, err := countedBy(t, c.codec)
		if err == nil || !matches(err.Error(), `updateStateByKey at mistake_codec_test.go:%: the state "words" cannot be saved: `) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Encode cannot spoil what is written already, whatever it does with what it is given.
func TestACodecThatDoesNotAppendIsTakenByItsWord(t *testing.T) {
	for name, encode := range map[string]func([]byte, string) ([]byte, error){
		"appends":    asItIs,
		"its own":    func(_ []byte, s string) ([]byte, error) { return []byte(s), nil },
		"from first": func(dst []byte, s string) ([]byte, error) { return append(dst[:0], s...), nil },
	} {
		last, err := countedBy(t, streaming.Codec[string]{Name: "mine", Encode: encode, Decode: copied})
		if got := strings.Join(last, " "); err != nil || got != "(aa,2) (ab,1)" {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
}

// Scenario: a batch fails behind a state that can be changed in place, and its codec does not read what it has written.
func TestAStateThatCannotBeTakenBackEndsTheStream(t *testing.T) {
	k := streamingtest.New(t, sec)
	in := streamingtest.Input[string](k, 1)
	streaming.SetCodec(k.Context(), streaming.Codec[[]int]{
		Name:   "mine",
		Encode: func(dst []byte, v []int) ([]byte, error) { return append(dst, byte(len(v))), nil },
		Decode: func(string) ([]int, error) { return nil, errors.New("no glasses") },
	})
	streaming.UpdateStateByKey(streaming.MapToPair(in.Stream, one), "lists", func(v []int, s streaming.Option[[]int]) streaming.Option[[]int] {
		return streaming.Some(append(s.OrElse(nil), v...))
	}).Print()
	in.Stream.ForeachBatch(func(_ context.Context, b streaming.Batch[string]) error {
		if b.Len() == 2 {
			return errors.New("deliberate")
		}
		return nil
	})
	in.Feed("a")
	k.Tick()
	want(t, k.Err(), error(nil))
	in.Feed("a", "b")
	k.Tick()
	runs := k.Stdout()
	in.Feed("c")
	k.Tick()
	if k.Stdout() != runs || k.Err() == nil || strings.Count(runs, "Time") != 2 {
		t.Errorf("a batch ran on a state that is half of another one: %v", k.Err())
	}
}
