package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// recovery finds the newest state that a folder holds whole.
type recovery struct {
	files files
	chain chain
	// highest is the highest generation that any file has.
	highest uint64
	// problems are damaged files, cuts what was cut off a log's end.
	problems []error
	cuts     []string
	// refused are the logs that cannot be used. They are set aside before the next write, not earlier: until then every
	// opening says again what is wrong with them.
	refused []string
	// older says that batches that were saved may be missing in the chain.
	older bool
}

// recoverState looks for the newest snapshot that is whole, and goes through the logs behind it. Since the older of two snapshots
// and the logs between them make up the newer one, a damaged snapshot loses nothing while the older one is there.
// An error that is not a damage (no right to read, a newer version) ends it: to go on with an older state would be wrong.
func recoverState(fs files) (*recovery, error) {
	names, err := fs.list()
	if err != nil {
		return nil, err
	}
	found := survey(names)
	r := &recovery{files: fs, highest: found.highest}
	for _, name := range found.unfinished {
		_ = fs.remove(name) // What cannot be removed now is overwritten or pruned later; it never counts.
	}
	for _, generation := range slices.Backward(found.snapshots) {
		if ok, err := r.snapshot(generation); err != nil {
			return nil, err
		} else if ok {
			break
		}
	}
	r.notice(found)
	if err := r.follow(found.logs); err != nil {
		return nil, err
	}
	if len(r.problems) > 0 && !r.chain.any {
		return nil, fmt.Errorf("the checkpoint cannot be used and there is no older generation (to begin without state, move the folder away): %w",
			errors.Join(r.problems...))
	}
	return r, nil
}

// damaged keeps a damage and returns every other error.
func (r *recovery) damaged(err error) error {
	if !errors.Is(err, ErrCorrupt) {
		return err
	}
	r.problems = append(r.problems, err)
	return nil
}

// snapshot makes a snapshot the beginning of the chain if it is whole.
func (r *recovery) snapshot(generation uint64) (ok bool, err error) {
	f, err := r.files.open(snapshotName(generation))
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	rd, err := openReader(f, r.files.path(snapshotName(generation)), roleSnapshot, -1)
	if err != nil {
		return false, r.damaged(err)
	}
	var s standing
	if err = takeFrame(rd, &s); errors.Is(err, io.EOF) {
		err = rd.damage("a state")
	} else if err == nil && rd.at != rd.size {
		err = rd.damage("the end of the file")
	}
	if err != nil {
		return false, r.damaged(err)
	}
	r.chain = chain{standing: s, snapshot: generation, snapshotSize: rd.size}
	return true, nil
}

// takeFrame brings the next whole frame into a standing.
func takeFrame(rd *reader, s *standing) error {
	if err := rd.head(); err != nil {
		return err
	}
	if err := rd.check(); err != nil {
		return err
	}
	title, err := rd.title()
	if err != nil {
		return err
	}
	if !s.take(rd.frame, title) {
		return rd.damage("a progress that can be decoded in frame %d", rd.next)
	}
	rd.skip()
	return nil
}

// notice that the log is gone that was there before the newest snapshot was made.
func (r *recovery) notice(found generations) {
	if len(found.snapshots) == 0 {
		return
	}
	newest := found.snapshots[len(found.snapshots)-1]
	if len(found.logs) == 0 || found.logs[len(found.logs)-1] < newest {
		r.older = true
		r.problems = append(r.problems, &CorruptError{File: r.files.path(logName(newest)), Expected: "a log, and there is none"})
	}
}

// follow goes through the logs behind the snapshot, up to the first that is damaged.
func (r *recovery) follow(logs []uint64) error {
	start, _ := slices.BinarySearch(logs, r.chain.snapshot)
	logs = logs[start:]
	for i, generation := range logs {
		err := r.log(generation, logs[i+1:])
		if err == nil {
			continue
		}
		if err = r.damaged(err); err != nil {
			return err
		}
		for _, g := range logs[i:] {
			r.refused = append(r.refused, logName(g))
		}
		r.older = true
		return nil
	}
	return nil
}

// log adds a log to the chain, or leaves the chain as it is and returns what is wrong.
func (r *recovery) log(generation uint64, behind []uint64) error {
	f, err := r.files.open(logName(generation))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	rd, err := openReader(f, r.files.path(logName(generation)), roleLog, -1)
	if err != nil {
		return err
	}
	expected := r.chain.number + 1
	switch {
	case rd.next < expected && rd.size == preambleSize:
		// A log that was begun and given up, because its name could not be made to last: nothing was ever written to it.
		_ = r.files.remove(logName(generation))
		return nil
	case rd.next != expected:
		return &CorruptError{File: rd.path, Expected: fmt.Sprintf("frame %d as the first, and it is %d", expected, rd.next)}
	}
	s := r.chain.standing
	for err == nil {
		err = takeFrame(rd, &s)
	}
	if err != io.EOF {
		if !torn(rd, err) || !r.empty(behind) {
			return err
		}
		if err := r.cut(f, rd); err != nil {
			return err
		}
	}
	r.chain.standing = s
	r.chain.logs = append(r.chain.logs, segment{generation, rd.at})
	return nil
}

// empty tells whether nothing was written to these logs: then the one before them is the one that a crash may have torn.
func (r *recovery) empty(logs []uint64) bool {
	return !slices.ContainsFunc(logs, func(generation uint64) bool {
		f, err := r.files.open(logName(generation))
		if err != nil {
			return true
		}
		defer func() { _ = f.Close() }()
		size, err := f.size()
		return err != nil || size > preambleSize
	})
}

// cut removes what a crash left behind the last whole frame.
func (r *recovery) cut(f file, rd *reader) error {
	if err := f.Truncate(rd.at); err != nil {
		return fmt.Errorf("cutting the torn end off %s: %w", rd.path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("cutting the torn end off %s: %w", rd.path, err)
	}
	r.cuts = append(r.cuts, fmt.Sprintf("%s: a save was interrupted; its %d bytes from %d on were cut off", rd.path, rd.size-rd.at, rd.at))
	return nil
}

// warnings says what was found, and which state is used instead.
func (r *recovery) warnings() []string {
	all := r.cuts
	if len(r.problems) == 0 {
		return all
	}
	for _, p := range r.problems {
		all = append(all, p.Error())
	}
	used := "the state that is used instead is complete"
	if r.older {
		used = "batches may be missing: the state that is used instead is older"
	}
	return append(all, fmt.Sprintf("%s, that of the batch %s", used, r.chain.progress.Time.Format(time.RFC3339Nano)))
}
