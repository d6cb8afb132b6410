package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Store keeps the progress of a stream and the state of its operations in one folder, saved as one: after a crash at any
// moment it holds exactly what the last whole Save or Plan left. All methods may be called from any goroutine, and block.
type Store struct {
	mu       sync.Mutex
	files    files
	lock     io.Closer
	settings settings
	chain    chain
	highest  uint64
	refused  []string
	warnings []string
	writer   writer
	title    []byte
	// log is the newest log, nil until the first write needs one. ragged says that bytes of a failed write may stand behind
	// its end.
	log    file
	ragged bool
	// compacted is the last compaction's failure; retryAt is the length of the logs from which it is tried again.
	compacted error
	retryAt   int64
	// damaged says that the next save writes a whole generation; sizeThen is the state's size at the last snapshot, 0 when not known.
	damaged  bool
	sizeThen int64
	closed   bool
}

type settings struct {
	sync    bool
	compact int64
}

// Option changes how a Store works.
type Option func(*settings)

// WithoutSync leaves it to the operating system when a save reaches the disk. Default: every Plan and every Save waits for
// the disk (fsync). Without it the crash of the program loses nothing still, the crash of the machine may lose the last
// batches, or make the log unusable up to the last compaction.
func WithoutSync() Option { return func(s *settings) { s.sync = false } }

// CompactFrom sets from which length of the log on, in bytes, it is replaced by a snapshot. Default: 64 MiB. In any case two thirds of
// snapshot and log must be out of date: whatever the size of the state, at most about a third of what is written is snapshots, and a state
// that only grows is not written again and again.
func CompactFrom(bytes int64) Option { return func(s *settings) { s.compact = bytes } }

// Open makes the folder (0700) if it is missing, locks it, and finds the newest state that is whole; Warnings tells what had
// to be repaired for that. name is the instance's, for whoever finds the folder locked. Errors: ErrInUse with the holder;
// ErrCorrupt when a file is damaged and no older generation can stand in; ErrVersion; those of the file system.
func Open(dir, name string, options ...Option) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the checkpoint folder: %w", err)
	}
	held, err := lock(dir, name)
	if err != nil {
		return nil, err
	}
	s, err := open(folder(dir), options...)
	if err != nil {
		_ = held.Close()
		return nil, err
	}
	s.lock = held
	return s, nil
}

func open(fs files, options ...Option) (*Store, error) {
	r, err := recoverState(fs)
	if err != nil {
		return nil, err
	}
	s := &Store{
		files: fs, lock: io.NopCloser(nil), settings: settings{sync: true, compact: 64 << 20},
		chain: r.chain, highest: r.highest, refused: r.refused, warnings: r.warnings(),
	}
	for _, option := range options {
		option(&s.settings)
	}
	s.damaged = len(r.problems) > 0
	if n := len(s.chain.logs); n > 0 && len(s.refused) == 0 {
		s.log, err = fs.open(logName(s.chain.logs[n-1].generation))
	}
	return s, err
}

// Warnings tells what Open had to repair and which files it could not use, and why the last compaction failed if it did:
// then the logs grow on. It is empty when all is well.
func (s *Store) Warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.warnings)
	if s.compacted != nil {
		all = append(all, s.compacted.Error())
	}
	return all
}

// Plan writes a batch down before its outputs run. It stands until the next Plan or Save. Errors: see Save.
func (s *Store) Plan(p Plan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.title = appendPlan(s.title[:0], p)
	if err := s.append(kindPlan, nil, none); err != nil {
		return fmt.Errorf("the plan of the batch %s is not written: %w", stamp(p.Time), err)
	}
	p.ranges = slices.Clone(p.ranges)
	s.chain.plan(s.chain.number+1, p)
	return nil
}

