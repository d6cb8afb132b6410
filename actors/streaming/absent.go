package streaming

import (
	"slices"
	"sync"
)

// What is wrong with a stream, and with a Context, that is not there.
const (
	zeroStream = "the stream is the zero value: no input or operation has made it"
	noContext  = "the context is nil or the zero value: NewContext makes one"
)

// made is the node of a stream to which op is added; the zero Stream, which has none, gets one of a Context that stands in.
func made(n *node, op string) *node {
	if n != nil {
		return n
	}
	c := standIn(op, zeroStream)
	return &node{op: op, place: c.absent.Place, context: c, slide: c.interval}
}

// present is the Context to which op is added, or one that stands in for it.
func present(c *Context, op string) *Context {
	if c.there() {
		return c
	}
	return standIn(op, noContext)
}

// here is the Context whose method is called, or one that is STOPPED and whose error says that there is none.
func (c *Context) here(method string) *Context {
	if c.there() {
		return c
	}
	c = NewContext(0)
	c.absent = &Mistake{Op: method, Place: place(), Text: noContext}
	c.late, c.state = c.absent, Stopped
	c.cancel()
	close(c.done)
	return c
}

func (c *Context) there() bool { return c != nil && c.done != nil }

// standIn makes a Context for operations on a stream or a Context that is not there, so that they can be written down as any other. It
// never starts: what is wrong is told by those that do.
func standIn(op, text string) *Context {
	c := NewContext(1)
	c.absent = &Mistake{Op: op, Place: place(), Text: text}
	astray.add(c.absent)
	return c
}

// astray are the mistakes of operations that belong to no Context. Each Context that was there at that time returns them, for the job
// that it is to run may be the one that has lost an operation.
var astray mistakesAstray

type mistakesAstray struct {
	mu    sync.Mutex
	count int
	last  []*Mistake
}

// mostAstray is how many are kept: a program that makes them all the time has been told by then.
const mostAstray = 64

func (a *mistakesAstray) add(m *Mistake) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count++; len(a.last) == mostAstray {
		a.last = slices.Delete(a.last, 0, 1)
	}
	a.last = append(a.last, m)
}

// now is how many there have been.
func (a *mistakesAstray) now() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

// since are those that came behind the first n, each once, and how many there have been.
func (a *mistakesAstray) since(n int) (found []error, now int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, m := range a.last[max(len(a.last)-(a.count-n), 0):] {
		if !slices.Contains(found, error(m)) {
			found = append(found, m)
		}
	}
	return found, a.count
}
