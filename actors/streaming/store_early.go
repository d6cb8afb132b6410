package streaming

// early are the changes of keys that were known before the attempt, encoded while what the batch touched of one store is in the processor's
// cache, and with the batch's own keys: those of a large store are in no cache. Keys that are new have no number until all stores are done.
type early[S any] struct {
	blocks [][]byte
	count  int       // how many notes were looked at
	rest   []note[S] // those of them that are still to be encoded
	stale  bool      // what was noted has been changed again since
}

const (
	leastEarly    = 16 // from how many keys on this is worth a block
	typicalChange = 32 // bytes
)

// encodeEarly encodes what stands at the notes; keyOf is the key of each. When a codec fails, changes will, and tells.
func (s *store[K, S]) encodeEarly(letter byte, keyOf func(note int) K) {
	if len(s.notes) < leastEarly {
		return
	}
	defer func() {
		if s.early.count == 0 {
			s.early = early[S]{}
			_ = recover()
		}
	}()
	if s.encodeKnown(letter, keyOf) == nil {
		s.early.count, s.early.stale = len(s.notes), false
	}
}

func (s *store[K, S]) encodeKnown(letter byte, keyOf func(note int) K) error {
	w := &changeWriter{letter: letter, size: min(len(s.notes)*typicalChange, changeBlock), full: func(block []byte) bool {
		s.early.blocks = append(s.early.blocks, block)
		return true
	}}
	for i := range s.notes {
		if i%reading == 0 {
			s.touchNoted(s.notes[i:min(i+reading, len(s.notes))])
		}
		n := &s.notes[i]
		if int(n.pos) >= s.base {
			s.early.rest = append(s.early.rest, *n)
			continue
		}
		if err := s.write(w, keyOf(i), n.pos, &s.entries[n.pos], n.live); err != nil {
			return err
		}
	}
	w.flush()
	return nil
}

// touchNoted is touch for what stands at notes.
func (s *store[K, S]) touchNoted(notes []note[S]) {
	sum := uint32(0)
	for i := range notes {
		sum += s.entries[notes[i].pos].stamp
	}
	s.touched += sum
}
