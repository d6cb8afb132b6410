package streaming

import (
	"reflect"
	"unsafe"
)

// sameness gives the function that tells whether two states are the same and need not be saved again; nil when it cannot be told:
// a state with a pointer, a map or a slice in it may have been changed in place.
func sameness[S any]() func(a, b S) bool {
	t := reflect.TypeFor[S]()
	switch {
	case t.Kind() == reflect.String:
		return func(a, b S) bool { return *(*string)(unsafe.Pointer(&a)) == *(*string)(unsafe.Pointer(&b)) }
	case t.Size() == 8 && t.Kind() >= reflect.Int && t.Kind() <= reflect.Uintptr:
		return func(a, b S) bool { return *(*uint64)(unsafe.Pointer(&a)) == *(*uint64)(unsafe.Pointer(&b)) }
	case t.Comparable() && !shares(t):
		return func(a, b S) bool { return any(a) == any(b) }
	}
	return nil
}
