package streaming

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestATableIsAMapThatKnowsTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, model := newTable[int](0), map[int]uint32{}
		var order []int
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			k := rapid.IntRange(0, 40).Draw(t, "key")
			pos, ok := table.find(k, tagOf(k))
			was, known := model[k]
			if ok != known || ok && pos != was {
				t.Fatalf("%d: got %d %v, want %d %v", k, pos, ok, was, known)
			}
			switch remove := rapid.Bool().Draw(t, "remove"); {
			case known && remove:
				table.remove(pos)
				delete(model, k)
			case !known:
				model[k] = table.insert(k, tagOf(k))
				order = append(order, k)
			}
		}
		if table.used != len(model) || len(table.keys) != len(order) {
			t.Fatal("the sizes differ")
		}
		var guesses [probing]uint32
		tags := []uint32{}
		for k := range 41 {
			tags = append(tags, tagOf(k))
		}
		table.guess(tags, &guesses)
		for k := range 41 {
			at, ok := table.findAt(k, tags[k], guesses[k])
			if was, known := model[k]; ok != known || ok && at != was {
				t.Fatalf("%d: guessed wrong", k)
			}
		}
	})
}

// A store is held against a map that is copied for each attempt: after any number of batches, committed and aborted, compacted and
// loaded again, it has the same states in the same order.
func TestAStoreIsWhatItsCommittedBatchesMadeIt(t *testing.T) {
	numbers := integerCodec[int](typeOf[int]())
	t.Run("numbers", func(t *testing.T) {
		rapid.Check(t, storeByModel(storeCodecs[int, int]{numbers, numbers}, func(k int) int { return k }))
	})
	t.Run("texts", func(t *testing.T) {
		rapid.Check(t, storeByModel(storeCodecs[string, int]{stringCodec[string](), numbers}, func(k int) string {
			return strings.Repeat("k", k) + strconv.Itoa(k)
		}))
	})
}

func storeByModel[K comparable](codecs storeCodecs[K, int], keyOf func(int) K) func(*rapid.T) {
	return func(t *rapid.T) {
		s := newStore(codecs, true)
		m := newMemory(shapeOf("s")).with('k', s)
		type state struct {
			key        K
			value, due int
		}
		var committed []state
		for range rapid.IntRange(1, 30).Draw(t, "batches") {
			m.each(cell.begin)
			model := slices.Clone(committed)
			for range rapid.IntRange(0, 60).Draw(t, "writes") {
				k, v := keyOf(rapid.IntRange(0, 300).Draw(t, "key")), rapid.IntRange(0, 9).Draw(t, "value")
				at := slices.IndexFunc(model, func(s state) bool { return s.key == k })
				pos := s.slot(k, tagOf(k))
				switch {
				case v > 4:
					s.drop(pos)
					if at >= 0 {
						model[at].value = -1
					} else { // it has come, which counts for the order if it gets a state in this batch
						model = append(model, state{k, -1, 0})
					}
				case at >= 0:
					s.set(pos, v)
					s.dueAt(pos, int64(v+1))
					model[at] = state{k, v, v + 1}
				default:
					s.set(pos, v)
					s.dueAt(pos, int64(v+1))
					model = append(model, state{k, v, v + 1})
				}
			}
			model = slices.DeleteFunc(model, func(s state) bool { return s.value < 0 })
			limit := rapid.IntRange(0, 7).Draw(t, "limit")
			var due, wantDue []K
			for _, pos := range s.due(int64(limit)) {
				due = append(due, s.key(pos))
			}
			for d := range limit {
				for _, e := range model {
					if e.due == d && e.value >= 0 {
						wantDue = append(wantDue, e.key)
					}
				}
			}
			if !sameKeys(due, wantDue) {
				t.Fatalf("due: got %v, want %v", due, wantDue)
			}
			switch rapid.IntRange(0, 4).Draw(t, "end") {
			case 0:
				m.each(cell.abort)
			case 1:
				m.each(cell.commit)
				committed = model
				s = reloaded(t, m, codecs)
				m = newMemory(shapeOf("s")).with('k', s)
			default:
				m.each(cell.commit)
				committed = model
			}
			if s.loading.count > 0 {
				continue
			}
			var got []state
			for pos := range s.entries {
				if e := &s.entries[pos]; e.live {
					got = append(got, state{s.key(uint32(pos)), e.state, int(s.dueOf(uint32(pos)))})
				}
			}
			if !slices.Equal(got, committed) {
				t.Fatalf("got %v, want %v", got, committed)
			}
			weight := int64(0)
			for _, e := range got {
				weight += s.weighKey(e.key) + 8 + entryCost
			}
			if s.bytes() != weight {
				t.Fatalf("it holds %d bytes, and says %d", weight, s.bytes())
			}
		}
	}
}

// sameKeys tells whether both have the same keys, in any order.
func sameKeys[K comparable](a, b []K) bool {
	count := map[K]int{}
	for _, k := range a {
		count[k]++
	}
	for _, k := range b {
		count[k]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// Scenario: texts of all lengths, also longer than a chunk; each is what was put there, also after many others.
func TestTextsAreWhatWasPut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x texts
		var all []string
		var at []uint64
		for range rapid.IntRange(1, 60).Draw(t, "texts") {
			n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 3*largestTexts)).Draw(t, "length")
			all = append(all, strings.Repeat(rapid.StringMatching("[a-z]").Draw(t, "letter"), n))
			at = append(at, x.put(all[len(all)-1]))
		}
		for i, want := range all {
			if x.get(at[i]) != want {
				t.Fatalf("text %d of %d bytes is another one", i, len(want))
			}
		}
	})
}
