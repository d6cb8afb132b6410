package streaming

import (
	"cmp"
	"math"
	"slices"
)

// loading is what a store keeps while entries are loaded, before the first batch. They are only written down, one for each that was saved:
// a look-up for each would go to memory that is in no cache, for many stores are loaded at the same time. settle looks all of one store up.
type loading[K comparable, S any] struct {
	pages    [][]loaded[K, S] // full but for the last
	count    int
	settleAt int // how many entries are too many: most of them may be of the same keys
}

// loaded is what was saved for a key: what is in an entry, or that it is gone.
type loaded[K comparable, S any] struct {
	key   K
	at    uint64 // of a key that is a text
	state S
	seq   uint64
	due   int64
	tag   uint32
	live  bool
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
	l := loaded[K, S]{tag: tag, live: !deleted}
	if !deleted {
		if err := s.decode(value, &l); err != nil {
			return err
		}
		s.next = max(s.next, l.seq+1)
	}
	if s.loading.count >= max(s.loading.settleAt, fewLoaded) {
		s.settle()
		s.loading.settleAt = 4 * len(s.entries)
	}
	if len(s.entries) > 0 {
		s.unsettle()
	}
	if s.isText {
		l.at = s.texts.put(asText(k))
		l.key = s.text(l.at)
	} else {
		l.key, _ = s.keepKey(&s.arena, k)
	}
	s.entered++
	s.loading.add(l)
	return nil
}

// unsettle writes down what is in the store as if it had been loaded.
func (s *store[K, S]) unsettle() {
	for pos, e := range s.entries {
		s.loading.add(loaded[K, S]{
			key: s.key(uint32(pos)), at: e.at, state: e.state, seq: e.seq, due: s.dueOf(uint32(pos)), tag: s.tags[pos], live: e.live,
		})
	}
	s.table, s.entries, s.times = table[K]{isText: s.isText}, nil, nil
}

// decode reads what encode wrote.
func (s *store[K, S]) decode(value string, l *loaded[K, S]) (err error) {
	r := reader{wire: value}
	l.seq = r.number()
	if s.timed {
		l.due = int64(r.number())
	}
	if r.err != nil {
		return r.err
	}
	l.state, err = s.codecs.state.Decode(r.wire)
	return err
}

// settle makes a store of what was loaded: each key once, in the order in which the keys came.
func (s *store[K, S]) settle() {
	if s.loading.count == 0 {
		return
	}
	order, slots := s.lastOnes()
	s.sortBySeq(order)
	if len(slots) == slotsFor(len(order)) {
		moveTo(slots, order, s.loading.count)
	} else {
		slots = nil // there were many entries of the same keys, or of keys that are gone
	}
	s.fill(len(order), slots, func(yield func(K, uint32, entry[S], int64)) {
		for _, pos := range order {
			l := s.loading.at(pos)
			yield(l.key, l.tag, entry[S]{state: l.state, seq: l.seq, at: l.at, live: true}, l.due)
		}
	})
	s.loading = loading[K, S]{}
	s.held = 0
	for pos := range s.entries {
		s.held += s.weigh(s.entries[pos].state) + s.weighKey(s.key(uint32(pos))) + entryCost
	}
}

// lastOnes are the last entries of all keys, but for those that took the state away; and the slots of a table of
// them, nil if there are others in it.
func (s *store[K, S]) lastOnes() (order []uint32, slots []uint64) {
	l := &s.loading
	slots, order = make([]uint64, slotsFor(l.count)), make([]uint32, 0, l.count)
	mask := uint32(len(slots) - 1)
	gone := false
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
		if gone = gone || !e.live; e.live {
			order = append(order, pos-1)
		}
	}
	if gone {
		slots = nil
	}
	return order, slots
}

// moveTo makes slots point to the places that the entries have in order, of as many as were loaded.
func moveTo(slots []uint64, order []uint32, loaded int) {
	places := make([]uint32, loaded+1)
	for place, pos := range order {
		places[pos+1] = uint32(place) + 1
	}
	for i, s := range slots {
		slots[i] = s&^math.MaxUint32 | uint64(places[uint32(s)])
	}
}

// sortBySeq sorts positions by the order in which their keys came.
func (s *store[K, S]) sortBySeq(order []uint32) {
	if s.next >= 1<<32 {
		slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(s.loading.at(a).seq, s.loading.at(b).seq) })
		return
	}
	packed := make([]uint64, len(order)) // so that a comparison looks at nothing else
	for i, pos := range order {
		packed[i] = s.loading.at(pos).seq<<32 | uint64(pos)
	}
	slices.Sort(packed)
	for i, p := range packed {
		order[i] = uint32(p)
	}
}
