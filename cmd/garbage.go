package cmd

import "runtime/debug"

// collectAt is the growth of the heap, in percent, at which garbage is collected; Go's own is 100. At full speed this program keeps
// about 10 MB alive, most of it fetched records that live for milliseconds, and collects every few of them: half as much growth
// again costs about 10 MB and saves one collection in three.
const collectAt = 150

// relaxCollector applies collectAt, unless GOGC says what is wanted.
func (m *Main) relaxCollector() {
	if m.getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}
