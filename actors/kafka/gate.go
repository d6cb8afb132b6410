package kafka

import (
	"context"
	"sync"
)

// gate bounds what is unacknowledged, in records and in bytes. It is safe for concurrent use.
type gate struct {
	mu                  sync.Mutex
	records, maxRecords int64
	bytes, maxBytes     int64
	freed               chan struct{} // closed and replaced at every release that somebody waits for
	waiting             int
}

func newGate(maxRecords, maxBytes int64) *gate {
	return &gate{maxRecords: maxRecords, maxBytes: maxBytes, freed: make(chan struct{})}
}

// tryEnter takes room for one record of this size, if there is any.
func (g *gate) tryEnter(bytes int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.take(bytes)
}

func (g *gate) take(bytes int64) bool {
	if g.records >= g.maxRecords || g.bytes+bytes > g.maxBytes {
		return false
	}
	g.records++
	g.bytes += bytes
	return true
}

// enter waits for room.
func (g *gate) enter(ctx context.Context, bytes int64) error {
	for {
		g.mu.Lock()
		if g.take(bytes) {
			g.mu.Unlock()
			return nil
		}
		g.waiting++
		freed := g.freed
		g.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leave gives room back.
func (g *gate) leave(bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.records--
	g.bytes -= bytes
	if g.waiting > 0 {
		close(g.freed)
		g.freed, g.waiting = make(chan struct{}), 0
	}
}

// inside is how much is unacknowledged.
func (g *gate) inside() (records, bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.records, g.bytes
}
