package checkpoint

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hibana-stream/hibana/messages"
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

// picture is all that a store holds as text.
func picture(p Progress, s state) string { return describe(p) + "\n" + fmt.Sprint(s) }

func pictureOf(t testing.TB, s *Store) string {
	t.Helper()
	return picture(load(t, s))
}

// history drives a store through a number of batches, each with plan and save, and notes what it must hold.
type history struct {
	last saved
	n    int
	// holds is what the store must hold; next is what it holds if the call that runs succeeds.
	holds, next string
	// refused is what it would hold if calls had succeeded that failed since the last one that did not: until then a power failure may
	// bring back what could not be cut off.
	refused []string
	// under is the batch that is being saved, nil while it is planned.
	under *saved
	// big makes a batch's changes many writes long.
	big bool
}

func begin() *history {
	h := &history{}
	h.holds = picture(Progress{}, state{})
	return h
}

// run saves batches until the number is reached or a call fails.
func (h *history) run(s *Store, until int) error {
	for h.n < until {
		b := batch(h.n+1, h.last.state)
		if h.big {
			c := messages.Change{Operator: "totals", Key: "big", Value: strings.Repeat(fmt.Sprint(h.n), chunk+chunk/2)}
			b.changes = append(b.changes, c, c)
			_ = b.state.apply(c)
		}
		planned := h.last.progress
		planned.plan = new(planOf(b.progress))
		h.under, h.next = nil, picture(planned, h.last.state)
		if err := s.Plan(planOf(b.progress)); err != nil {
			return err
		}
		h.succeeded()
		h.next, h.under = picture(b.progress, b.state), &b
		if err := b.to(s); err != nil {
			return err
		}
		h.succeeded()
	}
	return nil
}

// succeeded says that the call that was under way has gone through.
func (h *history) succeeded() {
	h.holds, h.refused = h.next, nil
	if h.under != nil {
		h.last, h.under, h.n = *h.under, nil, h.n+1
	}
}

// check opens the store on what a crash left: it must hold what was saved, or that and the call that was under way, and must go on from
// there, also through another opening.
func (h *history) check(t *testing.T, d *disk, options ...Option) {
	t.Helper()
	s, err := open(d, options...)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	got := pictureOf(t, s)
	if slices.Contains(h.refused, got) {
		return
	}
	if got != h.holds && got != h.next {
		t.Fatalf("it holds\n%s\nwant\n%s\nor\n%s\nwarnings %q", got, h.holds, h.next, s.Warnings())
	}
	for _, w := range s.Warnings() {
		if !strings.Contains(w, "interrupted") {
			t.Fatalf("a crash is not a damage: %s", w)
		}
	}
	again := *h
	again.big = false
	if got == h.next {
		again.succeeded()
	}
	if err := again.run(s, h.n+4); err != nil {
		t.Fatalf("going on: %v", err)
	}
	if s, err = open(d.killed(), options...); err != nil {
		t.Fatalf("opening again: %v", err)
	}
	if got := pictureOf(t, s); got != again.holds {
		t.Fatalf("going on leads to\n%s\nwant\n%s", got, again.holds)
	}
}

