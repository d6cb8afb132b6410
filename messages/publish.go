package messages

import "encoding/json"

// Publish asks the producer to write an event. The answer, when there is somebody to answer, is Delivered.
type Publish struct {
	Topic  string
	Key    string
	HasKey bool
	Event  RichEvent
	// Value is the record's value as it is, instead of the event, when HasValue is set.
	Value    string
	HasValue bool
}

// Form is how text is written on the wire: Kafka's serializers by their short names.
type Form string

// The forms. For a key the zero Form is FormString, for an event FormRichEvent.
const (
	FormString    Form = "string"    // the text as it is
	FormBytes     Form = "bytes"     // the same
	FormJSON      Form = "json"      // a key as a JSON string; an event as FormRichEvent
	FormRichEvent Form = "richevent" // {"content":"…"}
)

// Forms are those of keys and of events: key.serializer and value.serializer.
type Forms struct{ Key, Value Form }

// Outgoing is the record that m asks for.
func (m Publish) Outgoing(f Forms) (Outgoing, error) {
	key, err := f.Key.key(m.Key)
	if err != nil {
		return Outgoing{}, err
	}
	value := m.Value
	if !m.HasValue {
		value, err = f.Value.event(m.Event)
	}
	return NewOutgoing(m.Topic, key, m.HasKey, value), err
}

func (f Form) key(text string) (string, error) {
	var b []byte
	var err error
	switch f {
	case FormJSON:
		b, err = json.Marshal(text)
	case FormRichEvent:
		b, err = json.Marshal(NewRichEvent(text))
	default:
		return text, nil
	}
	return string(b), err
}

func (f Form) event(e RichEvent) (string, error) {
	if f == FormString || f == FormBytes {
		return e.Content(), nil
	}
	b, err := json.Marshal(e)
	return string(b), err
}
