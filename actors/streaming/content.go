package streaming

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-json"

	"github.com/hibana-stream/hibana/messages"
)

// decodeContentSlow reads {"content":"…"} by the library, which is more lenient than an event may be: it takes "Content" for the
// field as well, lets the last of two win, and puts a question mark where an escape is no character.
func decodeContentSlow(wire string) (messages.RichEvent, error) {
	if !utf8.ValidString(wire) {
		return messages.RichEvent{}, errors.New("invalid UTF-8")
	}
	if strings.TrimLeft(wire, " \t\r\n") == "" {
		return messages.RichEvent{}, errors.New("it is empty")
	}
	read := readContent
	lower := strings.ToLower(wire)
	if strings.Count(wire, "content") != 1 || strings.Count(lower, "content") != 1 || strings.Contains(lower, `\u00`) {
		read = readContentByName
	}
	content, err := read(wire)
	switch {
	case err != nil:
		return messages.RichEvent{}, err
	case content == nil:
		return messages.RichEvent{}, messages.ErrNoContent
	case strings.Count(*content, "\ufffd") > strings.Count(wire, "\ufffd")+strings.Count(lower, `\ufffd`):
		return messages.RichEvent{}, errors.New(`an escape that is no character (\ud800 to \udfff stand in pairs)`)
	}
	return messages.NewRichEvent(*content), nil
}

// readContent is for a wire that names the field once, and nothing that is like it.
func readContent(wire string) (*string, error) {
	var e struct {
		Content *string `json:"content"`
	}
	err := decodeJSON(wire, &e)
	return e.Content, err
}

// readContentByName takes the field of exactly this name, once.
func readContentByName(wire string) (*string, error) {
	var fields map[string]json.RawMessage
	if err := decodeJSON(wire, &fields); err != nil {
		return nil, err
	}
	if err := duplicateContent(wire); err != nil {
		return nil, err
	}
	raw, ok := fields["content"]
	if !ok {
		return nil, nil
	}
	var content *string
	err := decodeJSON(string(raw), &content)
	return content, err
}

// duplicateContent refuses an object that gives its content twice: which one counts would depend on the reader.
func duplicateContent(wire string) error {
	d := json.NewDecoder(strings.NewReader(wire))
	depth, seen, isKey := 0, 0, false
	for {
		token, err := d.Token()
		if err != nil {
			return nil // the decoder itself will say what is wrong
		}
		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				depth++
			} else {
				depth--
			}
			isKey = v == '{' || depth == 1
		case string:
			if depth == 1 && isKey && v == "content" {
				if seen++; seen > 1 {
					return errors.New(`the field "content" stands there twice`)
				}
			}
			isKey = depth == 1 && !isKey
		default:
			isKey = depth == 1 && !isKey
		}
	}
}
