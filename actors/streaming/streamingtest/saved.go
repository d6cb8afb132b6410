package streamingtest

import (
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// saved is what the job has saved: the newest value of each entry, encoded.
type saved struct {
	zero    time.Time
	entries map[entryKey]string
}

type entryKey struct{ operator, key string }

func openSaved(_ testing.TB, _ string) *saved { return &saved{entries: map[entryKey]string{}} }

// commit takes over what a batch changed.
func (s *saved) commit(r *streaming.Runner) {
	if s == nil {
		return
	}
	s.zero = r.Zero()
	for c := range r.Changes() {
		if c.Deleted {
			delete(s.entries, entryKey{c.Operator, c.Key})
			continue
		}
		s.entries[entryKey{c.Operator, c.Key}] = c.Value
	}
}

// restore gives a Runner what was saved.
func (s *saved) restore(r *streaming.Runner) error {
	if s == nil {
		return nil
	}
	r.SetZero(s.zero)
	for k, value := range s.entries {
		if err := r.Load(messages.Change{Operator: k.operator, Key: k.key, Value: value}); err != nil {
			return err
		}
	}
	return nil
}
