package streaming

import "slices"

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

// setTimer gives an entry a timer, unless it has one that comes early enough.
func (s *store[K, S]) setTimer(e *entry[S], pos uint32) {
	if int(pos) >= len(s.timerOf) {
		s.timerOf = append(s.timerOf, make([]int64, len(s.entries)-len(s.timerOf))...)
	}
	if at := &s.timerOf[pos]; e.due != 0 && (*at == 0 || e.due < *at) {
		*at = e.due
		s.timers.add(e.due, pos)
	}
}

// popTimers takes away the timers that were due in this attempt, and puts off those whose entries have got more time. A timer that
// is not the one its entry knows is left over from a key that stood there before.
func (s *store[K, S]) popTimers() {
	var again []uint32
	for len(s.timers) > 0 && s.timers[0].due < s.limit {
		t := s.timers.pop()
		if int(t.pos) < len(s.timerOf) && s.timerOf[t.pos] == t.due {
			s.timerOf[t.pos] = 0
			again = append(again, t.pos)
		}
	}
	for _, pos := range again {
		if e := &s.entries[pos]; e.live {
			s.setTimer(e, pos)
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
		if e := &s.entries[pos]; e.live && e.due != 0 && e.due < limit {
			found = append(found, pos)
		}
	}
	s.timers.before(limit, 0, func(t timer) { look(t.pos) })
	for _, n := range s.notes {
		look(n.pos)
	}
	slices.SortFunc(found, func(a, b uint32) int { return sooner(&s.entries[a], &s.entries[b]) })
	return slices.Compact(found)
}

// sooner orders by time, then by the keys' coming.
func sooner[S any](x, y *entry[S]) int {
	switch {
	case x.due != y.due && x.due < y.due, x.due == y.due && x.seq < y.seq:
		return -1
	case x.seq == y.seq:
		return 0
	}
	return 1
}
