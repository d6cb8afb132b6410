package streaming

import (
	"reflect"
	"strings"
	"unsafe"

	"github.com/hibana-stream/hibana/messages"
)

// keeper gives the function that takes a T off the fetch buffer, with an estimate of the bytes it holds. Strings that a T holds in
// itself (as a string, in the fields of a struct, in an array) are cloned; what it holds behind a pointer, a slice, a map or an
// interface is left: there an aliased string would keep its fetch buffer alive, which costs memory but is safe.
func keeper[T any]() func(T) (T, int64) {
	t := reflect.TypeFor[T]()
	size := int64(t.Size())
	if t.Kind() == reflect.String {
		return func(v T) (T, int64) {
			s := (*string)(unsafe.Pointer(&v))
			*s = strings.Clone(*s)
			return v, size + int64(len(*s))
		}
	}
	offsets := stringOffsets(t, 0, nil)
	if len(offsets) == 0 {
		return func(v T) (T, int64) { return v, size + behind(any(v)) }
	}
	return func(v T) (T, int64) {
		total := size
		for _, at := range offsets {
			s := (*string)(unsafe.Add(unsafe.Pointer(&v), at))
			*s = strings.Clone(*s)
			total += int64(len(*s))
		}
		return v, total
	}
}

// behind estimates what the common kinds hold behind a header.
func behind(v any) int64 {
	switch v := v.(type) {
	case []byte:
		return int64(len(v))
	case []string:
		var n int64
		for _, s := range v {
			n += 16 + int64(len(s))
		}
		return n
	}
	return 0
}

// stringOffsets finds the strings that a value of type t holds in itself.
func stringOffsets(t reflect.Type, base uintptr, found []uintptr) []uintptr {
	switch t.Kind() {
	case reflect.String:
		return append(found, base)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			found = stringOffsets(f.Type, base+f.Offset, found)
		}
	case reflect.Array:
		for i := range min(t.Len(), 16) {
			found = stringOffsets(t.Elem(), base+uintptr(i)*t.Elem().Size(), found)
		}
	}
	return found
}

// cloneRaw takes a record off the fetch buffer.
func cloneRaw(r *messages.Raw) messages.Raw {
	return messages.Decoded(r, strings.Clone(r.Key()), strings.Clone(r.Value()))
}
