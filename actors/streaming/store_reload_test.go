package streaming

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hibana-stream/hibana/messages"
)

func shapeOf(name string) messages.Shape {
	return messages.Shape{Operator: name, Kind: "test", Codec: "test"}
}

// reloaded is a store with what all wrote, given in another order.
func reloaded[K comparable](t *rapid.T, m *memory, codecs storeCodecs[K, int]) *store[K, int] {
	all := allOf(t, m)
	slices.Reverse(all)
	all = withHistory(t, all)
	s := newStore(codecs, true)
	into := newMemory(m.shape).with('k', s)
	if _, err := into.load(all); err != nil {
		t.Fatal(err)
	}
	return s
}

// allOf is all that a memory holds.
func allOf(t rapid.TB, m *memory) (all []messages.Change) {
	if _, err := m.all(func(c messages.Changes) bool {
		for change := range c.All() {
			change.Key, change.Value = strings.Clone(change.Key), strings.Clone(change.Value)
			all = append(all, change)
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// withHistory is a changelog that was not compacted: before the last change of some keys there are others, and some keys are gone.
func withHistory(t *rapid.T, last []messages.Change) (all []messages.Change) {
	for i, c := range last {
		if rapid.Bool().Draw(t, "earlier") {
			earlier := last[rapid.IntRange(0, len(last)-1).Draw(t, "like")]
			earlier.Key, earlier.Deleted = c.Key, rapid.Bool().Draw(t, "deleted")
			all = append(all, earlier)
		}
		if all = append(all, c); i%3 == 0 {
			gone := c
			gone.Key = "k" + string(binary.AppendVarint(nil, int64(1000+i)))
			all = append(all, gone)
			gone.Deleted = true
			all = append(all, gone)
		}
	}
	return all
}

// Scenario: a changelog of a hundred keys was not compacted for long. It is loaded in memory that does not grow with its length.
func TestManyChangesOfFewKeysAreLoadedInLittleMemory(t *testing.T) {
	codecs := storeCodecs[int, int]{integerCodec[int](typeOf[int]()), integerCodec[int](typeOf[int]())}
	s := newStore(codecs, false)
	state := func(seq, n int) string {
		return string(binary.AppendVarint(binary.AppendUvarint(nil, uint64(seq)), int64(n)))
	}
	key := func(n int) string { return string(binary.AppendVarint(nil, int64(n))) }
	const keys, rounds = 100, 1000
	for round := range rounds {
		for k := range keys {
			if err := s.load(key(k), state(keys-k, round), k%2 == 1 && round == rounds-1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.loading.count > fewLoaded {
		t.Errorf("%d entries of %d keys are kept", s.loading.count, keys)
	}
	s.begin()
	want := []Pair[int, int]{}
	for k := keys - 2; k >= 0; k -= 2 {
		want = append(want, Pair[int, int]{k, rounds - 1})
	}
	if got := s.snapshot(); !slices.Equal(got, want) {
		t.Errorf("loaded %v, want %v", got, want)
	}
}

// Scenario: the first batch after a restart fails before its wide half and is skipped, and the checkpoint is compacted with that: what was
// loaded is in the snapshot, and its size is known, although no batch has begun. What is loaded after that is there as well.
func TestWhatWasLoadedStandsThereBeforeTheFirstBatch(t *testing.T) {
	codecs := storeCodecs[string, int]{stringCodec[string](), integerCodec[int](typeOf[int]())}
	saved := func(n int) messages.Change {
		return messages.Change{Operator: "s", Key: "k" + string(rune('a'+n)), Value: string(binary.AppendVarint(binary.AppendUvarint(nil, uint64(n)), 7))}
	}
	for name, c := range map[string]cell{"store": newStore(codecs, false), "shards": newKeyShards(codecs, false)} {
		m := newMemory(shapeOf("s")).with('k', c)
		for n := range 3 {
			if _, err := m.load([]messages.Change{saved(n)}); err != nil {
				t.Fatal(err)
			}
			all := allOf(t, m)
			if len(all) != n+1 || m.bytes() < int64(n+1)*entryCost {
				t.Errorf("%s: of %d loaded, %v are there, of %d bytes", name, n+1, all, m.bytes())
			}
		}
	}
}
