package streaming

import (
	"fmt"
	"log/slog"
)

// listener is a function that is told of events, with the place where it was registered.
type listener struct {
	tell  func(any)
	place string
}

// Listen registers a function for the listener events of package messages. It is called by one goroutine at a time and must not block.
// When it panics, the log names it, and the stream goes on, as in Spark.
func (c *Context) Listen(f func(event any)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := listener{f, place()}
	if f == nil {
		c.mistakeLocked(&node{op: "listen", place: l.place}, "the function is nil")
		return
	}
	c.listeners = append(c.listeners, l)
}

// Emit hands an event to the listeners. Engines call it, from one goroutine at a time.
func (c *Context) Emit(event any) {
	c.mu.Lock()
	listeners := c.listeners
	c.mu.Unlock()
	for _, l := range listeners {
		l.hear(event, c.log)
	}
}

func (l listener) hear(event any, log *slog.Logger) {
	defer func() {
		if r := recover(); r != nil {
			log.Error("a listener panicked", "listener at", l.place, "event", fmt.Sprintf("%T", event), "panic", fmt.Sprint(r))
		}
	}()
	l.tell(event)
}
