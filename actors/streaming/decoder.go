package streaming

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/goccy/go-json"

	"github.com/hibana-stream/hibana/messages"
)

// A Decoder reads a key or a value from its bytes on the wire. The string may alias the fetch buffer: what it returns may alias it
// too (the engine clones what it keeps), and nothing may write to it. It is called by many goroutines at once.
type Decoder[T any] func(wire string) (T, error)

// String decodes UTF-8 text as it is.
func String(wire string) (string, error) {
	if !utf8.ValidString(wire) {
		return "", errors.New("invalid UTF-8")
	}
	return wire, nil
}

// Bytes decodes to a copy of the bytes.
func Bytes(wire string) ([]byte, error) { return []byte(wire), nil }

// RichEvent decodes {"content":"…"}.
func RichEvent(wire string) (messages.RichEvent, error) { return decodeContent(wire) }

// JSON decodes one JSON value; what follows it but white space is an error, and so is invalid UTF-8.
func JSON[T any]() Decoder[T] {
	return func(wire string) (T, error) {
		var v T
		if !utf8.ValidString(wire) {
			return v, errors.New("invalid UTF-8")
		}
		return v, decodeJSON(wire, &v)
	}
}

func decodeJSON(wire string, v any) error {
	if err := tooDeep(wire); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader([]byte(wire)))
	if err := d.Decode(v); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("unexpected end of JSON input")
		}
		return err
	}
	if rest := wire[d.InputOffset():]; len(bytes.TrimSpace([]byte(rest))) > 0 {
		return fmt.Errorf("%s after the JSON value", quoted(rest))
	}
	return nil
}

// maxDepth is how deep JSON may nest; encoding/json has the same bound.
const maxDepth = 10000

// tooDeep guards the library's recursion against a record made to exhaust the stack.
func tooDeep(wire string) error {
	depth, inString := 0, false
	for i := 0; i < len(wire); i++ {
		switch c := wire[i]; {
		case c == '\\' && inString:
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth >= maxDepth {
				return fmt.Errorf("nested deeper than %d", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// decodeEvent decodes the value of a record; an event has one.
func decodeEvent(r *messages.Raw) (messages.RichEvent, error) {
	return decodeEventBy(decodeContent, r)
}

func decodeEventBy(decode Decoder[messages.RichEvent], r *messages.Raw) (messages.RichEvent, error) {
	if !r.HasValue() {
		return messages.RichEvent{}, fmt.Errorf("%v: the value does not decode: it is missing (a tombstone), and an event has one", r.Place())
	}
	e, err := decode(r.Value())
	if err != nil {
		return e, badRecord(r, "value", r.Value(), err)
	}
	return e, nil
}

// badRecord names the place and quotes the text.
func badRecord(r *messages.Raw, part, text string, err error) error {
	return fmt.Errorf("%v: the %s %s does not decode: %w", r.Place(), part, quoted(text), err)
}

// quoted cuts a text for an error message.
func quoted(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%q… (%d bytes)", s[:most], len(s))
	}
	return fmt.Sprintf("%q", s)
}
