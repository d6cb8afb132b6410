package streaming

import (
	"encoding/json"
	"fmt"
)

// Option is a value that may be missing: the missing side of an outer join, the state of a key that has none. Spark: Option.
// The zero Option is None.
type Option[T any] struct {
	value T
	ok    bool
}

// Some is an Option that has a value.
func Some[T any](v T) Option[T] { return Option[T]{v, true} }

// None is an Option that has none.
func None[T any]() Option[T] { return Option[T]{} }

// Get is the value; ok is false when there is none.
func (o Option[T]) Get() (v T, ok bool) { return o.value, o.ok }

// IsSome tells whether there is a value.
func (o Option[T]) IsSome() bool { return o.ok }

// OrElse is the value, or other when there is none.
func (o Option[T]) OrElse(other T) T {
	if o.ok {
		return o.value
	}
	return other
}

// String is "Some(value)" or "None".
func (o Option[T]) String() string {
	if !o.ok {
		return "None"
	}
	return fmt.Sprintf("Some(%v)", o.value)
}

func (Option[T]) codecIn(c *Context) (any, error) {
	v, err := codecFor[T](c)
	return Codec[Option[T]]{
		given: v.given,
		Name:  "option(" + v.Name + ")",
		Encode: func(dst []byte, o Option[T]) ([]byte, error) {
			if !o.ok {
				return append(dst, 0), nil
			}
			return v.Encode(append(dst, 1), o.value)
		},
		Decode: func(wire string) (Option[T], error) {
			if wire == "\x00" {
				return None[T](), nil
			}
			if wire == "" || wire[0] != 1 {
				return None[T](), errTorn
			}
			value, err := v.Decode(wire[1:])
			return Some(value), err
		},
	}, err
}

// MarshalJSON writes [value], or [] for none.
func (o Option[T]) MarshalJSON() ([]byte, error) {
	if !o.ok {
		return []byte("[]"), nil
	}
	return json.Marshal([]T{o.value})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *Option[T]) UnmarshalJSON(wire []byte) error {
	var values []T
	if err := json.Unmarshal(wire, &values); err != nil {
		return err
	}
	switch len(values) {
	case 0:
		*o = None[T]()
	case 1:
		*o = Some(values[0])
	default:
		return fmt.Errorf("an option of %d values", len(values))
	}
	return nil
}
