package actors

import "sync/atomic"

// hoard counts what the job holds of its batches, in all partitions, until they have run: a collected element, a window's, a
// sort's. A partition may always hold its own share of the budget; beyond that it draws on what the others leave.
type hoard struct {
	held  atomic.Int64
	limit int64
}

// full tells whether a partition that holds held bytes, and has share to itself, has to wait for the next batch.
func (h *hoard) full(held, share int64) bool { return held > share && h.held.Load() > h.limit }

func (h *hoard) add(bytes int64) { h.held.Add(bytes) }

// reset forgets everything: nobody holds anything any more.
func (h *hoard) reset() { h.held.Store(0) }
