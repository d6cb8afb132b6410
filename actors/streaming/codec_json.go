package streaming

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

var (
	jsonWriter = reflect.TypeFor[json.Marshaler]()
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textWriter = reflect.TypeFor[encoding.TextMarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// survivesJSON tells why a value of type t would not come back from JSON as it was; nil when it does.
func survivesJSON(t reflect.Type, seen []reflect.Type) error {
	for _, s := range seen {
		if s == t {
			return nil // a recursive type: judged where it was met first
		}
	}
	seen = append(seen, t)
	if writesItself(t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Errorf("JSON has nothing for %v", t)
	case reflect.Interface:
		return fmt.Errorf("JSON does not keep what stands behind the interface %v", t)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return survivesJSON(t.Elem(), seen)
	case reflect.Map:
		return mapSurvives(t, seen)
	case reflect.Struct:
		return fieldsSurvive(t, seen)
	}
	return nil
}

// writesItself tells whether the type has its own JSON, both ways.
func writesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t.Implements(jsonWriter) && p.Implements(jsonReader) || t.Implements(textWriter) && p.Implements(textReader)
}

func mapSurvives(t reflect.Type, seen []reflect.Type) error {
	switch k := t.Key().Kind(); {
	case k == reflect.String, k >= reflect.Int && k <= reflect.Uintptr, writesItself(t.Key()):
		return survivesJSON(t.Elem(), seen)
	}
	return fmt.Errorf("JSON has no map with keys of type %v", t.Key())
}

func fieldsSurvive(t reflect.Type, seen []reflect.Type) error {
	names := map[string]string{}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		if !f.IsExported() {
			return fmt.Errorf("JSON leaves out the unexported field %s of %v", f.Name, t)
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			return fmt.Errorf("the field %s of %v is left out by its tag", f.Name, t)
		}
		if name == "" {
			name = f.Name
		}
		if other, twice := names[strings.ToLower(name)]; twice {
			return fmt.Errorf("the fields %s and %s of %v have one name in JSON", other, f.Name, t)
		}
		names[strings.ToLower(name)] = f.Name
		if err := survivesJSON(f.Type, seen); err != nil {
			return err
		}
	}
	return nil
}

// errTorn says that saved bytes are not what their codec wrote.
var errTorn = errors.New("the saved bytes are not what the codec writes")
