package checkpoint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

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
			b.state.apply(c)
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
