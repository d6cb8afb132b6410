package streaming

import (
	"encoding/binary"
	"math"
	"reflect"
	"unsafe"
)

// scalarCodec is the codec of the basic kinds: strings and bytes as they are, integers as varints, floats by their bits. Strings and the
// integers that most keys and counts are have code of their own for each T. All others share theirs: a compiler that had to make
// all of it for every type of a job would take seconds.
//
//go:noinline
func scalarCodec[T any](t reflect.Type) (Codec[T], bool) {
	if writesItself(t) {
		return Codec[T]{}, false // it has its own idea of how it is written
	}
	switch t.Kind() {
	case reflect.String:
		return stringCodec[T](), true
	case reflect.Int64, reflect.Int:
		return integerCodec[T](t), true
	}
	s, ok := scalarOf(t)
	return Codec[T]{
		Name:   t.String(),
		Encode: func(dst []byte, v T) ([]byte, error) { return s.write(dst, unsafe.Pointer(&v)), nil },
		Decode: func(wire string) (v T, err error) {
			err = s.read(wire, unsafe.Pointer(&v))
			return v, err
		},
	}, ok
}

// scalar writes and reads a value of one kind, wherever it stands.
type scalar struct {
	write func(dst []byte, v unsafe.Pointer) []byte
	read  func(wire string, v unsafe.Pointer) error
}

// scalarOf finds the scalar of a type's kind.
func scalarOf(t reflect.Type) (scalar, bool) {
	switch kind := t.Kind(); kind {
	case reflect.Bool:
		return unsigned[uint8](1), true
	case reflect.Uint8:
		return unsigned[uint8](math.MaxUint8), true
	case reflect.Uint16:
		return unsigned[uint16](math.MaxUint16), true
	case reflect.Uint32:
		return unsigned[uint32](math.MaxUint32), true
	case reflect.Uint64, reflect.Uint, reflect.Uintptr:
		return unsigned[uint64](math.MaxUint64), true
	case reflect.Int8:
		return signed[int8](), true
	case reflect.Int16:
		return signed[int16](), true
	case reflect.Int32:
		return signed[int32](), true
	case reflect.Float32:
		return scalar{writeFloat32, readFloat32}, true
	case reflect.Float64:
		return scalar{writeFloat64, readFloat64}, true
	case reflect.Slice:
		return scalar{writeBytes, readBytes}, t.Elem().Kind() == reflect.Uint8
	case reflect.Struct:
		return scalar{
			func(dst []byte, _ unsafe.Pointer) []byte { return dst },
			func(string, unsafe.Pointer) error { return nil },
		}, t.NumField() == 0
	}
	return scalar{}, false
}

//go:noinline
func stringCodec[T any]() Codec[T] {
	return Codec[T]{
		Name: "string",
		Encode: func(dst []byte, v T) ([]byte, error) {
			return append(dst, *(*string)(unsafe.Pointer(&v))...), nil
		},
		Decode: func(wire string) (v T, err error) {
			*(*string)(unsafe.Pointer(&v)) = string([]byte(wire))
			return v, nil
		},
		view: func(wire string) (v T) {
			*(*string)(unsafe.Pointer(&v)) = wire
			return v
		},
	}
}

// integerCodec is that of int and int64.
//
//go:noinline
func integerCodec[T any](t reflect.Type) Codec[T] {
	return Codec[T]{
		Name: t.String(),
		Encode: func(dst []byte, v T) ([]byte, error) {
			return binary.AppendVarint(dst, *(*int64)(unsafe.Pointer(&v))), nil
		},
		Decode: func(wire string) (v T, err error) {
			*(*int64)(unsafe.Pointer(&v)), err = readInteger(wire)
			return v, err
		},
	}
}

func readInteger(wire string) (int64, error) {
	i, n := binary.Varint([]byte(wire))
	if n != len(wire) || n == 0 {
		return 0, errTorn
	}
	return i, nil
}

func signed[I int8 | int16 | int32]() scalar {
	return scalar{
		write: func(dst []byte, v unsafe.Pointer) []byte { return binary.AppendVarint(dst, int64(*(*I)(v))) },
		read: func(wire string, v unsafe.Pointer) error {
			i, n := binary.Varint([]byte(wire))
			if n != len(wire) || n == 0 || int64(I(i)) != i {
				return errTorn
			}
			*(*I)(v) = I(i)
			return nil
		},
	}
}

func unsigned[U uint8 | uint16 | uint32 | uint64](most uint64) scalar {
	return scalar{
		write: func(dst []byte, v unsafe.Pointer) []byte { return binary.AppendUvarint(dst, uint64(*(*U)(v))) },
		read: func(wire string, v unsafe.Pointer) error {
			u, n := binary.Uvarint([]byte(wire))
			if n != len(wire) || n == 0 || u > most {
				return errTorn
			}
			*(*U)(v) = U(u)
			return nil
		},
	}
}

func writeFloat32(dst []byte, v unsafe.Pointer) []byte {
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(*(*float32)(v)))
}

func readFloat32(wire string, v unsafe.Pointer) error {
	if len(wire) != 4 {
		return errTorn
	}
	*(*float32)(v) = math.Float32frombits(binary.BigEndian.Uint32([]byte(wire)))
	return nil
}

func writeFloat64(dst []byte, v unsafe.Pointer) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(*(*float64)(v)))
}

func readFloat64(wire string, v unsafe.Pointer) error {
	if len(wire) != 8 {
		return errTorn
	}
	*(*float64)(v) = math.Float64frombits(binary.BigEndian.Uint64([]byte(wire)))
	return nil
}

func writeBytes(dst []byte, v unsafe.Pointer) []byte {
	b := *(*[]byte)(v)
	if b == nil {
		return append(dst, 0)
	}
	return append(append(dst, 1), b...)
}

func readBytes(wire string, v unsafe.Pointer) error {
	if wire == "" {
		return errTorn
	}
	if wire[0] == 1 {
		*(*[]byte)(v) = []byte(wire[1:])
	}
	return nil
}
