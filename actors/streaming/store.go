package streaming

// store keeps a state for each key, in the order in which the keys came. A batch writes in place and notes what stood there before,
// once a key: commit forgets the notes, abort puts them back. So both cost what the batch touched, whatever the store holds.
type store[K comparable, S any] struct {
	table[K]
	entries []entry[S]
	codecs  storeCodecs[K, S]
	timed   bool
	timers  timers
	limit   int64 // what is due before it was looked at in this attempt

	attempt uint32
	notes   []note[S]
	base    int    // entries before this attempt
	baseSeq uint64 // next before this attempt
	next    uint64 // the sequence number of the next key
	loaded  bool   // load was called: the order is to be restored
	held    int64
	heldWas int64

	keepKey   func(*arena, K) (K, int64)
	keepState func(*arena, S) (S, int64)
	weighKey  func(K) int64
	weigh     func(S) int64
	plain     bool // all states are of one size, and hold nothing behind themselves
	fragile   bool // a state can be changed in place behind the store's back
	frozen    [][]byte
}

// entry is the state of one key. One that is not live stands for a key that has no state (yet, or any more).
type entry[S any] struct {
	state S
	seq   uint64 // the order in which the keys came, over restarts
	due   int64  // when it is to be looked at, if the store is timed; 0 never
	timer int64  // the time of its one timer that counts; 0 none
	stamp uint32 // the attempt that has noted it
	live  bool
}

// note is what stood at a position before the attempt.
type note[S any] struct {
	pos   uint32
	live  bool
	due   int64
	state S
}

func newStore[K comparable, S any](codecs storeCodecs[K, S], timed bool) *store[K, S] {
	return &store[K, S]{
		codecs: codecs, timed: timed, fragile: sharesMemory[S](), plain: plainSize[S]() > 0,
		keepKey: keeper[K](), keepState: keeper[S](), weighKey: weigher[K](), weigh: weigher[S](),
	}
}

// entryCost is what an entry takes beside key and state: its fields, its share of the table.
const entryCost = 40 + 4 + 12

// slot is the position of a key; one that is not known yet gets a place that is not live.
func (s *store[K, S]) slot(k K, tag uint32) uint32 {
	if pos, ok := s.find(k, tag); ok {
		return pos
	}
	k, _ = s.keepKey(nil, k)
	pos := s.insert(k, tag)
	s.entries = append(s.entries, entry[S]{seq: s.next})
	s.next++
	return pos
}

// slotsOf looks up all keys of a partition, appending their positions to slots.
func slotsOf[K comparable, S any](s *store[K, S], keys table[K], slots []uint32) []uint32 {
	var guesses [probing]uint32
	for from := 0; from < len(keys.keys); from += probing {
		until := min(from+probing, len(keys.keys))
		s.guess(keys.tags[from:until], &guesses)
		for i := from; i < until; i++ {
			pos, ok := s.findAt(keys.keys[i], keys.tags[i], guesses[i-from])
			if !ok {
				pos = s.slot(keys.keys[i], keys.tags[i])
			}
			slots = append(slots, pos)
		}
	}
	return slots
}

// note keeps what stands at pos before the attempt's first write there.
func (s *store[K, S]) note(pos uint32) *entry[S] {
	e := &s.entries[pos]
	if e.stamp == s.attempt {
		return e
	}
	e.stamp = s.attempt
	s.notes = append(s.notes, note[S]{pos: pos, live: e.live, due: e.due, state: e.state})
	if s.fragile {
		s.freeze(e)
	}
	return e
}

// freeze keeps the bytes of a state that the user's function could change in place.
func (s *store[K, S]) freeze(e *entry[S]) {
	var b []byte
	if e.live {
		var err error
		if b, err = s.codecs.state.Encode(nil, e.state); err != nil {
			panic(err)
		}
	}
	s.frozen = append(s.frozen, b)
}

// set gives the key at pos a state.
func (s *store[K, S]) set(pos uint32, state S) {
	e := s.note(pos)
	if s.plain && e.live {
		e.state = state
		return
	}
	if e.live {
		s.held -= s.weigh(e.state)
	} else {
		s.held += s.weighKey(s.keys[pos]) + entryCost
	}
	state, size := s.keepState(nil, state)
	s.held += size
	e.state, e.live = state, true
}

