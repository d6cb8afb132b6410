package checkpoint

import (
	"fmt"
	"iter"

	"github.com/hibana-stream/hibana/messages"
)

// compact begins a new generation: a new log, and a snapshot of the state in front of it.
//
// The new log comes first, and from then on the frames go there: whether or not the snapshot comes to stand, the chain from
// the older snapshot through both logs is the same state, so that a crash at any point of this needs no repair. Only when the
// snapshot lasts are the files before the older one removed.
func (s *Store) compact(p Progress, full, changes iter.Seq[messages.Changes]) error {
	if err := s.rotate(); err != nil {
		return fmt.Errorf("no new generation of the checkpoint: %w", err)
	}
	generation, keep := s.highest, s.chain.first()
	var size int64
	f, err := s.make(snapshotName(generation), func(f file) (err error) {
		size, err = s.snapshot(f, p, full, changes)
		return err
	})
	if err != nil {
		return fmt.Errorf("no new generation of the checkpoint: %w", err)
	}
	_ = f.Close()
	s.chain.snapshot, s.chain.snapshotSize = generation, size
	s.chain.logs = s.chain.logs[len(s.chain.logs)-1:]
	s.prune(keep)
	return nil
}

// snapshot writes the state as one frame with the number of the last frame that it contains. The changes come behind the full
// state, so that it does not matter whether that has them already.
func (s *Store) snapshot(f file, p Progress, full, changes iter.Seq[messages.Changes]) (size int64, err error) {
	if _, err := f.WriteAt(preamble{role: roleSnapshot, first: s.chain.number}.encode(), 0); err != nil {
		return 0, err
	}
	s.title = appendProgress(s.title[:0], p)
	return s.write(f, preambleSize, kindBatch, s.chain.number, p.shapes, full, changes)
}

// prune removes the files of the generations before keep. One that cannot be removed now is removed the next time.
func (s *Store) prune(keep uint64) {
	names, err := s.files.list()
	if err != nil {
		return
	}
	for _, name := range names {
		if generation, _, ok := generationOf(name); ok && generation < keep {
			_ = s.files.remove(name)
		}
	}
}
