package streaming

import "encoding/binary"

// storeCodecs are how a store's keys and states are saved.
type storeCodecs[K comparable, S any] struct {
	key   Codec[K]
	state Codec[S]
}

// keyIn reads a key that is copied before it is kept.
func (c storeCodecs[K, S]) keyIn(wire string) (K, error) {
	if c.key.view != nil {
		return c.key.view(wire), nil
	}
	return c.key.Decode(wire)
}

// name is what the shape of the operation says of them.
func (c storeCodecs[K, S]) name() string { return c.key.Name + " → " + c.state.Name }

// changes writes one entry for each key whose state the attempt has set or dropped.
func (s *store[K, S]) changes(w *changeWriter) error {
	if len(s.early.blocks) == 0 || s.early.stale {
		return s.writeNotes(w, s.notes)
	}
	for _, block := range s.early.blocks {
		w.take(block)
	}
	if err := s.writeNotes(w, s.early.rest); err != nil {
		return err
	}
	return s.writeNotes(w, s.notes[s.early.count:])
}

func (s *store[K, S]) writeNotes(w *changeWriter, all []note[S]) error {
	var room [reading]change[K, S]
	for from := 0; from < len(all); from += reading {
		notes := all[from:min(from+reading, len(all))]
		for i := range notes {
			room[i] = change[K, S]{s.key(notes[i].pos), s.entries[notes[i].pos]}
		}
		for i := range notes {
			if err := s.write(w, room[i].key, notes[i].pos, &room[i].entry, notes[i].live); err != nil {
				return err
			}
		}
	}
	return nil
}

// change is what stands at the position of a note.
type change[K comparable, S any] struct {
	key   K
	entry entry[S]
}

// write writes the entry at pos; was tells whether the key had a state before.
func (s *store[K, S]) write(w *changeWriter, key K, pos uint32, e *entry[S], was bool) error {
	if !e.live && !was {
		return nil
	}
	start := w.begin()
	head := w.head()
	b, err := s.codecs.key.Encode(head, key)
	middle := len(b)
	if err == nil && s.codecs.key.given && !was {
		err = s.codecs.distinct(key, b[len(head):])
	}
	if e.live && err == nil {
		b, err = s.encode(b, pos, e)
	}
	if err != nil {
		return err
	}
	return w.end(b, start, middle, !e.live)
}

// all writes one entry for each key that has a state.
func (s *store[K, S]) all(w *changeWriter) error {
	s.settle() // of a first batch that was skipped, nothing has begun
	for pos := range s.entries {
		if err := s.write(w, s.key(uint32(pos)), uint32(pos), &s.entries[pos], false); err != nil || w.stopped {
			return err
		}
	}
	return nil
}

// encode writes the key's number and its time, which restore the order of the keys and the timeouts, before the state.
func (s *store[K, S]) encode(dst []byte, pos uint32, e *entry[S]) ([]byte, error) {
	dst = binary.AppendUvarint(dst, e.seq)
	if s.timed {
		dst = binary.AppendUvarint(dst, uint64(s.dueOf(pos)))
	}
	return s.codecs.state.Encode(dst, e.state)
}
