package streaming

import "sync"

// A Hold is one actor's share in the life of the stream: taken in Started, given back in Stopping and in Restarting.
type Hold struct {
	context *Context
	once    sync.Once
}

// Hold takes a share. It does not start anything by itself: whoever composes the system has started the context before any actor
// is spawned, so that one actor's restart never ends the stream. Holding a STOPPED context is ErrStopped.
func (c *Context) Hold() (*Hold, error) {
	c = c.here("hold")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Stopped {
		return nil, ErrStopped
	}
	c.holds++
	return &Hold{context: c}, nil
}

// Release gives the share back. It is idempotent, never blocks and never panics, also on a nil Hold.
func (h *Hold) Release() {
	if h == nil {
		return
	}
	h.once.Do(func() {
		h.context.mu.Lock()
		defer h.context.mu.Unlock()
		h.context.holds--
	})
}

// Holds is the number of shares that are out.
func (c *Context) Holds() int {
	c = c.here("holds")
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.holds
}
