package streaming

import "unsafe"

// store keeps a state for each key, in the order in which the keys came. A batch writes in place and notes what stood there before,
// once a key: commit forgets the notes, abort puts them back. So both cost what the batch touched, whatever the store holds.
type store[K comparable, S any] struct {
	table[K]
	entries []entry[S]
	codecs  storeCodecs[K, S]
	timed   bool
	timers  timers
	times   []times // of each entry of a store that is timed
	limit   int64   // what is due before it was looked at in this attempt

	attempt uint32
	dropped bool // drop took a state away in this attempt
	notes   []note[S]
	early   early[S]
	base    int    // entries before this attempt
	baseSeq uint64 // next before this attempt
	next    uint64 // the sequence number of the next key
	held    int64
	heldWas int64
	arena   arena // what the keys point to, unless they are texts
	texts   texts // the keys that are
	entered int   // keys that have come since the arena, or the texts, are in use

	keepKey   func(*arena, K) (K, int64)
	keepState func(*arena, S) (S, int64)
	weighKey  func(K) int64
	weigh     func(S) int64
	plain     bool // all states are of one size, and hold nothing behind themselves
	fragile   bool // a state can be changed in place behind the store's back
	frozen    [][]byte
	slots     []uint32 // room for slotsOf
	origins   []origin // where the batch has the keys of the notes
	touched   uint32   // so that touch reads
	loading   loading[K, S]
}

// entry is the state of one key. One that is not live stands for a key that has no state (yet, or any more). With a state of eight bytes it
// takes half a line of the processor's cache: what else is known of a key is elsewhere.
type entry[S any] struct {
	state S
	seq   uint64 // the order in which the keys came, over restarts
	at    uint64 // where the key is, if it is a text
	stamp uint32 // the attempt that has noted it
	live  bool
}

// origin is a place of a key in a batch.
type origin struct{ part, key uint32 }

// note is what stood at a position before the attempt.
type note[S any] struct {
	pos   uint32
	live  bool
	due   int64
	state S
}

func newStore[K comparable, S any](codecs storeCodecs[K, S], timed bool) *store[K, S] {
	return &store[K, S]{
		table: table[K]{isText: isText[K]()}, codecs: codecs, timed: timed, fragile: sharesMemory[S](), plain: plainSize[S]() > 0,
		keepKey: keeper[K](), keepState: keeper[S](), weighKey: weigher[K](), weigh: weigher[S](),
	}
}

// entryCost is what an entry takes beside key and state: its fields, its share of the table.
const entryCost = 40 + 4 + 12

// key is the key at a position that has one. A text aliases the store.
func (s *store[K, S]) key(pos uint32) K {
	if s.isText {
		return s.text(s.entries[pos].at)
	}
	return s.keys[pos]
}

// text is the key that was put at a place.
func (s *store[K, S]) text(at uint64) (k K) {
	*(*string)(unsafe.Pointer(&k)) = s.texts.get(at)
	return k
}

// putText copies a key that is a text.
func (s *store[K, S]) putText(k K) (at uint64) { return s.texts.put(*(*string)(unsafe.Pointer(&k))) }

// find is the key's position.
func (s *store[K, S]) find(k K, tag uint32) (pos uint32, ok bool) {
	if !s.isText {
		return s.table.find(k, tag)
	}
	slots := s.table.slots
	if len(slots) == 0 {
		return 0, false
	}
	mask := uint32(len(slots) - 1)
	for i := tag & mask; slots[i] != 0; i = (i + 1) & mask {
		if pos := uint32(slots[i]) - 1; uint32(slots[i]>>32) == tag && s.key(pos) == k {
			return pos, true
		}
	}
	return 0, false
}

// slot is the position of a key; one that is not known yet gets a place that is not live.
func (s *store[K, S]) slot(k K, tag uint32) uint32 {
	if pos, ok := s.find(k, tag); ok {
		return pos
	}
	return s.enter(k, tag)
}

