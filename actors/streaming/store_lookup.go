package streaming

import "unsafe"

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

// asText is a key that is a text.
func asText[K comparable](k K) string { return *(*string)(unsafe.Pointer(&k)) }

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
		e.at = s.texts.put(asText(k))
	} else {
		k, _ = s.keepKey(&s.arena, k)
	}
	s.entered++
	pos := s.insert(k, tag)
	s.entries = append(s.entries, e)
	s.next++
	return pos
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
