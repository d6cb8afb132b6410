package streaming

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// Pairs of few and of many keys, in several batches, through the same room: sorted by shard and read back in the order of arrival they
// are the pairs that came, although what their keys pointed into is written over behind each piece.
func TestSortedByShardIsWhatCame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := sharding[string, int]()
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			push, result := all.open(&Task{}, nil)
			var want []Pair[string, int]
			for range rapid.IntRange(0, 4).Draw(t, "pieces") {
				many := rapid.SampledFrom([]int{1, 40, 100_000}).Draw(t, "keys")
				var piece []Pair[string, int]
				var buffers [][]byte
				for range rapid.IntRange(0, 400).Draw(t, "pairs") {
					key := fmt.Sprint("k", rapid.IntRange(0, many).Draw(t, "key"))
					want = append(want, Pair[string, int]{key, len(want)})
					buffers = append(buffers, []byte(key))
					piece = append(piece, Pair[string, int]{unsafe.String(&buffers[len(piece)][0], len(key)), len(want) - 1})
				}
				push(piece)
				for _, b := range buffers {
					clear(b)
				}
			}
			if got := asTheyCame(result()); !slices.Equal(got, want) {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	})
}

// asTheyCame reads back.
func asTheyCame(s *sharded[string, int]) (out []Pair[string, int]) {
	var next [shardCount]int
	for _, shard := range s.order {
		p := &s.piles[shard]
		at := next[shard]
		next[shard]++
		out = append(out, Pair[string, int]{p.keys.at(p.of[at]), p.values[at]})
	}
	return out
}

// A store whose keys mostly come and go within a batch, the last of which no hole is left of, makes its keys' arena anew before that
// is much more than what lives.
func TestAStoreLetsGoOfKeysThatWent(t *testing.T) {
	s := newStore(storeCodecs[string, int]{stringCodec[string](), integerCodec[int](typeOf[int]())}, false)
	for batch := range 200 {
		s.begin()
		for i := range 50 {
			k := fmt.Sprint(batch, strings.Repeat("-", i))
			pos := s.slot(k, tagOf(k))
			if s.set(pos, i); i > 0 {
				s.drop(pos)
			}
		}
		s.commit()
		if s.used != batch+1 || s.entered > 2*s.used+64 {
			t.Fatalf("batch %d: %d live, and %d in the arena", batch, s.used, s.entered)
		}
	}
	for pos, k := range s.keys {
		if found, ok := s.find(fmt.Sprint(pos), tagOf(fmt.Sprint(pos))); !ok || int(found) != pos || k != fmt.Sprint(pos) {
			t.Fatalf("the key at %d is %q", pos, k)
		}
	}
}
