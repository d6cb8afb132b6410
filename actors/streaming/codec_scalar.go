package streaming

import (
	"encoding/binary"
	"math"
	"reflect"
	"unsafe"
)

// scalarCodec is the codec of the basic kinds: strings and bytes as they are, integers as varints, floats by their bits.
func scalarCodec[T any](t reflect.Type) (Codec[T], bool) {
	if writesItself(t) {
		return Codec[T]{}, false // it has its own idea of how it is written
	}
	switch t.Kind() {
	case reflect.String:
		return stringCodec[T](), true
	case reflect.Bool, reflect.Uint8:
		return unsignedCodec[T, uint8](t), true
	case reflect.Uint16:
		return unsignedCodec[T, uint16](t), true
	case reflect.Uint32:
		return unsignedCodec[T, uint32](t), true
	case reflect.Uint64, reflect.Uint, reflect.Uintptr:
		return unsignedCodec[T, uint64](t), true
	case reflect.Int8:
		return signedCodec[T, int8](t), true
	case reflect.Int16:
		return signedCodec[T, int16](t), true
	case reflect.Int32:
		return signedCodec[T, int32](t), true
	case reflect.Int64, reflect.Int:
		return signedCodec[T, int64](t), true
	case reflect.Float32, reflect.Float64:
		return floatCodec[T](t), true
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytesCodec[T](t), true
		}
	case reflect.Struct:
		if t.NumField() == 0 {
			return emptyCodec[T](t), true
		}
	}
	return Codec[T]{}, false
}

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
	}
}

func bytesCodec[T any](t reflect.Type) Codec[T] {
	return Codec[T]{
		Name: t.String(),
		Encode: func(dst []byte, v T) ([]byte, error) {
			b := *(*[]byte)(unsafe.Pointer(&v))
			if b == nil {
				return append(dst, 0), nil
			}
			return append(append(dst, 1), b...), nil
		},
		Decode: func(wire string) (v T, err error) {
			if wire == "" {
				return v, errTorn
			}
			if wire[0] == 1 {
				*(*[]byte)(unsafe.Pointer(&v)) = []byte(wire[1:])
			}
			return v, nil
		},
	}
}

func signedCodec[T any, I int8 | int16 | int32 | int64](t reflect.Type) Codec[T] {
	return Codec[T]{
		Name: t.String(),
		Encode: func(dst []byte, v T) ([]byte, error) {
			return binary.AppendVarint(dst, int64(*(*I)(unsafe.Pointer(&v)))), nil
		},
		Decode: func(wire string) (v T, err error) {
			i, n := binary.Varint([]byte(wire))
			if n != len(wire) || n == 0 || int64(I(i)) != i {
				return v, errTorn
			}
			*(*I)(unsafe.Pointer(&v)) = I(i)
			return v, nil
		},
	}
}

func unsignedCodec[T any, U uint8 | uint16 | uint32 | uint64](t reflect.Type) Codec[T] {
	return Codec[T]{
		Name: t.String(),
		Encode: func(dst []byte, v T) ([]byte, error) {
			return binary.AppendUvarint(dst, uint64(*(*U)(unsafe.Pointer(&v)))), nil
		},
		Decode: func(wire string) (v T, err error) {
			u, n := binary.Uvarint([]byte(wire))
			if n != len(wire) || n == 0 || uint64(U(u)) != u || t.Kind() == reflect.Bool && u > 1 {
				return v, errTorn
			}
			*(*U)(unsafe.Pointer(&v)) = U(u)
			return v, nil
		},
	}
}

func floatCodec[T any](t reflect.Type) Codec[T] {
	return Codec[T]{
		Name: t.String(),
		Encode: func(dst []byte, v T) ([]byte, error) {
			if t.Size() == 4 {
				return binary.BigEndian.AppendUint32(dst, math.Float32bits(*(*float32)(unsafe.Pointer(&v)))), nil
			}
			return binary.BigEndian.AppendUint64(dst, math.Float64bits(*(*float64)(unsafe.Pointer(&v)))), nil
		},
		Decode: func(wire string) (v T, err error) {
			if len(wire) != int(t.Size()) {
				return v, errTorn
			}
			if t.Size() == 4 {
				*(*float32)(unsafe.Pointer(&v)) = math.Float32frombits(binary.BigEndian.Uint32([]byte(wire)))
				return v, nil
			}
			*(*float64)(unsafe.Pointer(&v)) = math.Float64frombits(binary.BigEndian.Uint64([]byte(wire)))
			return v, nil
		},
	}
}

func emptyCodec[T any](t reflect.Type) Codec[T] {
	return Codec[T]{
		Name:   t.String(),
		Encode: func(dst []byte, _ T) ([]byte, error) { return dst, nil },
		Decode: func(string) (v T, err error) { return v, nil },
	}
}
