package streaming

// Renew gives a fresh Context, INITIALIZED, with the same settings, operations and listeners, whose job engine will run: a Context's
// life goes one way, and a job that is started again, from what was saved, needs a new one. The old Context must be STOPPED, and
// its streams belong to the new one from now on.
func (c *Context) Renew(engine Engine) *Context {
	c = present(c, "renew")
	c.mu.Lock()
	defer c.mu.Unlock()
	fresh := NewContext(c.interval, WithEngine(engine), WithLog(c.log), WithTopics(c.topics...), WithPattern(c.pattern), WithStateLimit(c.limit))
	fresh.saved, fresh.byPartition, fresh.remembers, fresh.codecs = c.saved, c.byPartition, c.remembers, c.codecs
	fresh.offsets = c.offsets
	fresh.nodes, fresh.mistakes, fresh.listeners = c.nodes, c.mistakes, c.listeners
	for _, n := range c.nodes {
		n.context = fresh
	}
	return fresh
}
