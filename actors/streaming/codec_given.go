package streaming

import (
	"bytes"
	"fmt"
	"unsafe"
)

// given is a codec of the user's. Its Encode gets the room behind what is written already: it can neither see that nor write over it, and
// what it returns counts, whether it was appended or not.
func given[T any](name string, c Codec[T]) Codec[T] {
	encode := c.Encode
	c.given = true
	if c.Name == "" {
		c.Name = name
	}
	c.Encode = func(dst []byte, v T) ([]byte, error) {
		room := dst[len(dst):]
		b, err := encode(room, v)
		if err != nil || len(b) == 0 {
			return dst, err
		}
		if unsafe.SliceData(b) == unsafe.SliceData(room) && len(b) <= cap(room) {
			return dst[:len(dst)+len(b)], nil
		}
		return append(dst, b...), nil
	}
	return c
}

// distinct tells why state could not be found again under the bytes of a key that a codec of the user's has written: they are not read
// back as that key, or are others when they are written again. The codecs of this package need no such look.
func (c storeCodecs[K, S]) distinct(key K, wire []byte) error {
	back, err := c.key.Decode(string(wire))
	if err != nil {
		return fmt.Errorf("the key %v, as the codec %q writes it, is not read: %w", key, c.key.Name, err)
	}
	if back != key {
		return fmt.Errorf("the key %v, as the codec %q writes it, is read back as %v; each key must have bytes of its own", key, c.key.Name, back)
	}
	if again, err := c.key.Encode(nil, key); err != nil || !bytes.Equal(again, wire) {
		return fmt.Errorf("the key %v is written by the codec %q as %q and then as %q; a key must always have the same bytes", key, c.key.Name, wire, again)
	}
	return nil
}
