package kafka

import (
	"encoding/json"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// isStale notes an entry that no operation of the job can read, or that it has been taken away.
func (r *restore) isStale(record *kgo.Record) {
	if record.Value == nil {
		delete(r.stale, string(record.Key))
		return
	}
	r.stale[string(record.Key)] = true
}

// finish refuses what would be lost, unless it may be, and notes what the next transaction has to write.
func (r *restore) finish() error {
	if len(r.stale) > 0 {
		if err := r.changelog.refuse(r.saved, r.stale); err != nil {
			return err
		}
	}
	r.changelog.owe(r.partition, r.saved, r.stale)
	return nil
}

// refuse asks whether stale entries may go. When the shapes are not to be read, their operations' names say what is lost.
func (l *Changelog) refuse(saved string, stale map[string]bool) error {
	var shapes []messages.Shape
	if err := json.NewDecoder(strings.NewReader(saved)).Decode(&shapes); err != nil {
		for key := range stale {
			shapes = append(shapes, messages.Shape{Operator: nameIn(key)})
		}
	}
	if l.config.Check == nil {
		return nil
	}
	return l.config.Check(shapes)
}
