package checkpoint

import (
	"fmt"
	"iter"

	"github.com/hibana-stream/hibana/messages"
)

// append writes s.title and the changes as the next frame of the log. It counts only when all of it has been written, and with
// sync is on the disk; after an error the log is as it was.
func (s *Store) append(kind byte, shapes []messages.Shape, changes iter.Seq[messages.Changes]) error {
	if s.closed {
		return ErrClosed
	}
	if err := s.ready(); err != nil {
		return err
	}
	last := &s.chain.logs[len(s.chain.logs)-1]
	s.ragged = true // Until the frame is whole, also when the caller's sequence panics.
	end, err := s.write(s.log, last.end, kind, s.chain.number+1, shapes, changes)
	if err == nil && s.settings.sync {
		err = s.log.Sync()
	}
	if err != nil {
		_ = s.trim() // Best effort: a disk that is full again lets it succeed; otherwise the next write begins with it.
		return fmt.Errorf("%s: %w", s.files.path(logName(last.generation)), err)
	}
	last.end, s.ragged = end, false
	return nil
}

// write puts one frame into a file.
func (s *Store) write(f file, at int64, kind byte, number uint64, shapes []messages.Shape, parts ...iter.Seq[messages.Changes]) (int64, error) {
	w := &s.writer
	defer w.release()
	w.begin(f, at, s.title, shapes)
	for _, part := range parts {
		for c := range part {
			if err := w.changes(c); err != nil {
				return 0, err
			}
		}
	}
	return w.finish(kind, number)
}

// ready makes the log one that can be appended to.
func (s *Store) ready() error {
	if s.log == nil {
		return s.renew()
	}
	if s.ragged {
		return s.trim()
	}
	return nil
}

// trim cuts off what a failed write left. It is made to last before the next frame is written over it: otherwise a power
// failure could mix the two. A failed Sync, too, is repaired like this, since pages that it could not write are not
// written by the next Sync but only when they are written to again.
func (s *Store) trim() error {
	last := s.chain.logs[len(s.chain.logs)-1]
	if err := s.log.Truncate(last.end); err != nil {
		return fmt.Errorf("%s: %w", s.files.path(logName(last.generation)), err)
	}
	if err := s.log.Sync(); err != nil {
		return fmt.Errorf("%s: %w", s.files.path(logName(last.generation)), err)
	}
	s.ragged = false
	return nil
}

// renew sets aside the logs that Open could not use, and begins a new one behind what it could.
func (s *Store) renew() error {
	for len(s.refused) > 0 {
		name := s.refused[0]
		if err := s.files.rename(name, name+refusedEnding); err != nil {
			return fmt.Errorf("setting %s aside: %w", s.files.path(name), err)
		}
		s.refused = s.refused[1:]
	}
	return s.rotate()
}

// rotate begins a new log behind the last frame and makes it the one that is written to.
func (s *Store) rotate() error {
	if err := s.flush(); err != nil {
		return err
	}
	name := logName(s.highest + 1)
	f, err := s.make(name, func(f file) error {
		_, err := f.WriteAt(preamble{role: roleLog, first: s.chain.number + 1}.encode(), 0)
		return err
	})
	if err != nil {
		return err
	}
	s.highest++
	if s.log != nil {
		_ = s.log.Close() // All that counts in it is on the disk.
	}
	s.log, s.ragged = f, false
	s.chain.logs = append(s.chain.logs, segment{s.highest, preambleSize})
	return nil
}

// flush waits for the disk where the saves did not.
func (s *Store) flush() error {
	if s.log == nil || s.settings.sync {
		return nil
	}
	return s.log.Sync()
}

// make creates a file that is there under its name when it is whole, and not before, and that lasts when make returns.
func (s *Store) make(name string, fill func(file) error) (file, error) {
	f, err := s.files.create(name + newEnding)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.files.path(name), err)
	}
	if err = fill(f); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = s.files.rename(name+newEnding, name)
	}
	if err == nil {
		err = s.files.sync()
	}
	if err != nil {
		_ = f.Close()
		_ = s.files.remove(name + newEnding)
		return nil, fmt.Errorf("%s: %w", s.files.path(name), err)
	}
	return f, nil
}
