package streaming

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/hibana-stream/hibana/messages"
)

// A Codec is how keys, state and what windows hold are saved. The default codecs are: strings and byte slices as they are, integers,
// floats and booleans in binary, RichEvents as their content, pairs, options and slices made of these, and JSON for the rest.
// A type that JSON does not give back as it was is refused when the job starts; SetCodec is the way out.
type Codec[T any] struct {
	// Name identifies the form. State that was saved under one name is not read under another. Default: one of the type.
	Name string
	// Encode appends v's bytes to dst. Equal keys must have equal bytes, and different ones different bytes: a batch that would save
	// a key otherwise fails.
	Encode func(dst []byte, v T) ([]byte, error)
	// Decode reads what Encode wrote. It may not keep wire.
	Decode func(wire string) (T, error)

	// view is Decode for a moment: what it returns may keep wire. nil: there is no such form.
	view func(wire string) T
	// given says that it is a user's, or made of one.
	given bool
}

// SetCodec makes every operation that is added to c from now on save its values of type T with codec.
// Called after the start, it is refused as operations are.
func SetCodec[T any](c *Context, codec Codec[T]) {
	c = present(c, "setCodec")
	n := &node{op: "setCodec", place: place(), context: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != Initialized {
		c.tooLate(n)
		return
	}
	if codec.Encode == nil || codec.Decode == nil {
		c.mistakeLocked(n, fmt.Sprintf("the codec of %v has no Encode or no Decode", reflect.TypeFor[T]()))
	}
	if c.codecs == nil {
		c.codecs = map[reflect.Type]any{}
	}
	c.codecs[reflect.TypeFor[T]()] = given("codec("+reflect.TypeFor[T]().String()+")", codec)
}

// composite is a type of this package whose codec is made of those of its parts.
type composite interface{ codecIn(c *Context) (any, error) }

// codecFor finds the codec of T, or says why there is none.
func codecFor[T any](c *Context) (Codec[T], error) {
	t := reflect.TypeFor[T]()
	var zero T
	if known, ok, err := c.knownCodec(t, zero); ok {
		codec, _ := known.(Codec[T])
		return codec, err
	}
	if codec, ok := scalarCodec[T](t); ok {
		return codec, nil
	}
	if err := survivesJSON(t, nil); err != nil {
		return Codec[T]{}, fmt.Errorf("%v cannot be saved: %w; give it a codec with SetCodec", t, err)
	}
	return jsonCodec[T](t), nil
}

// knownCodec is the codec of a type, as a Codec of that type, that was set, is made of those of its parts, or is an event's.
func (c *Context) knownCodec(t reflect.Type, zero any) (codec any, ok bool, err error) {
	c.mu.Lock()
	set, ok := c.codecs[t]
	c.mu.Unlock()
	if ok {
		return set, true, nil
	}
	if made, ok := zero.(composite); ok {
		codec, err := made.codecIn(c)
		return codec, true, err
	}
	return eventCodec, t == typeOf[messages.RichEvent](), nil
}

var eventCodec = Codec[messages.RichEvent]{
	Name:   "RichEvent",
	Encode: func(dst []byte, e messages.RichEvent) ([]byte, error) { return append(dst, e.Content()...), nil },
	Decode: func(wire string) (messages.RichEvent, error) {
		return messages.NewRichEvent(strings.Clone(wire)), nil
	},
}

//go:noinline
func jsonCodec[T any](t reflect.Type) Codec[T] {
	return Codec[T]{
		Name:   "json(" + t.String() + ")",
		Encode: func(dst []byte, v T) ([]byte, error) { return appendJSON(dst, v, t) },
		Decode: func(wire string) (v T, err error) { return v, json.Unmarshal([]byte(wire), &v) },
	}
}

func appendJSON(dst []byte, v any, t reflect.Type) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return dst, err
	}
	if bytes.Contains(b, []byte(`\ufffd`)) && !returns(b, v, t) {
		return dst, fmt.Errorf("%v holds a string that is no UTF-8, which JSON does not keep", t)
	}
	return append(dst, b...), nil
}

// returns tells whether b is read back as v, a value of type t.
func returns(b []byte, v any, t reflect.Type) bool {
	back := reflect.New(t)
	return utf8.Valid(b) && json.Unmarshal(b, back.Interface()) == nil && reflect.DeepEqual(back.Elem().Interface(), v)
}
