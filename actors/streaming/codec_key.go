package streaming

import (
	"fmt"
	"reflect"
)

// keyedCodecs are the codecs of a key and of what is kept for it.
func keyedCodecs[K, V any](c *Context) (key Codec[K], value Codec[V], err error) {
	if err := c.equalWhenRead(typeOf[K]()); err != nil {
		return key, value, err
	}
	return codecsOf[K, V](c)
}

// equalWhenRead tells why a key of type t that was saved and read would not be equal to itself; nil when it would be. A codec that was
// set for it is trusted: it may know the one pointer.
func (c *Context) equalWhenRead(t reflect.Type) error {
	c.mu.Lock()
	_, set := c.codecs[t]
	c.mu.Unlock()
	switch {
	case set:
		return nil
	case t.Kind() == reflect.Pointer:
		return fmt.Errorf("a key with a %v in it would be another one when it is read back, since pointers are compared; use what it points to, or give it a codec with SetCodec", t)
	case writesItself(t):
		return nil
	case t.Kind() == reflect.Array:
		return c.equalWhenRead(t.Elem())
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if err := c.equalWhenRead(t.Field(i).Type); err != nil {
				return err
			}
		}
	}
	return nil
}
