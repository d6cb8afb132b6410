package streaming

// begin opens an attempt; what was loaded becomes the store before the first.
func (s *store[K, S]) begin() {
	s.settle()
	s.attempt++
	s.base, s.baseSeq, s.heldWas = len(s.entries), s.next, s.held
}

// commit makes the attempt's writes final.
func (s *store[K, S]) commit() {
	if s.dropped || s.timed {
		s.commitNotes()
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

// commitNotes looks at all that was written once more.
func (s *store[K, S]) commitNotes() {
	for _, n := range s.notes {
		switch e := &s.entries[n.pos]; {
		case !e.live:
			s.forget(n.pos)
		case s.timed:
			s.setTimer(n.pos)
		}
	}
}

// abort puts back what stood there before the attempt.
func (s *store[K, S]) abort() {
	for i, n := range s.notes {
		e := &s.entries[n.pos]
		e.state, e.live = n.state, n.live
		s.setDue(n.pos, n.due)
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
	s.notes, s.frozen, s.limit, s.dropped = s.notes[:0], s.frozen[:0], 0, false
	s.early = early[S]{}
}

// forget makes a key unfindable and its place a hole, unless it is one already.
func (s *store[K, S]) forget(pos uint32) {
	if s.entries[pos].seq == hole {
		return
	}
	s.remove(pos)
	s.entries[pos] = entry[S]{seq: hole, stamp: s.entries[pos].stamp}
	if int(pos) < len(s.times) {
		s.times[pos] = times{}
	}
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
	s.times = s.times[:min(size, len(s.times))]
	s.cutBack(size)
}

// compact closes the holes, also those at the end that are cut off by now but not out of the arena, when they are most of the store; the
// order stays.
func (s *store[K, S]) compact() {
	if holes := s.entered - s.used; holes > 64 && holes > s.used {
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
	s.fill(len(order), nil, func(yield func(K, uint32, entry[S], int64)) {
		for _, pos := range order {
			yield(s.key(pos), s.tags[pos], s.entries[pos], s.dueOf(pos))
		}
	})
}

// fill makes the table anew, with these slots if there are any. It copies the keys, so that none is kept of those that are gone, unless these are few.
func (s *store[K, S]) fill(size int, slots []uint64, each func(yield func(key K, tag uint32, e entry[S], due int64))) {
	t := table[K]{slots: slots, tags: make([]uint32, 0, size), used: size, isText: s.isText}
	if !t.isText {
		t.keys = make([]K, 0, size)
	}
	entries, all := make([]entry[S], 0, size), s.timesOf(size)
	anew, kept := s.entered-size > size/4, s.texts
	if anew {
		s.arena, kept, s.entered = arena{}, texts{}, size
	}
	each(func(k K, tag uint32, e entry[S], due int64) {
		switch {
		case t.isText && anew:
			e.at = kept.put(asText(k))
		case t.isText:
		case anew:
			k, _ = s.keepKey(&s.arena, k)
			fallthrough
		default:
			t.keys = append(t.keys, k)
		}
		if s.timed {
			all = append(all, times{due: due})
		}
		t.tags, entries = append(t.tags, tag), append(entries, e)
	})
	if slots == nil && size > 0 {
		t.slots = make([]uint64, slotsFor(size))
		for pos, tag := range t.tags {
			t.place(tag, uint32(pos)+1)
		}
	}
	s.table, s.entries, s.texts, s.times, s.timers = t, entries, kept, all, nil
	for pos := range all {
		s.setTimer(uint32(pos))
	}
}
