package messages

import (
	"encoding/json"
	"errors"
)

// RichEvent is the event of the post: a piece of text. It is immutable.
// On the wire it is the JSON object {"content":"…"}.
type RichEvent struct{ content string }

// NewRichEvent makes an event.
func NewRichEvent(content string) RichEvent { return RichEvent{content: content} }

// Content is the event's text.
func (e RichEvent) Content() string { return e.content }

// String is the content: an event prints as what it says.
func (e RichEvent) String() string { return e.content }

// MarshalJSON writes the wire form.
func (e RichEvent) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Content string `json:"content"`
	}{e.content})
}

// ErrNoContent is returned by UnmarshalJSON for an object without the field content.
var ErrNoContent = errors.New(`no field "content"`)

// UnmarshalJSON reads the wire form; an object without content is ErrNoContent.
func (e *RichEvent) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage // a struct would take "Content" as well
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	var content *string
	if raw, ok := fields["content"]; ok {
		if err := json.Unmarshal(raw, &content); err != nil {
			return err
		}
	}
	if content == nil {
		return ErrNoContent
	}
	e.content = *content
	return nil
}
