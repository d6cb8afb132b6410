package streaming

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// A row of thousands of sessions, opened in any order, joined, and closed from the front, is what a sorted list is.
func TestRowIsASortedList(t *testing.T) {
	for name, next := range map[string]func(*rand.Rand, int64) int64{
		"one behind the other":  func(_ *rand.Rand, i int64) int64 { return 10 * i },
		"one before the other":  func(_ *rand.Rand, i int64) int64 { return 10 * (4000 - i) },
		"in any order":          func(r *rand.Rand, _ int64) int64 { return 10 * r.Int64N(4000) },
		"in two runs":           func(_ *rand.Rand, i int64) int64 { return 10 * (2*i%4000 + i/2000) },
		"all in the same place": func(*rand.Rand, int64) int64 { return 10 },
	} {
		t.Run(name, func(t *testing.T) {
			random, r, list := rand.New(rand.NewPCG(1, 2)), &row{}, []span{}
			for i := range int64(4000) {
				at := next(random, i)
				where := slices.IndexFunc(list, func(s span) bool { return s.end > at })
				s, ok := r.get(r.find(at))
				switch {
				case where < 0 && !ok:
					r.insert(r.find(at), span{at, at + 5, at})
					list = append(list, span{at, at + 5, at})
				case where < 0 || !ok || s != list[where]:
					t.Fatalf("at %d: %v, %v; want %d", at, s, ok, where)
				case s.start > at:
					r.insert(r.find(at), span{at, at + 5, at})
					list = slices.Insert(list, where, span{at, at + 5, at})
				case random.IntN(2) == 0:
					r.remove(r.find(at))
					list = slices.Delete(list, where, where+1)
				default:
					list[where].end++
					r.set(r.find(at), list[where])
				}
				if random.IntN(10) == 0 && len(list) > 0 {
					r.removeFirst()
					list = list[1:]
				}
			}
			if got := slices.Concat(r.pieces...); !reflect.DeepEqual(slices.Concat(got), slices.Concat(list)) {
				t.Errorf("%d sessions, want %d", len(got), len(list))
			}
			for range list {
				r.removeFirst()
			}
			if !r.empty() {
				t.Error("sessions are left")
			}
		})
	}
}
