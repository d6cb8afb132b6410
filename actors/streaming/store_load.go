package streaming

import (
	"cmp"
	"slices"
)

// loading is what a store keeps while entries are loaded, before the first batch. They are only written down, one for each that was saved:
// a look-up for each would go to memory that is in no cache, for many stores are loaded at the same time. settle looks all of one store up.
type loading[K comparable, S any] struct {
	pages    [][]loaded[K, S] // full but for the last
	count    int
	settleAt int // how many entries are too many: most of them may be of the same keys
}

// loaded is what was saved for a key.
type loaded[K comparable, S any] struct {
	key   K
	tag   uint32
	entry entry[S]
}

const (
	// fewLoaded is how many entries of the same keys may stand there in any case.
	fewLoaded = 1 << 14
	// loadedPage is how many entries are in a page, so that what is written down is never moved.
	loadedPage = 128
)

func (l *loading[K, S]) add(e loaded[K, S]) {
	if l.count%loadedPage == 0 {
		l.pages = append(l.pages, make([]loaded[K, S], 0, loadedPage))
	}
	last := &l.pages[len(l.pages)-1]
	*last = append(*last, e)
	l.count++
}

func (l *loading[K, S]) at(pos uint32) *loaded[K, S] {
	return &l.pages[pos/loadedPage][pos%loadedPage]
}

func (s *store[K, S]) load(key, value string, deleted bool) error {
	k, err := s.codecs.keyIn(key)
	if err != nil {
		return err
	}
	return s.loadEntry(k, tagOf(k), value, deleted)
}

// loadEntry takes what was saved for a key: of several the last counts.
func (s *store[K, S]) loadEntry(k K, tag uint32, value string, deleted bool) error {
	e := entry[S]{live: !deleted}
	if !deleted {
		if err := s.decode(value, &e); err != nil {
			return err
		}
		s.next = max(s.next, e.seq+1)
	}
	if s.loading.count >= max(s.loading.settleAt, fewLoaded) {
		s.settle()
		s.loading.settleAt = 4 * len(s.entries)
	}
	if len(s.entries) > 0 {
		s.unsettle()
	}
	k, _ = s.keepKey(&s.arena, k)
	s.entered++
	s.loading.add(loaded[K, S]{k, tag, e})
	return nil
}

// unsettle writes down what is in the store as if it had been loaded.
func (s *store[K, S]) unsettle() {
	for pos, e := range s.entries {
		s.loading.add(loaded[K, S]{s.keys[pos], s.tags[pos], e})
	}
	s.table, s.entries = table[K]{}, nil
}

// decode reads what encode wrote.
func (s *store[K, S]) decode(value string, e *entry[S]) (err error) {
	r := reader{wire: value}
	e.seq = r.number()
	if s.timed {
		e.due = int64(r.number())
	}
	if r.err != nil {
		return r.err
	}
	e.state, err = s.codecs.state.Decode(r.wire)
	return err
}

// settle makes a store of what was loaded: each key once, in the order in which the keys came.
func (s *store[K, S]) settle() {
	if s.loading.count == 0 {
		return
	}
	order := s.lastOnes()
	s.sortBySeq(order)
	s.fill(len(order), func(yield func(K, uint32, entry[S])) {
		for _, pos := range order {
			l := s.loading.at(pos)
			yield(l.key, l.tag, l.entry)
		}
	})
	s.loading = loading[K, S]{}
	s.held = 0
	for pos := range s.entries {
		s.held += s.weigh(s.entries[pos].state) + s.weighKey(s.keys[pos]) + entryCost
	}
}

// lastOnes are the last entries of all keys, but for those that took the state away.
func (s *store[K, S]) lastOnes() []uint32 {
	l := &s.loading
	slots := make([]uint64, slotsFor(l.count)) // as those of a table
	mask := uint32(len(slots) - 1)
	order := make([]uint32, 0, l.count)
	for pos := uint32(l.count); pos > 0; pos-- {
		e := l.at(pos - 1)
		i := e.tag & mask
		for slots[i] != 0 && (uint32(slots[i]>>32) != e.tag || l.at(uint32(slots[i])-1).key != e.key) {
			i = (i + 1) & mask
		}
		if slots[i] != 0 {
			continue // a later one is there
		}
		slots[i] = uint64(e.tag)<<32 | uint64(pos)
		if e.entry.live {
			order = append(order, pos-1)
		}
	}
	return order
}

// sortBySeq sorts positions by the order in which their keys came.
func (s *store[K, S]) sortBySeq(order []uint32) {
	if s.next >= 1<<32 {
		slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(s.loading.at(a).entry.seq, s.loading.at(b).entry.seq) })
		return
	}
	packed := make([]uint64, len(order)) // so that a comparison looks at nothing else
	for i, pos := range order {
		packed[i] = s.loading.at(pos).entry.seq<<32 | uint64(pos)
	}
	slices.Sort(packed)
	for i, p := range packed {
		order[i] = uint32(p)
	}
}
