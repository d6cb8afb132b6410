package streaming

const zeroStream = "the stream is the zero value: no input or operation has made it"

// made is the node of a stream to which op is added. The zero Stream has none, and no Context that could keep the mistake until the
// start: this one panics, with the sentence that Start would have returned.
func made(n *node, op string) *node {
	if n == nil {
		panic(&Mistake{Op: op, Place: place(), Text: zeroStream})
	}
	return n
}

// present is a Context that is there; op is what is added to it.
func present(c *Context, op string) *Context {
	if c == nil {
		panic(&Mistake{Op: op, Place: place(), Text: "the context is nil"})
	}
	return c
}
