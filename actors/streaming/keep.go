package streaming

import (
	"reflect"
	"strings"
	"unsafe"

	"github.com/hibana-stream/hibana/messages"
)

// keeper gives the function that takes a T off the fetch buffer, into an arena or (nil) on its own, with an estimate of the bytes
// it holds. Strings that a T holds in itself (as a string, in the fields of a struct, in an array) are copied; what it holds behind
// a pointer, a slice, a map or an interface is left: there an aliased string would keep its fetch buffer alive, which costs memory
// but is safe.
//
//go:noinline
func keeper[T any]() func(*arena, T) (T, int64) {
	t := reflect.TypeFor[T]()
	size := int64(t.Size())
	if t.Kind() == reflect.String {
		return func(a *arena, v T) (T, int64) {
			s := (*string)(unsafe.Pointer(&v))
			*s = a.clone(*s)
			return v, size + int64(len(*s))
		}
	}
	offsets := stringOffsets(t, 0, nil)
	if len(offsets) == 0 {
		if weigh := behind(t); weigh != nil {
			return func(_ *arena, v T) (T, int64) { return v, size + weigh(unsafe.Pointer(&v)) }
		}
		return func(_ *arena, v T) (T, int64) { return v, size }
	}
	return func(a *arena, v T) (T, int64) {
		total := size
		for _, at := range offsets {
			s := (*string)(unsafe.Add(unsafe.Pointer(&v), at))
			*s = a.clone(*s)
			total += int64(len(*s))
		}
		return v, total
	}
}

// weigher gives the function that estimates the bytes that a T holds.
//
//go:noinline
func weigher[T any]() func(T) int64 {
	t := reflect.TypeFor[T]()
	size, offsets := int64(t.Size()), stringOffsets(t, 0, nil)
	if weigh := behind(t); weigh != nil {
		return func(v T) int64 { return size + weigh(unsafe.Pointer(&v)) }
	}
	return func(v T) int64 {
		total := size
		for _, at := range offsets {
			total += int64(len(*(*string)(unsafe.Add(unsafe.Pointer(&v), at))))
		}
		return total
	}
}

// behind gives the function that estimates what the slice or the map at v holds behind its header; nil for another type.
func behind(t reflect.Type) func(v unsafe.Pointer) int64 {
	switch t.Kind() {
	case reflect.Slice:
		element := int64(t.Elem().Size())
		if t == typeOf[[]string]() {
			return func(v unsafe.Pointer) int64 {
				texts := *(*[]string)(v)
				n := element * int64(len(texts))
				for _, s := range texts {
					n += int64(len(s))
				}
				return n
			}
		}
		return func(v unsafe.Pointer) int64 { return element * int64(reflect.NewAt(t, v).Elem().Len()) }
	case reflect.Map:
		entry := int64(t.Elem().Size()+t.Key().Size()) * 2
		return func(v unsafe.Pointer) int64 { return entry * int64(reflect.NewAt(t, v).Elem().Len()) }
	}
	return nil
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

// shares tells whether a value of type t can be changed in place by whoever holds a copy: it has a pointer, a map, a slice or an
// interface in it. Strings cannot be changed.
func shares(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return shares(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if shares(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// cloneRaw takes a record off the fetch buffer.
func cloneRaw(r *messages.Raw) messages.Raw {
	return messages.Decoded(r, strings.Clone(r.Key()), strings.Clone(r.Value()))
}

// typeOf is the type T.
func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// sharesMemory tells whether a T can be changed in place by whoever holds a copy.
func sharesMemory[T any]() bool { return shares(typeOf[T]()) }
