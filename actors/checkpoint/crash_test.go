package checkpoint

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestStoreOnDisk(t *testing.T) {
	testStore(t, func(t *testing.T) func(...Option) *Store {
		d := newDisk()
		return func(options ...Option) *Store {
			d = d.killed()
			s, err := open(d, options...)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}

// everyCrash stops the disk at every call in turn, with more and more of that call done.
func everyCrash(t *testing.T, crash func(failAt int, p part) (more bool)) {
	for failAt := 1; ; failAt++ {
		for p := nothing; p <= everything; p++ {
			if !crash(failAt, p) {
				t.Logf("%d calls", failAt-1)
				return
			}
		}
	}
}

// The process, or the machine, stops at any call of a dozen batches with several compactions. Afterwards the store holds
// exactly what it held before the call that was under way, or what it holds after it.
func TestCrashAtEveryCall(t *testing.T) {
	everyCrash(t, func(failAt int, p part) bool {
		d, h := newDisk(), begin()
		if !crashed(d, h, failAt, p, 12, CompactFrom(700)) {
			return false
		}
		t.Run(fmt.Sprint("call ", failAt, " part ", p, " killed"), func(t *testing.T) { h.check(t, d.killed(), CompactFrom(700)) })
		for seed := range uint64(6) {
			t.Run(fmt.Sprint("call ", failAt, " part ", p, " power ", seed), func(t *testing.T) {
				h.check(t, d.powerless(rand.New(rand.NewPCG(seed, uint64(failAt)))), CompactFrom(700))
			})
		}
		return true
	})
}

// The machine stops, and stops again at some call while it repairs what the first time left, or soon after.
func TestCrashWhileRepairing(t *testing.T) {
	for seed := range uint64(3000) {
		chance := rand.New(rand.NewPCG(seed, 1))
		d, h := newDisk(), begin()
		if !crashed(d, h, 1+chance.IntN(120), part(chance.IntN(4)), 12, CompactFrom(700)) {
			continue
		}
		d = d.powerless(chance)
		if s, err := open(d.killed()); err != nil {
			t.Fatal(err)
		} else if pictureOf(t, s) == h.next {
			h.succeeded()
		}
		h.next, h.under = h.holds, nil // Nothing is under way while the store opens.
		if crashed(d, h, 1+chance.IntN(8), part(chance.IntN(4)), h.n+2, CompactFrom(700)) {
			h.check(t, d.powerless(chance), CompactFrom(700))
		}
	}
}

// One batch is many writes long; its header comes last.
func TestCrashInALargeBatch(t *testing.T) {
	everyCrash(t, func(failAt int, p part) bool {
		d, h := newDisk(), begin()
		h.big = true
		if !crashed(d, h, failAt, p, 1) {
			return false
		}
		h.check(t, d.killed())
		h.check(t, d.powerless(rand.New(rand.NewPCG(uint64(failAt), uint64(p)))))
		return true
	})
}

// Without sync the crash of the process still loses nothing.
func TestKillWithoutSync(t *testing.T) {
	everyCrash(t, func(failAt int, p part) bool {
		d, h := newDisk(), begin()
		if !crashed(d, h, failAt, p, 12, CompactFrom(700), WithoutSync()) {
			return false
		}
		h.check(t, d.killed(), CompactFrom(700), WithoutSync())
		return true
	})
}
