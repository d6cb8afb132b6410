package checkpoint

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// History is what the ledgers of many instances say together.
type History struct {
	reports []messages.BatchReport
	// since has the groups of which lines were rotated away, with the time from which on no ledger of theirs lacks a line.
	since    map[string]time.Time
	warnings []string
}

// Read joins the ledgers of all groups and instances that lie in the folders. It may be called while they are written: a last line
// without an end is passed over with a warning. A folder without a ledger is an error, as are those of the file system.
func Read(folders ...string) (History, error) {
	var h History
	for _, dir := range folders {
		if err := h.folder(dir); err != nil {
			return History{}, err
		}
	}
	return h, nil
}

// Warnings are lines that could not be read, each with file and line.
func (h History) Warnings() []string { return slices.Clone(h.warnings) }

// Groups are the groups that there are batches of, in order.
func (h History) Groups() []string {
	var all []string
	for _, r := range h.reports {
		all = append(all, r.Group)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Of are all batches of one group: instance by instance, and for each in the order in which they were written.
func (h History) Of(group string) []messages.BatchReport {
	other := func(r messages.BatchReport) bool { return r.Group != group }
	return slices.DeleteFunc(slices.Clone(h.reports), other)
}

// Partitions are those that are in a batch of the group, in order.
func (h History) Partitions(group string) []messages.TopicPartition {
	seen := map[messages.TopicPartition]bool{}
	for _, r := range h.reports {
		for part := range r.Parts() {
			seen[part.TopicPartition] = seen[part.TopicPartition] || r.Group == group
		}
	}
	maps.DeleteFunc(seen, func(_ messages.TopicPartition, in bool) bool { return !in })
	return slices.SortedFunc(maps.Keys(seen), messages.TopicPartition.Compare)
}

// Complete are the batches of one group that Verify can judge: those from since on, since earlier ones may lack a neighbour that was
// rotated away. since is zero when no line ever was.
func (h History) Complete(group string) (batches []messages.BatchReport, since time.Time) {
	since = h.since[group]
	early := func(r messages.BatchReport) bool { return r.Time.Before(since) }
	return slices.DeleteFunc(h.Of(group), early), since
}

// folder reads the ledgers of one folder.
func (h *History) folder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	owners := map[string][]int{}
	for _, e := range entries {
		if owner, number, ok := pageNumber(e.Name()); ok {
			owners[owner] = append(owners[owner], number)
		}
	}
	if len(owners) == 0 {
		return fmt.Errorf("%s: no ledger (a file …%s) is there", dir, ledgerEnding)
	}
	for _, e := range entries { // Not by the map: the order of the names is the order of the reports.
		owner, _, _ := pageNumber(e.Name())
		if numbers := owners[owner]; numbers != nil {
			delete(owners, owner)
			if err := h.owner(dir, owner, numbers); err != nil {
				return err
			}
		}
	}
	return nil
}

// owner reads the pages of one instance.
func (h *History) owner(dir, owner string, numbers []int) error {
	slices.Sort(numbers)
	first, rotated := len(h.reports), numbers[0] > 1
	for i, number := range numbers {
		err := h.page(filepath.Join(dir, pageName(owner, number)))
		if errors.Is(err, os.ErrNotExist) && i == 0 {
			rotated = true // Just now.
		} else if err != nil {
			return err
		}
	}
	if rotated && len(h.reports) > first {
		h.lacks(h.reports[first])
	}
	return nil
}

// lacks notes the first batch that is left of a ledger.
func (h *History) lacks(first messages.BatchReport) {
	if h.since == nil {
		h.since = map[string]time.Time{}
	}
	if first.Time.After(h.since[first.Group]) {
		h.since[first.Group] = first.Time
	}
}

// page reads one file.
func (h *History) page(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewReaderSize(f, 1<<16)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			h.line(path, n, line)
		}
		if err == io.EOF {
			return nil
		}
	}
}

func (h *History) line(path string, n int, line []byte) {
	r, err := parseLine(line)
	switch {
	case err == nil:
		h.reports = append(h.reports, r)
	case !bytes.HasSuffix(line, []byte{'\n'}):
		h.warnings = append(h.warnings, fmt.Sprintf("%s:%d: the last line is torn", path, n))
	default:
		h.warnings = append(h.warnings, fmt.Sprintf("%s:%d: not a batch: %v", path, n, err))
	}
}
