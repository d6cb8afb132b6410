//go:build synctests

package cmd_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// What is late goes on beside the windows, so that nothing is lost from sight.
var inEventTime = []operation{
	{name: "tumbling", takes: "words", makes: "words", once: true, apply: func(in flow, s jobStep) flow {
		e := timed(in, s)
		return beside(e, streaming.Tumbling(e, s.state(), initial, time.Duration(1+s.constant%5)*time.Second, trailing))
	}},
	{name: "sliding", takes: "words", makes: "words", once: true, apply: func(in flow, s jobStep) flow {
		e := timed(in, s)
		return beside(e, streaming.Sliding(e, s.state(), initial, time.Duration(2+s.constant%5)*time.Second, 2*time.Second, trailing))
	}},
	{name: "session", takes: "words", makes: "words", once: true, apply: func(in flow, s jobStep) flow {
		e := timed(in, s)
		return beside(e, streaming.Session(e, s.state(), initial, time.Duration(1+s.constant%5)*time.Second, trailing))
	}},
	{name: "sessionCount", takes: "words", makes: "words", once: true, apply: func(in flow, s jobStep) flow {
		e := timed(in, s)
		counts := streaming.SessionCount(e, s.state(), initial, time.Duration(1+s.constant%5)*time.Second)
		return beside(e, streaming.Map(counts, func(w streaming.Windowed[string, int64]) streaming.Windowed[string, string] {
			return streaming.Windowed[string, string]{Key: w.Key, Start: w.Start, End: w.End, Result: fmt.Sprint(w.Result)}
		}))
	}},
}

// The same by key, which is kept by partition where the job is.
var byKeyInEventTime = []operation{
	{name: "tumbling by key", takes: "pairs", makes: "pairs", byKey: true, once: true, watermark: true, apply: func(in flow, s jobStep) flow {
		e := timedPairs(in, s)
		return besidePairs(e, streaming.Tumbling(e, s.state(), keyOf, time.Duration(1+s.constant%5)*time.Second, folding))
	}},
	{name: "sliding by key", takes: "pairs", makes: "pairs", byKey: true, once: true, watermark: true, apply: func(in flow, s jobStep) flow {
		e := timedPairs(in, s)
		return besidePairs(e, streaming.Sliding(e, s.state(), keyOf, time.Duration(2+s.constant%5)*time.Second, 2*time.Second, folding))
	}},
	{name: "session by key", takes: "pairs", makes: "pairs", byKey: true, once: true, watermark: true, apply: func(in flow, s jobStep) flow {
		e := timedPairs(in, s)
		return besidePairs(e, streaming.Session(e, s.state(), keyOf, time.Duration(1+s.constant%5)*time.Second, folding))
	}},
}

func timedPairs(in flow, s jobStep) streaming.EventTimed[streaming.Pair[string, int]] {
	return streaming.WithEventTime(in.pairs.Stream, func(p streaming.Pair[string, int]) time.Time {
		return time.Unix(int64(3*(p.Value/batchUnit)+p.Value%6), 0)
	}, time.Duration(s.constant%4)*time.Second).IdleAfter(3 * jobInterval)
}

// batchUnit is what a value has in it as often as its batch's number, where words have a time.
const batchUnit = 1000

func keyOf(p streaming.Pair[string, int]) string { return p.Key }

// folding shows the order in which values were taken in.
var folding = streaming.Aggregate[streaming.Pair[string, int], int]{
	Add:   func(all int, p streaming.Pair[string, int]) int { return fold([]int{p.Value}, all) },
	Merge: func(a, b int) int { return fold([]int{b}, a+1) },
}

// besidePairs are the windows and what was late, as pairs.
func besidePairs(e streaming.EventTimed[streaming.Pair[string, int]], windows streaming.Stream[streaming.Windowed[string, int]]) flow {
	ended := streaming.Map(windows, func(w streaming.Windowed[string, int]) streaming.Pair[string, int] {
		return streaming.Pair[string, int]{Key: w.Key, Value: int(w.End.Unix())*batchUnit + w.Result}
	})
	late := streaming.Map(e.Late(), func(p streaming.Pair[string, int]) streaming.Pair[string, int] {
		return streaming.Pair[string, int]{Key: p.Key, Value: -p.Value}
	})
	return pairFlow(ended.Union(late))
}

func timed(in flow, s jobStep) streaming.EventTimed[string] {
	return streaming.WithEventTime(in.words, happenedAt, time.Duration(s.constant%4)*time.Second).IdleAfter(3 * jobInterval)
}

// happenedAt is the number of the batch, which a word has in it behind an @, some seconds before or after.
func happenedAt(word string) time.Time {
	return time.Unix(int64(3*batchOf(word)+digest(word, 1)%6), 0)
}

// batchOf is the number of the batch that a word has in it, 0 for none.
func batchOf(word string) int {
	_, number, _ := strings.Cut(word, "@")
	number, _, _ = strings.Cut(number, "@")
	batch, _ := strconv.Atoi(number)
	return batch
}

func initial(word string) string { return word[:min(1, len(word))] }

// trailing shows the order in which words were taken in.
var trailing = streaming.Aggregate[string, string]{
	Add:   func(all, w string) string { return short(all + w) },
	Merge: func(a, b string) string { return short(a + "|" + b) },
}

// beside are the windows and what was late, as words.
func beside(e streaming.EventTimed[string], windows streaming.Stream[streaming.Windowed[string, string]]) flow {
	texts := streaming.Map(windows, func(w streaming.Windowed[string, string]) string {
		return fmt.Sprintf("%s[%d,%d)%s", w.Key, w.Start.Unix(), w.End.Unix(), w.Result)
	})
	return wordsFlow(texts.Union(streaming.Map(e.Late(), func(w string) string { return "late " + w })))
}
