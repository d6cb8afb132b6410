package streamingtest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/streaming"
)

// saved is the checkpoint folder of a kit: what the real program has, but that nothing waits for the disk.
type saved struct {
	dir   string
	store *checkpoint.Store
}

// openSaved opens the folder; "" is one of the test's own.
func openSaved(t testing.TB, dir string) *saved {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	s := &saved{dir: dir}
	t.Cleanup(s.close)
	return s
}

func (s *saved) close() {
	if s != nil && s.store != nil {
		_ = s.store.Close()
		s.store = nil
	}
}

// commit saves what a batch changed.
func (s *saved) commit(r *streaming.Runner, at time.Time) error {
	if s == nil {
		return nil
	}
	p := checkpoint.NewProgress(checkpoint.Progress{Time: at, Zero: r.Zero()}, nil, r.Shapes())
	return s.store.Save(p, r.Changes(), checkpoint.Whole{Entries: r.Entries, Size: r.StateBytes()})
}

// restore opens the folder anew and gives a Runner what it holds; last is the time of the last saved batch, zero when there is none.
func (s *saved) restore(r *streaming.Runner) (last time.Time, err error) {
	if s == nil {
		return time.Time{}, nil
	}
	s.close()
	if s.store, err = checkpoint.Open(s.dir, "kit", checkpoint.WithoutSync()); err != nil {
		return time.Time{}, err
	}
	p, ok, err := s.store.Load(r.Load)
	if err != nil || !ok {
		return time.Time{}, err
	}
	if err := checkpoint.Compare(slices.Collect(p.Shapes()), r.Shapes()).Err(); err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", s.dir, err)
	}
	r.SetZero(p.Zero)
	return p.Time, nil
}
