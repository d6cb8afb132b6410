package streaming

import (
	"cmp"
	"slices"
)

// keyShards are the stores of an operation with state by key, each with the keys of one shard. What is saved does not tell shards: each
// key has its number, which is its place in the order in which all keys came.
type keyShards[K comparable, S any] struct {
	stores [shardCount]*store[K, S]
	// numbered is how many entries of each store have their numbers, next the number of the next key.
	numbered [shardCount]int
	next     uint64
	// order is the shard of each entry in the order of the numbers, or stale: then it is not as long as there are entries.
	order []uint8
}

func newKeyShards[K comparable, S any](codecs storeCodecs[K, S], timed bool) *keyShards[K, S] {
	h := &keyShards[K, S]{}
	first := newStore(codecs, timed)
	for i := range h.stores {
		s := *first
		h.stores[i] = &s
	}
	return h
}

// begin opens an attempt in all stores.
func (h *keyShards[K, S]) begin() {
	for _, s := range h.stores {
		s.begin()
		h.next = max(h.next, s.next)
	}
	for i, s := range h.stores {
		s.next, s.baseSeq, h.numbered[i] = h.next, h.next, len(s.entries)
	}
}

func (h *keyShards[K, S]) commit() {
	whole := true
	for i, s := range h.stores {
		s.commit()
		whole = whole && len(s.entries) == h.numbered[i]
	}
	if !whole {
		h.order = nil
	}
}

func (h *keyShards[K, S]) abort() {
	entries := 0
	for _, s := range h.stores {
		s.abort()
		entries += len(s.entries)
	}
	h.next = h.stores[0].next
	if len(h.order) > entries {
		h.order = h.order[:entries] // the attempt's keys are the last
	}
}

func (h *keyShards[K, S]) changes(w *changeWriter) error {
	return h.write(func(s *store[K, S]) error { return s.changes(w) })
}

func (h *keyShards[K, S]) all(w *changeWriter) error {
	return h.write(func(s *store[K, S]) error {
		if w.stopped {
			return nil
		}
		return s.all(w)
	})
}

func (h *keyShards[K, S]) write(f func(*store[K, S]) error) error {
	for _, s := range h.stores {
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

func (h *keyShards[K, S]) load(key, value string, deleted bool) error {
	k, err := h.stores[0].codecs.keyIn(key)
	if err != nil {
		return err
	}
	h.order = nil
	tag := tagOf(k)
	return h.stores[shardOf(tag)].loadEntry(k, tag, value, deleted)
}

func (h *keyShards[K, S]) settle() {
	for _, s := range h.stores {
		s.settle()
	}
}

func (h *keyShards[K, S]) bytes() (sum int64) {
	for _, s := range h.stores {
		sum += s.bytes()
	}
	return sum
}

// initially gives a key its state before the first batch.
func (h *keyShards[K, S]) initially(k K, state S, due int64) {
	tag := tagOf(k)
	i := shardOf(tag)
	s := h.stores[i]
	pos := s.slot(k, tag)
	if int(pos) == h.numbered[i] {
		h.number(i)
	}
	s.set(pos, state)
	if s.timed {
		s.dueAt(pos, due)
	}
}

// dueEntry is an entry that is to be looked at.
type dueEntry[K comparable, S any] struct {
	in  *store[K, S]
	pos uint32
}

// due are the entries whose time is before limit, in the order of their times and then of their keys' coming.
func (h *keyShards[K, S]) due(limit int64) (found []dueEntry[K, S]) {
	for _, s := range h.stores {
		for _, pos := range s.due(limit) {
			found = append(found, dueEntry[K, S]{s, pos})
		}
	}
	slices.SortFunc(found, func(a, b dueEntry[K, S]) int {
		return cmp.Or(cmp.Compare(a.in.dueOf(a.pos), b.in.dueOf(b.pos)), cmp.Compare(a.in.entries[a.pos].seq, b.in.entries[b.pos].seq))
	})
	return found
}

// atOnce is from how many values on the shards are worked on by several goroutines.
const atOnce = 4096

// each calls f for every shard, the one after the other or, when there is much to do, several at the same time.
func (h *keyShards[K, S]) each(n *node, values int, f func(shard int, s *store[K, S])) error {
	var errs [shardCount]error
	work := func(i int) {
		errs[i] = shielded(n, &errs[i], func() error {
			f(i, h.stores[i])
			return nil
		})
	}
	if values < atOnce {
		for i := range h.stores {
			work(i)
		}
	} else {
		inParallel(shardCount, work)
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