// enter gives a key that is not known a place.
func (s *store[K, S]) enter(k K, tag uint32) uint32 {
	e := entry[S]{seq: s.next}
	if s.isText {
		e.at = s.putText(k)
	} else {
		k, _ = s.keepKey(&s.arena, k)
	}
	s.entered++
	pos := s.insert(k, tag)
	s.entries = append(s.entries, e)
	s.next++
	return pos
}

// slotsOf looks up all keys, appending their positions to slots.
func slotsOf[K comparable, S any](s *store[K, S], keys []K, tags, slots []uint32) []uint32 {
	for len(keys) > probing {
		slots = s.lookUp(keys[:probing], tags[:probing], slots)
		keys, tags = keys[probing:], tags[probing:]
	}
	return s.lookUp(keys, tags, slots)
}

// listed looks up all keys of a list, appending their positions to slots.
func (s *store[K, S]) listed(list *keyList[K], tags, slots []uint32) []uint32 {
	var keys [probing]K
	for from := 0; from < len(tags); from += probing {
		until := min(from+probing, len(tags))
		for i := from; i < until; i++ {
			keys[i-from] = list.at(uint32(i))
		}
		slots = s.lookUp(keys[:until-from], tags[from:until], slots)
	}
	return slots
}

// lookUp looks up at most probing keys.
func (s *store[K, S]) lookUp(keys []K, tags, slots []uint32) []uint32 {
	var guesses [probing]uint32
	s.guess(tags, &guesses)
	s.touch(guesses[:len(keys)])
	return s.confirm(keys, tags, &guesses, slots)
}

// confirm appends the positions of keys of which there are guesses. It reads what stands at some of them before it compares.
func (s *store[K, S]) confirm(keys []K, tags []uint32, guesses *[probing]uint32, slots []uint32) []uint32 {
	var there [reading]K
	for from := 0; from < len(keys); from += reading {
		until := min(from+reading, len(keys))
		s.readKeys(guesses[from:until], &there)
		for i := from; i < until; i++ {
			pos := guesses[i]
			if pos == noGuess || there[i-from] != keys[i] {
				pos = s.slot(keys[i], tags[i])
			}
			slots = append(slots, pos)
		}
	}
	return slots
}

// readKeys reads the keys at these positions, where there is a guess.
func (s *store[K, S]) readKeys(guesses []uint32, keys *[reading]K) {
	if !s.isText {
		for i, pos := range guesses {
			if pos != noGuess {
				keys[i] = s.keys[pos]
			}
		}
		return
	}
	var at [reading]uint64
	for i, pos := range guesses {
		if pos != noGuess {
			at[i] = s.entries[pos].at
		}
	}
	for i, pos := range guesses {
		if pos != noGuess {
			keys[i] = s.text(at[i])
		}
	}
}

// touch reads all these entries, which do not depend on one another: what is in no cache comes at once, not one after the other.
func (s *store[K, S]) touch(guesses []uint32) {
	sum := uint32(0)
	for _, pos := range guesses {
		if pos != noGuess {
			sum += s.entries[pos].stamp
		}
	}
	s.touched += sum
}

// note keeps what stands at pos before the attempt's first write there.
func (s *store[K, S]) note(pos uint32) *entry[S] {
	e := &s.entries[pos]
	if e.stamp == s.attempt {
		s.early.stale = true
		return e
	}
	e.stamp = s.attempt
	s.notes = append(s.notes, note[S]{pos: pos, live: e.live, due: s.dueOf(pos), state: e.state})
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
		s.held += s.weighKey(s.key(pos)) + entryCost
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
	s.held -= s.weigh(e.state) + s.weighKey(s.key(pos)) + entryCost
	var none S
	e.state, e.live, s.dropped = none, false, true
}

// snapshot is all keys with their states.
func (s *store[K, S]) snapshot() []Pair[K, S] {
	out := make([]Pair[K, S], 0, s.used)
	for pos := range s.entries {
		if e := &s.entries[pos]; e.live {
			out = append(out, Pair[K, S]{s.key(uint32(pos)), e.state})
		}
	}
	return out
}

func (s *store[K, S]) bytes() int64 {
	s.settle()
	return s.held
}
