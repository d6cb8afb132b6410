package messages_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// everyMessage is one value of each type that actors exchange.
var everyMessage = []any{
	messages.RichEvent{}, messages.Raw{}, messages.Record[string, messages.RichEvent]{}, messages.Outgoing{}, messages.Header{},
	messages.Publish{}, messages.Delivered{}, messages.Events{}, messages.Position{}, messages.Assigned{}, messages.Revoked{}, messages.Lost{},
	messages.SourceWaits{}, messages.SourceFailed{}, messages.Ready{}, messages.Open{}, messages.Cut{}, messages.Part{}, messages.Ran{},
	messages.Idle{}, messages.Tick{}, messages.Stop{}, messages.AskStatus{}, messages.Status{}, messages.AskBatches{}, messages.Batches{},
	messages.Pause{}, messages.Limit{}, messages.Accepted{}, messages.BatchReport{}, messages.BatchInfo{}, messages.Change{}, messages.Changes{}, messages.Shape{}, messages.Offset{},
	messages.StreamingStarted{}, messages.BatchSubmitted{}, messages.BatchStarted{}, messages.BatchCompleted{}, messages.OutputStarted{}, messages.OutputCompleted{},
}

// An exported field lets whoever receives a copy of a message reach in, unless it is a plain value.
func TestNoMessageHandsOutAWayIn(t *testing.T) {
	for _, m := range everyMessage {
		walk(t, reflect.TypeOf(m), reflect.TypeOf(m).String())
	}
}

func walk(t *testing.T, typ reflect.Type, path string) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Chan, reflect.UnsafePointer:
		t.Errorf("%s is a %v: whoever holds the message can write through it", path, typ)
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() {
				walk(t, f.Type, path+"."+f.Name)
			}
		}
	}
}

// Control: the walk does find a way in where there is one.
func TestTheWalkFindsAWayIn(t *testing.T) {
	probe := &testing.T{}
	walk(probe, reflect.TypeFor[struct{ Bytes []byte }](), "probe")
	if !probe.Failed() {
		t.Error("a message with a slice in an exported field passed")
	}
}

func TestWhatAccessorsReturnIsACopy(t *testing.T) {
	ranges := []messages.TopicPartition{{Topic: "a"}, {Topic: "b"}}
	revoked := messages.NewRevoked(1, ranges)
	ranges[0].Topic = "changed"
	if got := slices.Collect(revoked.Partitions()); got[0].Topic != "a" {
		t.Error("the message shares its maker's slice")
	}
	part := messages.NewPart(messages.Part{}, nil, []any{1, 2})
	part.Partials()[0] = 99
	if part.Partials()[0] != 1 {
		t.Error("Partials hands out its own slice")
	}
	positions := []messages.Position{{From: 1}, {From: 2}}
	assigned := messages.NewAssigned(positions)
	slices.Collect(assigned.Positions())[0].From = 99
	positions[0].From = 99
	for p := range assigned.Positions() {
		if p.From == 99 {
			t.Error("Assigned can be written")
		}
	}
}
