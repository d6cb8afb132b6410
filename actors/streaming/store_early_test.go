package streaming

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// What was encoded early, what was changed again after that, keys that are new, keys that went, and a codec that fails in between: the
// changes are those of a store that encodes nothing early.
func TestWhatIsEncodedEarlyIsWhatStandsThereInTheEnd(t *testing.T) {
	refused := errors.New("refused")
	failing := false
	codecs := storeCodecs[string, int]{stringCodec[string](), integerCodec[int](typeOf[int]())}
	encode := codecs.state.Encode
	codecs.state.Encode = func(dst []byte, v int) ([]byte, error) {
		if failing && v == 3 {
			return nil, refused
		}
		return encode(dst, v)
	}
	for _, again := range []bool{false, true} {
		one, other := newStore(codecs, false), newStore(codecs, false)
		for batch := range 3 {
			for i, s := range []*store[string, int]{one, other} {
				s.begin()
				touch(s, batch*20, 60)
				if i == 0 {
					failing = batch == 1
					s.encodeEarly('k', func(note int) string { return s.key(s.notes[note].pos) })
					failing = false
				}
				if again {
					touch(s, 50, 5)
				}
				touch(s, 500+batch, 1)
			}
			if (len(one.early.blocks) == 0) != (batch < 2) { // all keys are new, or the codec fails
				t.Fatalf("batch %d: %d blocks early", batch, len(one.early.blocks))
			}
			if got, want := changesOf(t, one), changesOf(t, other); !maps.Equal(got, want) || len(got) == 0 {
				t.Fatalf("batch %d: got %v, want %v", batch, got, want)
			}
			one.commit()
			other.commit()
		}
	}
	failing = true
	one := newStore(codecs, false)
	one.begin()
	touch(one, 0, 60)
	one.encodeEarly('k', func(note int) string { return one.key(one.notes[note].pos) })
	if _, err := newMemory(shapeOf("s")).with('k', one).changes(messages.TopicPartition{}, nil); !errors.Is(err, refused) {
		t.Fatal(err)
	}
}

// touch counts n keys up, and drops each at 4.
func touch(s *store[string, int], from, n int) {
	for i := range n {
		k := fmt.Sprint(from + i)
		pos := s.slot(k, tagOf(k))
		if s.set(pos, s.entries[pos].state+1+i%3); s.entries[pos].state >= 4 {
			s.drop(pos)
		}
	}
}

func changesOf(t *testing.T, s *store[string, int]) map[string]messages.Change {
	t.Helper()
	all := map[string]messages.Change{}
	changes, err := newMemory(shapeOf("s")).with('k', s).changes(messages.TopicPartition{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range changes {
		for c := range block.All() {
			if _, twice := all[c.Key]; twice {
				t.Fatalf("%q comes twice", c.Key)
			}
			all[c.Key] = c
		}
	}
	return all
}
