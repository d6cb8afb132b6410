package streaming

import (
	"fmt"

	"github.com/hibana-stream/hibana/messages"
)

// keeping registers n as an operation that keeps something from batch to batch under a name, which no other one may have. Without a
// name of the user's (windows need none) it gets one of its kind and number.
func (c *Context) keeping(op string, n *node, name string, codec string, noCodec error) *node {
	n.wide.shape = messages.Shape{Operator: name, Kind: op, Codec: codec}
	c.add(op, n)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != Initialized {
		return n
	}
	if noCodec != nil {
		c.mistakeLocked(n, noCodec.Error())
	}
	for _, other := range c.nodes {
		if name != "" && other != n && other.wide != nil && other.wide.shape.Operator == name {
			c.mistakeLocked(n, fmt.Sprintf("the name %q is taken by %s at %s; the name of a state must be its own", name, other.op, other.place))
		}
	}
	return n
}

// named registers an operation whose state the user has named.
func (c *Context) named(op string, n *node, name string, codec string, noCodec error) *node {
	c.keeping(op, n, name, codec, noCodec)
	return n.must(name == "", "a stateful operation needs a name, under which its state is saved")
}

// must records a mistake in words of its own.
func (n *node) must(wrong bool, text string) *node {
	if wrong {
		n.context.mistake(n, text)
	}
	return n
}

// unnamed registers an operation that is named after itself and its place among its like.
func (c *Context) unnamed(op, detail string, n *node, codec string, noCodec error) *node {
	c.mu.Lock()
	name := op + detail
	for number := 1; ; number++ {
		if candidate := fmt.Sprintf("%s#%d", name, number); !c.nameTaken(candidate) {
			name = candidate
			break
		}
	}
	c.mu.Unlock()
	return c.keeping(op, n, name, codec, noCodec)
}

func (c *Context) nameTaken(name string) bool {
	for _, n := range c.nodes {
		if n.wide != nil && n.wide.shape.Operator == name {
			return true
		}
	}
	return false
}

// flag is a cell that is set once.
type flag struct{ is, was bool }

func (f *flag) begin()       { f.was = f.is }
func (f *flag) commit()      {}
func (f *flag) abort()       { f.is = f.was }
func (f *flag) bytes() int64 { return 0 }

func (f *flag) changes(w *changeWriter) error {
	if f.is == f.was {
		return nil
	}
	return f.all(w)
}

func (f *flag) all(w *changeWriter) error {
	if !f.is {
		return nil
	}
	return w.set(func(dst []byte) ([]byte, error) { return dst, nil },
		func(dst []byte) ([]byte, error) { return append(dst, 1), nil })
}

func (f *flag) load(_, _ string, deleted bool) error {
	f.is = !deleted
	return nil
}
