package streaming

import "slices"

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
	k, err := h.stores[0].codecs.key.Decode(key)
	if err != nil {
		return err
	}
	h.order = nil
	tag := tagOf(k)
	return h.stores[shardOf(tag)].loadEntry(k, tag, value, deleted)
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

// number gives the first entry of a store that has no number the next one.
func (h *keyShards[K, S]) number(shard uint8) {
	at := &h.numbered[shard]
	h.stores[shard].entries[*at].seq = h.next
	*at, h.next = *at+1, h.next+1
	h.order = append(h.order, shard)
}

// numberNew gives the keys that came with this batch their numbers, in the order in which they came. firsts tells for each shard which
// of its values, counted over the partitions, were the first of a new key: the keys have their entries in the same order.
func (h *keyShards[K, S]) numberNew(orders [][]uint8, firsts *[shardCount][]uint32) {
	left := 0
	for i := range firsts {
		left += len(firsts[i])
	}
	h.sorted()
	var value, first [shardCount]uint32
	for _, order := range orders {
		for _, shard := range order {
			if left == 0 {
				return
			}
			if f := first[shard]; int(f) < len(firsts[shard]) && firsts[shard][f] == value[shard] {
				h.number(shard)
				first[shard]++
				left--
			}
			value[shard]++
		}
	}
}

// sorted is the order of all entries that have their numbers.
func (h *keyShards[K, S]) sorted() []uint8 {
	total := 0
	for _, n := range h.numbered {
		total += n
	}
	if len(h.order) != total {
		h.sort(total)
	}
	return h.order
}

// sort merges the stores, each of which is in order. A hole has lost its number: it comes as soon as it is its store's turn.
func (h *keyShards[K, S]) sort(total int) {
	h.order = make([]uint8, 0, total)
	var at [shardCount]int
	for len(h.order) < total {
		least, number := -1, uint64(hole)
		for i, s := range h.stores {
			if at[i] == h.numbered[i] {
				continue
			}
			seq := s.entries[at[i]].seq
			if seq == hole {
				least = i
				break
			}
			if seq < number {
				least, number = i, seq
			}
		}
		h.order = append(h.order, uint8(least))
		at[least]++
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
	slices.SortFunc(found, func(a, b dueEntry[K, S]) int { return sooner(&a.in.entries[a.pos], &b.in.entries[b.pos]) })
	return found
}

// atOnce is from how many values on the shards are worked on by several goroutines.
const atOnce = 4096

// each calls f for every shard, the one after the other or, when there is much to do, several at the same time.
func (h *keyShards[K, S]) each(b *run, n *node, values int, f func(shard int, s *store[K, S])) error {
	var errs [shardCount]error
	work := func(i int) {
		errs[i] = b.guard(n, func() error {
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

// placed are what a function gave for entries of a store, with the positions of the entries.
type placed[T any] struct {
	at     []uint32
	values []T
}

func (p *placed[T]) add(pos uint32, v T) { p.at, p.values = append(p.at, pos), append(p.values, v) }

// woven are the values of all shards in the order in which their keys came.
func woven[K comparable, S, T any](h *keyShards[K, S], of *[shardCount]placed[T]) []T {
	size := 0
	for i := range of {
		size += len(of[i].at)
	}
	out := make([]T, 0, size)
	var pos, next [shardCount]uint32
	for _, shard := range h.sorted() {
		p := &of[shard]
		if n := next[shard]; int(n) < len(p.at) && p.at[n] == pos[shard] {
			out = append(out, p.values[n])
			next[shard]++
		}
		pos[shard]++
	}
	return out
}
