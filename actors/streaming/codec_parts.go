package streaming

import "encoding/binary"

// part appends one part of a composite, with its length in front.
func part[T any](dst []byte, c Codec[T], v T) ([]byte, error) {
	start := len(dst)
	dst, err := c.Encode(append(dst, 0), v)
	if err != nil {
		return dst, err
	}
	return sealed(dst, start), nil
}

// sealed puts the length of the part that begins behind the byte at start in front of it.
func sealed(dst []byte, start int) []byte {
	size := len(dst) - start - 1
	if size < 0x80 { // the usual case: the length fits the byte that was left for it
		dst[start] = byte(size)
		return dst
	}
	var head [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(head[:], uint64(size))
	dst = append(dst, head[:n-1]...)
	copy(dst[start+n:], dst[start+1:start+1+size])
	copy(dst[start:], head[:n])
	return dst
}

// reader takes a composite apart.
type reader struct {
	wire string
	err  error
}

// number reads a varint.
func (r *reader) number() uint64 {
	var v uint64
	for i := 0; r.err == nil; i++ {
		if i >= len(r.wire) || i >= binary.MaxVarintLen64 {
			r.err = errTorn
			break
		}
		b := r.wire[i]
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.wire = r.wire[i+1:]
			return v
		}
	}
	return 0
}

// text reads n bytes.
func (r *reader) text(n uint64) string {
	if r.err != nil || n > uint64(len(r.wire)) {
		r.err = errTorn
		return ""
	}
	out := r.wire[:n]
	r.wire = r.wire[n:]
	return out
}

// read reads one part.
func read[T any](r *reader, c Codec[T]) T {
	wire := r.text(r.number())
	if r.err != nil {
		var zero T
		return zero
	}
	v, err := c.Decode(wire)
	if err != nil {
		r.err = err
	}
	return v
}

// end tells whether everything was read well.
func (r *reader) end() error {
	if r.err == nil && r.wire != "" {
		r.err = errTorn
	}
	return r.err
}

// twoParts is the codec of a composite of two.
//
//go:noinline
func twoParts[A, B, T any](name string, a Codec[A], b Codec[B], split func(T) (A, B), join func(A, B) T) Codec[T] {
	return Codec[T]{
		given: a.given || b.given,
		Name:  name + "(" + a.Name + "," + b.Name + ")",
		Encode: func(dst []byte, v T) ([]byte, error) {
			x, y := split(v)
			dst, err := part(dst, a, x)
			if err != nil {
				return dst, err
			}
			return part(dst, b, y)
		},
		Decode: func(wire string) (T, error) {
			r := &reader{wire: wire}
			v := join(read(r, a), read(r, b))
			return v, r.end()
		},
	}
}

// codecsOf finds the codecs of a composite's two parts.
func codecsOf[A, B any](c *Context) (a Codec[A], b Codec[B], err error) {
	if a, err = codecFor[A](c); err == nil {
		b, err = codecFor[B](c)
	}
	return a, b, err
}

// sliceOf is the codec of a slice.
//
//go:noinline
func sliceOf[T any](c Codec[T]) Codec[[]T] {
	return Codec[[]T]{
		Name: "[]" + c.Name,
		Encode: func(dst []byte, v []T) ([]byte, error) {
			var err error
			dst = binary.AppendUvarint(dst, uint64(len(v)))
			for i := range v {
				if dst, err = part(dst, c, v[i]); err != nil {
					return dst, err
				}
			}
			return dst, nil
		},
		Decode: func(wire string) ([]T, error) {
			r := &reader{wire: wire}
			n := r.number()
			if n == 0 || n > uint64(len(wire)) {
				if n > 0 {
					r.err = errTorn
				}
				return nil, r.end()
			}
			out := make([]T, 0, n)
			for range n {
				out = append(out, read(r, c))
				if r.err != nil {
					break
				}
			}
			return out, r.end()
		},
	}
}
