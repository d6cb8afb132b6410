package messages_test

import (
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// Every serializer that can be configured, for the key and for the event.
func TestPublishIsWrittenAsItsFormsSay(t *testing.T) {
	m := messages.Publish{Topic: "t", Key: `a"b`, HasKey: true, Event: messages.NewRichEvent("hi")}
	for _, c := range []struct {
		forms      messages.Forms
		key, value string
	}{
		{messages.Forms{}, `a"b`, `{"content":"hi"}`},
		{messages.Forms{Key: messages.FormString, Value: messages.FormRichEvent}, `a"b`, `{"content":"hi"}`},
		{messages.Forms{Key: messages.FormBytes, Value: messages.FormBytes}, `a"b`, "hi"},
		{messages.Forms{Key: messages.FormJSON, Value: messages.FormJSON}, `"a\"b"`, `{"content":"hi"}`},
		{messages.Forms{Key: messages.FormRichEvent, Value: messages.FormString}, `{"content":"a\"b"}`, "hi"},
	} {
		out, err := m.Outgoing(c.forms)
		key, hasKey := out.Key()
		value, _ := out.Value()
		if err != nil || key != c.key || !hasKey || value != c.value {
			t.Errorf("%v: %q %q %v", c.forms, key, value, err)
		}
	}
	m.Value, m.HasValue, m.HasKey = "\x00raw", true, false
	out, err := m.Outgoing(messages.Forms{Value: messages.FormJSON})
	value, _ := out.Value()
	if _, hasKey := out.Key(); err != nil || hasKey || value != "\x00raw" {
		t.Errorf("%q %v", value, err)
	}
}
