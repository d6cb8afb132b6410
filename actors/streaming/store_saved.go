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
	var room [reading]change[K, S]
	for from := 0; from < len(s.notes); from += reading {
		notes := s.notes[from:min(from+reading, len(s.notes))]
		for i := range notes {
			room[i] = change[K, S]{s.keys[notes[i].pos], s.entries[notes[i].pos]}
		}
		for i := range notes {
			if err := s.write(w, &room[i], notes[i].live); err != nil {
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

// write writes one; was tells whether the key had a state before.
func (s *store[K, S]) write(w *changeWriter, c *change[K, S], was bool) error {
	key := func(dst []byte) ([]byte, error) { return s.codecs.key.Encode(dst, c.key) }
	switch {
	case c.entry.live:
		return w.set(key, func(dst []byte) ([]byte, error) { return s.encode(dst, &c.entry) })
	case was:
		return w.drop(key)
	}
	return nil
}

// all writes one entry for each key that has a state.
func (s *store[K, S]) all(w *changeWriter) error {
	for pos := range s.entries {
		e, key := &s.entries[pos], s.keys[pos]
		if !e.live {
			continue
		}
		err := w.set(func(dst []byte) ([]byte, error) { return s.codecs.key.Encode(dst, key) },
			func(dst []byte) ([]byte, error) { return s.encode(dst, e) })
		if err != nil || w.stopped {
			return err
		}
	}
	return nil
}

// encode writes the key's number and its time, which restore the order of the keys and the timeouts, before the state.
func (s *store[K, S]) encode(dst []byte, e *entry[S]) ([]byte, error) {
	dst = binary.AppendUvarint(dst, e.seq)
	if s.timed {
		dst = binary.AppendUvarint(dst, uint64(e.due))
	}
	return s.codecs.state.Encode(dst, e.state)
}
