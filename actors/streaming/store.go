package streaming

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
	slots     []uint32 // room for listed
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

// entryCost is what an entry takes beside key and state: its fields, its times if it has some, its share of the table.
const entryCost = 24 + 16 + 4 + 12

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
