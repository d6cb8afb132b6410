package checkpoint

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
)

// disk is a folder in memory that knows what of it would survive a power failure, and that can fail at any call which changes
// something. It models what file systems promise: a file's unsynced sectors may each be written or not, unwritten ones read
// as zeros, and the names' changes last in their order.
type disk struct {
	names map[string]*node
	// stable are the names as the last sync of the folder left them, pending the changes since then.
	stable  map[string]*node
	pending []func(map[string]*node)

	calls int
	// failAt is the call that fails, counted from 1; how many bytes of it a write still writes is a matter of part.
	failAt int
	part   part
	// crash says that nothing works any more after the call that fails; otherwise for failures calls the disk is full.
	crash    bool
	failures int
	// stopAt is a call with which the machine stops, beside the one that fails.
	stopAt int
	dead   bool
}

// part is how much of the failing call is done nevertheless.
type part int

const (
	nothing part = iota
	oneByte
	half
	everything
)

var errCrash = errors.New("the machine has stopped")

type node struct{ data, stable []byte }

func newDisk() *disk { return &disk{names: map[string]*node{}, stable: map[string]*node{}} }

// act counts a call that changes something; do does a part of it.
func (d *disk) act(do func(part)) error {
	if d.dead {
		return errCrash
	}
	d.calls++
	if d.calls == d.stopAt {
		do(d.part)
		d.dead = true
		return errCrash
	}
	if d.failAt == 0 || d.calls < d.failAt || (!d.crash && d.calls >= d.failAt+d.failures) {
		do(everything)
		return nil
	}
	do(d.part)
	if d.crash {
		d.dead = true
		return errCrash
	}
	return syscall.ENOSPC
}

func (d *disk) path(name string) string { return "/disk/" + name }

func (d *disk) list() ([]string, error) { return slices.Sorted(maps.Keys(d.names)), nil }

// rearrange changes the names now, and for good with the next sync of the folder.
func (d *disk) rearrange(change func(map[string]*node)) error {
	return d.act(func(p part) {
		if p == everything {
			change(d.names)
			d.pending = append(d.pending, change)
		}
	})
}

func (d *disk) create(name string) (file, error) {
	n := d.names[name]
	if n == nil {
		n = &node{}
	}
	err := d.rearrange(func(names map[string]*node) { names[name] = n })
	n.data = nil
	return &handle{d, n}, err
}

func (d *disk) open(name string) (file, error) {
	if d.dead {
		return nil, errCrash
	}
	if n := d.names[name]; n != nil {
		return &handle{d, n}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: d.path(name), Err: fs.ErrNotExist}
}

func (d *disk) rename(from, to string) error {
	return d.rearrange(func(names map[string]*node) {
		names[to] = names[from]
		delete(names, from)
	})
}

func (d *disk) remove(name string) error {
	return d.rearrange(func(names map[string]*node) { delete(names, name) })
}

func (d *disk) sync() error {
	return d.act(func(p part) {
		if p == everything {
			d.stable, d.pending = maps.Clone(d.names), nil
		}
	})
}

type handle struct {
	disk *disk
	node *node
}

func (h *handle) ReadAt(b []byte, at int64) (int, error) {
	if h.disk.dead {
		return 0, errCrash
	}
	if at >= int64(len(h.node.data)) {
		return 0, io.EOF
	}
	n := copy(b, h.node.data[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(b []byte, at int64) (int, error) {
	n := 0
	err := h.disk.act(func(p part) {
		n = map[part]int{nothing: 0, oneByte: 1, half: len(b) / 2, everything: len(b)}[p]
		if end := int(at) + n; n > 0 && end > len(h.node.data) {
			h.node.data = append(h.node.data, make([]byte, end-len(h.node.data))...)
		}
		copy(h.node.data[min(int(at), len(h.node.data)):], b[:n])
	})
	return n, err
}

func (h *handle) Truncate(size int64) error {
	return h.disk.act(func(p part) {
		if p == everything {
			h.node.data = h.node.data[:size:size]
		}
	})
}

func (h *handle) Sync() error {
	return h.disk.act(func(p part) {
		if p == everything {
			h.node.stable = slices.Clone(h.node.data)
		}
	})
}

func (h *handle) size() (int64, error) { return int64(len(h.node.data)), nil }

func (h *handle) Close() error { return nil }

// killed is the disk after the process was killed: all that was written is there.
func (d *disk) killed() *disk {
	after := newDisk()
	for name, n := range d.names {
		after.names[name] = &node{slices.Clone(n.data), slices.Clone(n.data)}
	}
	after.stable = maps.Clone(after.names)
	return after
}

// powerless is the disk after a power failure: what was synced is there, of the rest whatever chance has written.
func (d *disk) powerless(chance *rand.Rand) *disk {
	names := maps.Clone(d.stable)
	for _, change := range d.pending[:chance.IntN(len(d.pending)+1)] {
		change(names)
	}
	after := newDisk()
	for name, n := range names {
		data := n.survivor(chance)
		after.names[name] = &node{data, slices.Clone(data)}
	}
	after.stable = maps.Clone(after.names)
	return after
}

func (n *node) survivor(chance *rand.Rand) []byte {
	size := len(n.stable)
	switch chance.IntN(3) {
	case 0:
		size = len(n.data)
	case 1:
		low, high := min(size, len(n.data)), max(size, len(n.data))
		size = low + chance.IntN(high-low+1)
	}
	data := make([]byte, size)
	copy(data, n.stable)
	luck := chance.IntN(3) // Of the sectors that differ none, half, or all are written.
	for at := 0; at < size; at += sector {
		if chance.IntN(2) < luck && at < len(n.data) {
			copy(data[at:min(at+sector, size)], n.data[at:])
		}
	}
	return data
}

var _ files = (*disk)(nil)