// drop takes the state of the key at pos away.
func (s *store[K, S]) drop(pos uint32) {
	e := s.note(pos)
	if !e.live {
		return
	}
	s.held -= s.weigh(e.state) + s.weighKey(s.keys[pos]) + entryCost
	var none S
	e.state, e.live = none, false
}

// dueAt sets when the key at pos is to be looked at.
func (s *store[K, S]) dueAt(pos uint32, due int64) { s.note(pos).due = due }

// size is the number of keys that have a state.
func (s *store[K, S]) size() int {
	n := 0
	for i := range s.entries {
		if s.entries[i].live {
			n++
		}
	}
	return n
}

func (s *store[K, S]) bytes() int64 { return s.held }

func (s *store[K, S]) begin() {
	if s.loaded {
		s.restoreOrder()
	}
	s.attempt++
	s.base, s.baseSeq, s.heldWas = len(s.entries), s.next, s.held
}

// commit makes the attempt's writes final.
func (s *store[K, S]) commit() {
	for _, n := range s.notes {
		switch e := &s.entries[n.pos]; {
		case !e.live:
			s.forget(n.pos)
		case s.timed:
			s.setTimer(e, n.pos)
		}
	}
	for pos := s.base; pos < len(s.entries); pos++ {
		if !s.entries[pos].live {
			s.forget(uint32(pos))
		}
	}
	s.popTimers()
	s.cutTail()
	s.clear()
	s.compact()
}

// abort puts back what stood there before the attempt.
func (s *store[K, S]) abort() {
	for i, n := range s.notes {
		e := &s.entries[n.pos]
		e.state, e.live, e.due = n.state, n.live, n.due
		if s.fragile && n.live {
			s.thaw(e, s.frozen[i])
		}
	}
	for pos := s.base; pos < len(s.entries); pos++ {
		s.forget(uint32(pos))
	}
	s.cutTo(s.base)
	s.next, s.held = s.baseSeq, s.heldWas
	s.clear()
}

func (s *store[K, S]) thaw(e *entry[S], frozen []byte) {
	state, err := s.codecs.state.Decode(string(frozen))
	if err != nil {
		panic(err)
	}
	e.state = state
}

func (s *store[K, S]) clear() {
	clear(s.notes)
	s.notes, s.frozen, s.limit = s.notes[:0], s.frozen[:0], 0
}

// forget makes a key unfindable and its place a hole, unless it is one already.
func (s *store[K, S]) forget(pos uint32) {
	if s.entries[pos].seq == hole {
		return
	}
	s.remove(pos)
	s.entries[pos] = entry[S]{seq: hole, stamp: s.entries[pos].stamp}
}

// hole marks a place whose key was forgotten.
const hole = ^uint64(0)

// cutTail gives back the holes at the end.
func (s *store[K, S]) cutTail() {
	size := len(s.entries)
	for size > 0 && s.entries[size-1].seq == hole {
		size--
	}
	s.cutTo(size)
}

func (s *store[K, S]) cutTo(size int) {
	s.entries = s.entries[:size]
	s.cutBack(size)
}

// compact closes the holes when they are most of the store; the order stays.
func (s *store[K, S]) compact() {
	if holes := len(s.entries) - s.used; holes > 64 && holes > s.used {
		s.rebuild(s.live())
	}
}

// live are the positions of the keys that have a state.
func (s *store[K, S]) live() []uint32 {
	order := make([]uint32, 0, s.used)
	for pos := range s.entries {
		if s.entries[pos].live {
			order = append(order, uint32(pos))
		}
	}
	return order
}

// rebuild makes the table anew of the entries in the given order.
func (s *store[K, S]) rebuild(order []uint32) {
	keys, entries := newTable[K](len(order)), make([]entry[S], 0, len(order))
	s.timers = nil
	for _, pos := range order {
		e := s.entries[pos]
		if e.timer = e.due; s.timed && e.due != 0 {
			s.timers.add(e.due, uint32(len(entries)))
		}
		keys.insert(s.keys[pos], s.tags[pos])
		entries = append(entries, e)
	}
	s.table, s.entries = keys, entries
}
