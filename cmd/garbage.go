package cmd

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// collectAt is the growth of the heap, in percent, at which garbage is collected; Go's own is 100. At full speed this program keeps
// about 10 MB alive, most of it fetched records that live for milliseconds, and collects every few of them: half as much growth
// again costs about 10 MB and saves one collection in three.
const collectAt = 150

// A job that holds as many records as memory.records permits keeps ten times that alive, and would let as much garbage stand
// beside it. So the heap may come to heapPerRecords times memory.records, if that is half as much again as is alive at least; what is
// more than that alone is a job's own state, which is collected as Go does.
const (
	heapPerRecords = 3
	leastGrowth    = 50
	ownGrowth      = 100
)

// growth is the percentage for what is alive, given what the heap may come to, both in bytes.
func growth(alive, most uint64) int {
	switch {
	case alive == 0:
		return collectAt
	case alive > most:
		return ownGrowth
	}
	return int(min(max((most-alive)*100/alive, leastGrowth), collectAt))
}

// collector sets the percentage anew after each collection, while it lives.
type collector struct {
	most    uint64
	percent int
	ended   atomic.Bool
}

// relaxCollector begins that, unless GOGC says what is wanted; what it returns ends it.
func (m *Main) relaxCollector(records int64) (end func()) {
	if m.getenv("GOGC") != "" {
		return func() {}
	}
	debug.SetGCPercent(collectAt)
	c := &collector{most: heapPerRecords * uint64(records), percent: collectAt}
	c.afterNext()
	return func() { c.ended.Store(true) }
}

// afterNext comes back when the next collection has found something that nobody holds.
func (c *collector) afterNext() {
	type bell struct{ _ [16]byte }
	runtime.AddCleanup(new(bell), func(c *collector) {
		if !c.ended.Load() {
			c.adjust()
			c.afterNext()
		}
	}, c)
}

// adjust changes the percentage when it is worth the short stop that it takes.
func (c *collector) adjust() {
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(alive)
	if p := growth(alive[0].Value.Uint64(), c.most); p > c.percent+10 || p < c.percent-10 {
		debug.SetGCPercent(p)
		c.percent = p
	}
}
