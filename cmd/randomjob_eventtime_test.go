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

func timed(in flow, s jobStep) streaming.EventTimed[string] {
	return streaming.WithEventTime(in.words, happenedAt, time.Duration(s.constant%4)*time.Second).IdleAfter(3 * jobInterval)
}

// happenedAt is the number of the batch, which a word has in it behind an @, some seconds before or after.
func happenedAt(word string) time.Time {
	_, number, _ := strings.Cut(word, "@")
	number, _, _ = strings.Cut(number, "@")
	batch, _ := strconv.Atoi(number)
	return time.Unix(int64(3*batch+digest(word, 1)%6), 0)
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
