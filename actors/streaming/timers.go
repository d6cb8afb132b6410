package streaming

import (
	"cmp"
	"slices"
)

// timers is a heap of when which position is to be looked at. It is lazy: a timer may be earlier than what its entry says by now,
// then it is put off when its time has come. So a key that is touched in every batch moves once in a timeout, not in every batch.
// Only commits change it.
type timers []timer

type timer struct {
	due int64
	pos uint32
}

func (h *timers) add(due int64, pos uint32) {
	*h = append(*h, timer{due, pos})
	for i := len(*h) - 1; i > 0; {
		up := (i - 1) / 2
		if (*h)[up].due <= (*h)[i].due {
			return
		}
		(*h)[up], (*h)[i] = (*h)[i], (*h)[up]
		i = up
	}
}

// pop removes the earliest.
func (h *timers) pop() timer {
	first, last := (*h)[0], len(*h)-1
	(*h)[0] = (*h)[last]
	*h = (*h)[:last]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < last; c++ {
			if (*h)[c].due < (*h)[least].due {
				least = c
			}
		}
		if least == i {
			return first
		}
		(*h)[i], (*h)[least] = (*h)[least], (*h)[i]
		i = least
	}
}

// before calls f for each timer before limit, below index i of the heap; what is later is not looked at.
func (h timers) before(limit int64, i int, f func(timer)) {
	if i >= len(h) || h[i].due >= limit {
		return
	}
	f(h[i])
	h.before(limit, 2*i+1, f)
	h.before(limit, 2*i+2, f)
}

// times are when an entry is to be looked at, and the time of its one timer that counts; 0 is never.
type times struct{ due, timer int64 }

// timesOf is room for the times of as many entries, if the store is timed.
func (s *store[K, S]) timesOf(size int) []times {
	if !s.timed {
		return nil
	}
	return make([]times, 0, size)
}

// dueOf is when the key at pos is to be looked at; 0 is never.
func (s *store[K, S]) dueOf(pos uint32) int64 {
	if int(pos) >= len(s.times) {
		return 0
	}
	return s.times[pos].due
}

// dueAt sets when the key at pos is to be looked at.
func (s *store[K, S]) dueAt(pos uint32, due int64) {
	s.note(pos)
	s.setDue(pos, due)
}

func (s *store[K, S]) setDue(pos uint32, due int64) {
	if int(pos) >= len(s.times) {
		if due == 0 {
			return
		}
		s.times = append(s.times, make([]times, len(s.entries)-len(s.times))...)
	}
	s.times[pos].due = due
}

// setTimer gives an entry a timer, unless it has one that comes early enough.
func (s *store[K, S]) setTimer(pos uint32) {
	if int(pos) >= len(s.times) {
		return
	}
	if t := &s.times[pos]; t.due != 0 && (t.timer == 0 || t.due < t.timer) {
		t.timer = t.due
		s.timers.add(t.due, pos)
	}
}

// popTimers takes away the timers that were due in this attempt, and puts off those whose entries have got more time. A timer that
// is not the one its entry knows is left over from a key that stood there before.
func (s *store[K, S]) popTimers() {
	var again []uint32
	for len(s.timers) > 0 && s.timers[0].due < s.limit {
		t := s.timers.pop()
		if int(t.pos) < len(s.times) && s.times[t.pos].timer == t.due {
			s.times[t.pos].timer = 0
			again = append(again, t.pos)
		}
	}
	for _, pos := range again {
		if s.entries[pos].live {
			s.setTimer(pos)
		}
	}
}

// due are the positions of the live entries whose time is before limit, in the order of their times and then of their keys' coming.
func (s *store[K, S]) due(limit int64) []uint32 {
	s.limit = max(s.limit, limit)
	var found []uint32
	look := func(pos uint32) {
		if int(pos) >= len(s.entries) {
			return
		}
		if due := s.dueOf(pos); s.entries[pos].live && due != 0 && due < limit {
			found = append(found, pos)
		}
	}
	s.timers.before(limit, 0, func(t timer) { look(t.pos) })
	for _, n := range s.notes {
		look(n.pos)
	}
	slices.SortFunc(found, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(s.dueOf(a), s.dueOf(b)), cmp.Compare(s.entries[a].seq, s.entries[b].seq))
	})
	return slices.Compact(found)
}
