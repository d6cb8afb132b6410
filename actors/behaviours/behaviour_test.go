package behaviours

import (
	"errors"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// deaf does nothing but what on says.
type deaf struct {
	on    func(*Context, messages.RichEvent) error
	start func(*Context) error
}

func (d deaf) Receive(c *Context, e messages.RichEvent) error { return d.on(c, e) }
func (d deaf) Start(c *Context) error                         { return d.start(c) }

func fresh(Env) Actor { return deaf{} }

func TestCheckFindsWhatCannotLive(t *testing.T) {
	for text, b := range map[string]Behaviour{
		"begins with a letter":       {Name: "1st", New: fresh},
		"small letters":              {Name: "Alarm", New: fresh},
		"actor of the stream":        {Name: "aggregator", New: fresh},
		"has that name":              {Name: "future-plans", New: fresh},
		`behaviour "x": New is nil`:  {Name: "x"},
		`behaviour "": a name is sm`: {New: fresh},
	} {
		if err := Check([]Behaviour{b}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", b.Name, err)
		}
	}
	if err := Check([]Behaviour{{Name: "a", New: fresh}, {Name: "a", New: fresh}}); err == nil || !strings.Contains(err.Error(), "two of that name") {
		t.Error(err)
	}
	if err := Check([]Behaviour{{Name: "a-1", New: fresh}, {Name: "b", New: fresh}}); err != nil {
		t.Error(err)
	}
}

func TestABatchIsCutIntoPortionsInOrder(t *testing.T) {
	var events []messages.RichEvent
	for range 2*mostEvents + 1 {
		events = append(events, messages.RichEvent{})
	}
	p := func(n int32) messages.TopicPartition { return messages.TopicPartition{Topic: "t", Partition: n} }
	got := portions(at(1), []Share{{p(0), events}, {p(1), nil}, {p(2), events[:5]}})
	if len(got) != 4 {
		t.Fatalf("%d portions", len(got))
	}
	for i, want := range []struct{ partition, first, size int }{{0, 0, mostEvents}, {0, mostEvents, mostEvents}, {0, 2 * mostEvents, 1}, {2, 0, 5}} {
		if g := got[i]; g.partition != p(int32(want.partition)) || g.first != want.first || len(g.events) != want.size {
			t.Errorf("portion %d is %v from %d with %d", i, g.partition, g.first, len(g.events))
		}
	}
}

// Settings are as YAML gives them; an absent one has its fallback.
func TestSettingsAreText(t *testing.T) {
	e := Env{Settings: map[string]any{"limit": uint64(3), "word": "fire", "nothing": nil}}
	for name, want := range map[string]string{"limit": "3", "word": "fire", "nothing": "x", "absent": "x"} {
		if got := e.Setting(name, "x"); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestATrialKeepsWhatTheStreamWouldKeep(t *testing.T) {
	bad := errors.New("no")
	trial, err := NewTrial(Behaviour{Name: "x", New: func(Env) Actor {
		return deaf{
			start: func(c *Context) error { c.Publish("a", messages.NewRichEvent("start")); return nil },
			on: func(c *Context, e messages.RichEvent) error {
				c.PublishKeyed("b", "k", e)
				if c.Index() == 1 {
					return bad
				}
				return nil
			},
		}
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := trial.Send("1"); err != nil {
		t.Error(err)
	}
	if err := trial.Send("2", "3"); !errors.Is(err, bad) {
		t.Error(err)
	}
	var said []string
	for _, p := range trial.Published() {
		said = append(said, p.Topic+p.Key+" "+p.Event.Content())
	}
	if got := strings.Join(said, ", "); got != "a start, bk 1" {
		t.Errorf("published %s", got)
	}
	if _, err := trial.Tell("{}"); !errors.Is(err, errDeaf) {
		t.Error(err)
	}
}
