package checkpoint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Endings of files that do not count: one that was not finished, and one that was set aside.
const (
	newEnding     = ".new"
	refusedEnding = ".refused"
)

func snapshotName(generation uint64) string { return fmt.Sprintf("state-%06d.snapshot", generation) }

func logName(generation uint64) string { return fmt.Sprintf("state-%06d.log", generation) }

// generationOf reads a file's name back; kind is "snapshot" or "log" with its ending, if any. Other names have ok = false.
func generationOf(name string) (generation uint64, kind string, ok bool) {
	rest, ok := strings.CutPrefix(name, "state-")
	if !ok {
		return 0, "", false
	}
	digits, kind, _ := strings.Cut(rest, ".")
	generation, err := strconv.ParseUint(digits, 10, 64)
	return generation, kind, err == nil && generation > 0
}

// generations are the files of a folder that hold state, in ascending order.
type generations struct {
	snapshots, logs []uint64
	// highest is the highest generation of any file, also of those that do not count.
	highest uint64
	// unfinished are the names of files that a crash left in the making.
	unfinished []string
}

func survey(names []string) (g generations) {
	for _, name := range names {
		generation, kind, ok := generationOf(name)
		if !ok {
			continue
		}
		g.highest = max(g.highest, generation)
		switch {
		case kind == "snapshot":
			g.snapshots = append(g.snapshots, generation)
		case kind == "log":
			g.logs = append(g.logs, generation)
		case strings.HasSuffix(kind, newEnding):
			g.unfinished = append(g.unfinished, name)
		}
	}
	slices.Sort(g.snapshots)
	slices.Sort(g.logs)
	return g
}

// chain is a snapshot and the logs behind it: together one state. Each log goes on where the one before it ends.
type chain struct {
	standing
	// snapshot is the snapshot's generation, 0 for the empty state.
	snapshot     uint64
	snapshotSize int64
	logs         []segment
}

// segment is one log and the length up to which it counts, in bytes.
type segment struct {
	generation uint64
	end        int64
}

// logged is the length of all logs in bytes.
func (c *chain) logged() (bytes int64) {
	for _, l := range c.logs {
		bytes += l.end
	}
	return bytes
}

// first is the oldest generation that the chain needs.
func (c *chain) first() uint64 {
	if c.snapshot > 0 || len(c.logs) == 0 {
		return c.snapshot
	}
	return c.logs[0].generation
}
