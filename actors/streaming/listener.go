package streaming

import (
	"errors"
	"fmt"
)

// listener is a function that is told of events, with the place where it was registered.
type listener struct {
	tell  func(any)
	place string
}

// Listen registers a function for the listener events of package messages. It is called by one goroutine at a time and must not block.
// When it panics, the log names it, and the stream goes on, as in Spark.
func (c *Context) Listen(f func(event any)) {
	c = present(c, "listen")
	c.mu.Lock()
	defer c.mu.Unlock()
	l := listener{f, place()}
	if m := (&Mistake{Op: "listen", Place: l.place, Text: "the function is nil"}); f == nil && c.state == Initialized {
		c.mistakes = append(c.mistakes, m)
	} else if f == nil {
		c.late = errors.Join(c.late, m)
	}
	if f == nil {
		return
	}
	c.listeners = append(c.listeners, l)
}

// Emit hands an event to the listeners. Engines call it, from one goroutine at a time.
func (c *Context) Emit(event any) {
	c = c.here("emit")
	c.mu.Lock()
	listeners := c.listeners
	c.mu.Unlock()
	for _, l := range listeners {
		if err := l.hear(event); err != nil {
			c.log.Error("a listener "+err.Error(), "listener at", l.place, "event", fmt.Sprintf("%T", event))
		}
	}
}

// hear tells the listener in a goroutine of its own, which it may end.
func (l listener) hear(event any) (err error) {
	ended := make(chan struct{})
	go func() { // over when this returns
		defer close(ended)
		l.told(event, &err)
	}()
	<-ended
	return err
}

func (l listener) told(event any, failed *error) {
	over := false
	defer func() {
		if r := recover(); r != nil {
			*failed = fmt.Errorf("panicked: %v", r)
		} else if !over {
			*failed = fmt.Errorf("failed: %w", ErrGoexit)
		}
	}()
	l.tell(event)
	over = true
}
