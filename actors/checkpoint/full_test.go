package checkpoint

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
)

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
	for seed := range uint64(2500) {
		chance := rand.New(rand.NewPCG(seed, 3))
		d, h := newDisk(), begin()
		d.failAt, d.failures, d.part = 6+chance.IntN(60), 1+chance.IntN(2), part(chance.IntN(4))
		d.stopAt = d.failAt + d.failures + chance.IntN(6)
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
		if seed%4 == 0 {
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
		d.failures = 0
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