// Save adds one batch: its progress, and the changes of the state in the order in which they apply. The operation of each
// must be among p's shapes (ErrShape); which partition they belong to is not kept. After an error nothing has been saved, and Save may be called again; the error names
// the file and the cause. (Should the machine, not the program, stop before another call succeeds, the batch may be there all the same.)
//
// When the log has grown long Save then writes a new generation from the whole state, and goes through the changes a second time for it.
// When that fails the batch is saved nevertheless, and Warnings tells.
func (s *Store) Save(p Progress, changes iter.Seq[messages.Changes], whole Whole) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.title = appendProgress(s.title[:0], p)
	if err := s.append(kindBatch, p.shapes, changes); err != nil {
		return fmt.Errorf("the batch %s is not saved: %w", stamp(p.Time), err)
	}
	p.offsets, p.shapes = slices.Clone(p.offsets), slices.Clone(p.shapes)
	s.chain.batch(s.chain.number+1, p)
	if whole.Entries != nil && s.outgrown(whole.Size) {
		if s.compacted = s.compact(p, whole.Entries(), changes); s.compacted != nil { // not tried again with every batch
			s.damaged, s.retryAt = false, s.chain.logged()+s.settings.compact
			return nil
		}
		s.damaged, s.retryAt, s.sizeThen = false, 0, whole.Size
	}
	return nil
}

// Whole is the whole state, for a snapshot.
type Whole struct {
	// Entries gives it, before or after the batch's changes, which makes no difference. A block may be written over when the next one
	// is asked for. nil puts snapshots off.
	Entries func() iter.Seq[messages.Changes]
	// Size is about how many bytes it takes in memory; 0 when that is not known.
	Size int64
}

func stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }

func none(func(messages.Changes) bool) {}

// outgrown tells whether the next compaction is due: when a new snapshot would be a third of what snapshot and logs are together. How long
// it would be is told from the last one, which has grown with the state, but is no longer than that is in memory.
func (s *Store) outgrown(size int64) bool {
	logged, next := s.chain.logged(), s.chain.snapshotSize
	if s.sizeThen > 0 && size > 0 {
		next = min(int64(float64(next)*float64(size)/float64(s.sizeThen)), size)
	}
	return s.damaged || logged >= max(s.settings.compact, 3*next-s.chain.snapshotSize, s.retryAt)
}

// Progress is what was saved last, with the plan if one stands; ok is false when nothing has been planned or saved yet.
func (s *Store) Progress() (p Progress, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chain.progress, s.chain.any
}

// Load gives the whole state to each, as the changes that lead to it, in their order: a later one replaces an earlier one.
// ok is false when nothing has been planned or saved yet. Their strings share pieces of about 1 MiB; whoever keeps only a few of
// them clones those. An error of each ends it and is returned.
func (s *Store) Load(each func(messages.Changes) error) (p Progress, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Progress{}, false, ErrClosed
	}
	if s.chain.snapshot > 0 {
		if err := s.replay(snapshotName(s.chain.snapshot), roleSnapshot, s.chain.snapshotSize, each); err != nil {
			return Progress{}, false, err
		}
	}
	for _, l := range s.chain.logs {
		if err := s.replay(logName(l.generation), roleLog, l.end, each); err != nil {
			return Progress{}, false, err
		}
	}
	return s.chain.progress, s.chain.any, nil
}

// replay gives the changes of one file's batches to each.
func (s *Store) replay(name string, role byte, size int64, each func(messages.Changes) error) error {
	f, err := s.files.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	r, err := openReader(f, s.files.path(name), role, size)
	for ; err == nil; r.skip() {
		if err = r.head(); err != nil {
			break
		}
		if r.frame.kind == kindBatch {
			err = r.changes(s.chain.known(r.frame.number), each)
		}
		if err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Close gives the folder back. It writes nothing; only WithoutSync it waits for the disk. It may be called twice.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	err := s.flush()
	if s.log != nil {
		err = errors.Join(err, s.log.Close())
	}
	return errors.Join(err, s.lock.Close())
}
