package checkpoint

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/messages"
)

// testStore is what every store must do. open gives a store on what the one before it left; the one before is closed.
func testStore(t *testing.T, start func(t *testing.T) (open func(...Option) *Store)) {
	t.Run("a fresh store has nothing", func(t *testing.T) {
		s := start(t)()
		if _, ok, err := s.Load(func(messages.Changes) error { return errors.New("a change") }); ok || err != nil {
			t.Errorf("Load = %v, %v", ok, err)
		}
	})
	t.Run("what was saved is there, now and after opening again", func(t *testing.T) {
		open := start(t)
		s := open()
		last := fill(t, s, 1, 20, nil)
		wantState(t, s, last)
		wantState(t, s, last)
		wantState(t, open(), last)
	})
	t.Run("a plan stands until its batch is saved", func(t *testing.T) {
		open := start(t)
		last := fill(t, open(), 1, 2, nil)
		next := batch(3, last.state)
		s := open()
		if err := s.Plan(planOf(next.progress)); err != nil {
			t.Fatal(err)
		}
		s = open()
		last.progress.plan = new(planOf(next.progress))
		wantState(t, s, last)
		if err := next.to(s); err != nil {
			t.Fatal(err)
		}
		wantState(t, open(), next)
	})
	t.Run("a plan alone is something", func(t *testing.T) {
		open := start(t)
		if err := open().Plan(NewPlan(second(1), 1, nil)); err != nil {
			t.Fatal(err)
		}
		if p, ok, err := open().Load(nil); !ok || err != nil || p.plan == nil || !p.Time.IsZero() {
			t.Errorf("Load = %s, %v, %v", describe(p), ok, err)
		}
	})
	t.Run("a zero time is a zero time", func(t *testing.T) {
		open := start(t)
		if err := open().Save(Progress{}, none, Whole{}); err != nil {
			t.Fatal(err)
		}
		if p, ok, err := open().Load(nil); !ok || err != nil || !p.Time.IsZero() || !p.Zero.IsZero() {
			t.Errorf("Load = %s, %v, %v", describe(p), ok, err)
		}
	})
	t.Run("compaction changes nothing but the files", func(t *testing.T) {
		open := start(t)
		b := saved{}
		for n := 1; n < 60; n += 7 {
			s := open(CompactFrom(1000))
			b = fill(t, s, n, n+6, b.state)
			wantState(t, s, b)
			if w := s.Warnings(); len(w) > 0 {
				t.Errorf("warnings: %q", w)
			}
		}
		names, _ := open().files.list()
		g := survey(names)
		if len(g.snapshots) != 2 || len(g.logs) != 2 || g.highest < 5 {
			t.Errorf("files: %q", names)
		}
	})
	t.Run("the state for a compaction may be that before the batch", func(t *testing.T) {
		open := start(t)
		s := open(CompactFrom(1))
		b := batch(1, nil)
		if err := s.Save(b.progress, blocks(b.changes...), Whole{Entries: state{}.full}); err != nil {
			t.Fatal(err)
		}
		if s.chain.snapshot == 0 {
			t.Error("nothing was compacted")
		}
		wantState(t, open(), b)
	})
	t.Run("changes larger than any buffer", func(t *testing.T) {
		open := start(t)
		b := batch(1, nil)
		for i := range 5 {
			c := messages.Change{Operator: "totals", Key: fmt.Sprint("big-", i), Value: strings.Repeat(fmt.Sprint(i), i*chunk*3/2)}
			b.changes = append(b.changes, c)
			b.state.apply(c)
		}
		s := open(CompactFrom(1))
		if err := b.to(s); err != nil {
			t.Fatal(err)
		}
		b = fill(t, open(), 2, 3, b.state)
		wantState(t, open(), b)
	})
	t.Run("an operation that was removed and added again starts empty", func(t *testing.T) {
		open := start(t)
		s := open()
		fill(t, s, 1, 3, nil)
		alone := func(n int, shapes ...messages.Shape) Progress {
			return NewProgress(Progress{Time: second(n)}, nil, shapes)
		}
		change := blocks(messages.Change{Operator: "totals", Key: "k", Value: "4"})
		if err := errors.Join(s.Save(alone(4, totals), change, Whole{}), s.Save(alone(5, totals, visits), none, Whole{})); err != nil {
			t.Fatal(err)
		}
		_, got := load(t, open())
		for k := range got {
			if k[0] == "visits" {
				t.Errorf("visits still has %q", k[1])
			}
		}
		if got[[2]string{"totals", "k"}] != "4" || got[[2]string{"totals", "key-1"}] != "v" {
			t.Errorf("totals lost state: %v", got)
		}
	})
	t.Run("a change of an unknown operation is refused, and the store goes on", func(t *testing.T) {
		open := start(t)
		s := open()
		b := fill(t, s, 1, 1, nil)
		odd := blocks(messages.Change{Operator: "totals", Key: "x"}, messages.Change{Operator: "other"})
		if err := s.Save(b.progress, odd, Whole{}); !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), "other") {
			t.Errorf("Save = %v", err)
		}
		b = fill(t, s, 2, 2, b.state)
		wantState(t, open(), b)
	})
	t.Run("a sequence that panics saves nothing", func(t *testing.T) {
		open := start(t)
		s := open()
		b := fill(t, s, 1, 1, nil)
		func() {
			defer func() { _ = recover() }()
			_ = s.Save(b.progress, func(yield func(messages.Changes) bool) {
				for yield(messages.NewChanges("totals", messages.TopicPartition{}, messages.Change{Value: strings.Repeat("x", chunk)})) {
					panic("the user's codec")
				}
			}, Whole{})
		}()
		b = fill(t, s, 2, 2, b.state)
		wantState(t, open(), b)
	})
	t.Run("a closed store says so", func(t *testing.T) {
		s := start(t)()
		_ = s.Close()
		_, _, err := s.Load(nil)
		for _, err := range []error{err, s.Plan(Plan{}), s.Save(Progress{}, none, Whole{})} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("error %v", err)
			}
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}