// crashed runs the history on a disk that stops at one call; ok is false when it was through before that call.
func crashed(d *disk, h *history, failAt int, p part, until int, options ...Option) (ok bool) {
	d.calls, d.failAt, d.part, d.crash = 0, failAt, p, true
	s, err := open(d, options...)
	if err == nil {
		err = h.run(s, until)
	}
	return err != nil || d.dead
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

// The machine stops, and stops again at any call while it repairs what the first time left.
func TestCrashWhileRepairing(t *testing.T) {
	for seed := range uint64(60) {
		chance := rand.New(rand.NewPCG(seed, 1))
		d, h := newDisk(), begin()
		if !crashed(d, h, 1+chance.IntN(120), part(chance.IntN(4)), 12, CompactFrom(700)) {
			continue
		}
		state := chance.Uint64()
		everyCrash(t, func(failAt int, p part) bool {
			d, h := d.powerless(rand.New(rand.NewPCG(state, 2))), *h
			if s, err := open(d.killed()); err != nil {
				t.Fatal(err)
			} else if pictureOf(t, s) == h.next {
				h.succeeded()
			}
			h.next, h.under = h.holds, nil // Nothing is under way while the store opens.
			if !crashed(d, &h, failAt, p, h.n+2, CompactFrom(700)) {
				return false
			}
			h.check(t, d.powerless(chance), CompactFrom(700))
			return true
		})
	}
}

// One batch is many writes long; its header comes last.
func TestCrashInALargeBatch(t *testing.T) {
	everyCrash(t, func(failAt int, p part) bool {
		d, h := newDisk(), begin()
		h.big = true
		if !crashed(d, h, failAt, p, 2) {
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

// The disk is full for one call, or for several: the error names the file and the cause, a retry goes through once there is room,
// and nothing is lost whatever the machine does then.
func TestDiskFullAtEveryCall(t *testing.T) {
	for _, failures := range []int{1, 2, 3, 7} {
		everyCrash(t, func(failAt int, p part) bool {
			d, h := newDisk(), begin()
			d.failAt, d.part, d.failures = failAt, p, failures
			s, err := open(d, CompactFrom(700))
			if err != nil {
				t.Fatal(err)
			}
			for tries := 0; ; tries++ {
				if err = h.run(s, 12); err == nil {
					break
				}
				if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/disk/state-") || tries > failures {
					t.Fatalf("try %d: %v", tries, err)
				}
				if got := pictureOf(t, s); got != h.holds {
					t.Fatalf("after the error it holds\n%s\nwant\n%s", got, h.holds)
				}
			}
			if got := pictureOf(t, s); got != h.holds {
				t.Fatalf("it holds\n%s\nwant\n%s", got, h.holds)
			}
			h.check(t, d.killed(), CompactFrom(700))
			h.check(t, d.powerless(rand.New(rand.NewPCG(uint64(failAt), uint64(p)))), CompactFrom(700))
			return d.calls >= failAt
		})
	}
}

// A batch cannot be written, the policy goes on with the next one, and soon after the machine stops: what is left of the first must
// not get mixed up with the second.
func TestDiskFullThenCrash(t *testing.T) {
	for seed := range uint64(4000) {
		chance := rand.New(rand.NewPCG(seed, 3))
		d, h := newDisk(), begin()
		d.failAt, d.failures, d.part = 6+chance.IntN(60), 1+chance.IntN(3), part(chance.IntN(4))
		d.stopAt = d.failAt + d.failures + chance.IntN(14)
		s, err := open(d, CompactFrom(700))
		if err != nil {
			t.Fatal(err)
		}
		for {
			if h.run(s, h.n+1) == nil {
				continue
			}
			if d.dead {
				break
			}
			h.refused = append(h.refused, h.next)
			h.n++ // Skipped: the next batch has other changes.
		}
		if seed%2 == 0 {
			h.check(t, d.killed(), CompactFrom(700))
		} else {
			h.check(t, d.powerless(chance), CompactFrom(700))
		}
	}
}

// A compaction that fails costs no batch; it is told, and made up for.
func TestCompactionFails(t *testing.T) {
	d, h := newDisk(), begin()
	s, err := open(d, CompactFrom(700))
	if err != nil {
		t.Fatal(err)
	}
	for h.n < 40 {
		names, _ := d.list()
		full := !slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(n, ".snapshot") }) && h.n > 0 && h.n < 20
		if full {
			d.failAt, d.failures = d.calls+5, 1 // Plan and Save take four calls: the fifth is the compaction's.
		}
		if err := h.run(s, h.n+1); err != nil {
			t.Fatal(err)
		}
		if w := s.Warnings(); len(w) > 0 && !strings.Contains(w[0], "no new generation") {
			t.Fatalf("warnings %q", w)
		}
	}
	names, _ := d.list()
	if w := s.Warnings(); len(w) > 0 || len(survey(names).snapshots) != 2 {
		t.Errorf("warnings %q, files %q", w, names)
	}
	h.check(t, d.killed())
}
