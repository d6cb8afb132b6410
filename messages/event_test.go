package messages_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

func TestARichEventPrintsAsItsContentAndTravelsAsJSON(t *testing.T) {
	e := messages.NewRichEvent(`say "hi" 火花`)
	wire, err := json.Marshal(e)
	if err != nil || string(wire) != `{"content":"say \"hi\" 火花"}` || fmt.Sprint(e) != `say "hi" 火花` {
		t.Fatalf("got %s, %v, prints as %v", wire, err, e)
	}
	var back messages.RichEvent
	if err := json.Unmarshal(wire, &back); err != nil || back != e {
		t.Fatalf("came back as %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{}`), &back); !errors.Is(err, messages.ErrNoContent) {
		t.Fatalf("got %v", err)
	}
}

func TestARecordPrintsWithItsKey(t *testing.T) {
	value := messages.NewRichEvent("content")
	with := messages.NewRecord(messages.Place{}, 0, "key", true, value, true, nil)
	without := messages.NewRecord(messages.Place{}, 0, "", false, value, true, nil)
	if fmt.Sprint(with) != "(key,content)" || fmt.Sprint(without) != "content" {
		t.Errorf("got %v and %v", with, without)
	}
}

func TestAnOffsetRangePrintsWithBothEnds(t *testing.T) {
	r := messages.OffsetRange{TopicPartition: messages.TopicPartition{Topic: "events", Partition: 3}, From: 7, Until: 9}
	if got := fmt.Sprint(r); got != "events:3 [7,9)" {
		t.Errorf("got %s", got)
	}
}

func TestAPlanSurvivesTheMetadataOfACommit(t *testing.T) {
	p := messages.Plan{Time: time.UnixMilli(1357008430000), Until: 42, Attempt: 3}
	for _, p.TopicID = range []messages.TopicID{{}, {0: 251, 15: 7}} {
		if back, ok := messages.ParsePlan(p.Encode()); !ok || back != p {
			t.Errorf("came back as %v, %v", back, ok)
		}
	}
	for _, other := range []string{
		"", "somebody else's", "hibana/1 time=x", "hibana/2 time=1 until=2 attempt=3", "hibana/1 time=1 until=2 attempt=3 topic=x",
	} {
		if p, ok := messages.ParsePlan(other); ok {
			t.Errorf("%q was taken for %v", other, p)
		}
	}
}

func FuzzParsePlan(f *testing.F) {
	f.Add(messages.Plan{Time: time.UnixMilli(1), Until: 2, Attempt: 3}.Encode())
	f.Add(messages.Plan{Time: time.UnixMilli(1), Until: 2, Attempt: 3, TopicID: messages.TopicID{1}}.Encode())
	f.Fuzz(func(t *testing.T, metadata string) {
		if p, ok := messages.ParsePlan(metadata); ok {
			if again, ok := messages.ParsePlan(p.Encode()); !ok || again != p {
				t.Errorf("%q was read as %v, which reads as %v", metadata, p, again)
			}
		}
	})
}
