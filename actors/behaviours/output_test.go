package behaviours

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

func at(seconds int64) time.Time { return time.Unix(seconds, 0) }

func share(contents ...string) []Share {
	s := Share{Partition: messages.TopicPartition{Topic: "t"}}
	for _, c := range contents {
		s.Events = append(s.Events, messages.NewRichEvent(c))
	}
	return []Share{s}
}

// hand runs an Output whose behaviours answer as reply says, at once.
func hand(reply func(name string, p portion) handled, names ...string) ([]messages.Outgoing, error) {
	o := NewOutput(names, func(name string, m any) { p := m.(portion); p.answer(reply(name, p)) })
	return o.Hand(context.Background(), at(1), share("a", "b"))
}

func TestAPortionIsSentAgainAfterACrashButNotForEver(t *testing.T) {
	sent := 0
	_, err := hand(func(string, portion) handled { sent++; return handled{crashed: sent <= mostCrashes} }, "x")
	if err != nil || sent != mostCrashes+1 {
		t.Errorf("%v after %d", err, sent)
	}
	sent = 0
	_, err = hand(func(string, portion) handled { sent++; return handled{crashed: true} }, "x")
	if err == nil || !strings.Contains(err.Error(), "x crashed 9 times") || sent != mostCrashes+1 {
		t.Errorf("%v after %d", err, sent)
	}
}

func TestTheFirstErrorWinsAndNothingIsPublished(t *testing.T) {
	bad := errors.New("no")
	out, err := hand(func(name string, _ portion) handled {
		if name == "y" {
			return handled{err: bad}
		}
		return handled{published: []messages.Publish{{Topic: "out"}}}
	}, "x", "y", "z")
	if !errors.Is(err, bad) || out != nil {
		t.Errorf("%v, %v", out, err)
	}
}

func TestABatchWithoutEventsTroublesNobody(t *testing.T) {
	o := NewOutput([]string{"x"}, func(string, any) { t.Error("something was sent") })
	if out, err := o.Hand(context.Background(), at(1), share()); len(out) != 0 || err != nil {
		t.Errorf("%v, %v", out, err)
	}
}

// A behaviour that never answers is not waited for when the stream ends.
func TestHandEndsWithTheStream(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := NewOutput([]string{"x"}, func(string, any) { cancel() })
	if _, err := o.Hand(ctx, at(1), share("a")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
