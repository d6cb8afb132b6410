package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/hibana-stream/hibana/messages"
)

// Ledger is the account of the batches that one instance ran: the last ones in memory, and, given a folder, all of them as
// lines of JSON in bounded files. It only ever grows at its end. All methods may be called from any goroutine.
//
// A batch may be appended twice, before and after its commit; the later line with the same time, attempt, instance and range
// counts. The line before the commit is what Verify goes by when the process was killed between the commit and the line after it.
type Ledger struct {
	mu     sync.Mutex
	recent ring
	pages  *pages
	closed bool
}

type ledgerSettings struct {
	recent int
	bytes  int64
	files  int
	sync   bool
}

// LedgerOption changes how a Ledger works.
type LedgerOption func(*ledgerSettings)

// KeepRecent sets how many batches the ledger keeps in memory. Default: 1000.
func KeepRecent(n int) LedgerOption { return func(s *ledgerSettings) { s.recent = max(n, 1) } }

// RotateAt sets how long one file may grow, in bytes, and how many files are kept; the oldest is removed first.
// Default: 4 files of 16 MiB. One line is never divided: a file with a single line may be longer.
func RotateAt(bytes int64, files int) LedgerOption {
	return func(s *ledgerSettings) { s.bytes, s.files = bytes, max(files, 1) }
}

// SyncLines makes every Append wait for the disk. Default: the operating system writes lines when it likes, which loses none
// when the program crashes, and possibly the last ones when the machine does; Close waits for the disk always.
func SyncLines() LedgerOption { return func(s *ledgerSettings) { s.sync = true } }

// NewLedger opens the ledger of one instance of a group. dir "" keeps it in memory only; otherwise the folder is made (0700) if it
// is missing, and the file (0600) goes on where it ended, a torn last line cut off. Many instances may share a folder. Errors:
// ErrInUse when another process writes this instance's ledger; those of the file system.
func NewLedger(dir, group, instance string, options ...LedgerOption) (*Ledger, error) {
	settings := ledgerSettings{recent: 1000, bytes: 16 << 20, files: 4}
	for _, option := range options {
		option(&settings)
	}
	l := &Ledger{recent: ring{limit: settings.recent}}
	if dir == "" {
		return l, nil
	}
	var err error
	if l.pages, err = openPages(dir, pagesOf(group, instance), settings); err != nil {
		return nil, fmt.Errorf("the ledger of the instance %s: %w", instance, err)
	}
	return l, nil
}

// Append adds a batch. Whatever happens to the file, the batch is in Recent; after an error the file has no part of the line,
// and the next Append tries again.
func (l *Ledger) Append(report messages.BatchReport) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("the ledger: %w", ErrClosed)
	}
	l.recent.add(report)
	if l.pages == nil {
		return nil
	}
	line, err := json.Marshal(report)
	if err == nil {
		err = l.pages.write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("the batch %s is not in the ledger: %w", stamp(report.Time), err)
	}
	return nil
}

// Recent gives the last n batches since the start of this process, the oldest first; fewer when there are not so many.
func (l *Ledger) Recent(n int) []messages.BatchReport {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.recent.last(n)
}

// Close makes the lines last. Recent still answers afterwards. It may be called twice.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.pages == nil {
		l.closed = true
		return nil
	}
	l.closed = true
	return errors.Join(l.pages.file.Sync(), l.pages.file.Close())
}

// ring keeps the last batches; once full, each takes the place of the oldest.
type ring struct {
	limit   int
	oldest  int
	batches []messages.BatchReport
}

func (r *ring) add(b messages.BatchReport) {
	if len(r.batches) < r.limit {
		r.batches = append(r.batches, b)
		return
	}
	r.batches[r.oldest] = b
	r.oldest = (r.oldest + 1) % r.limit
}

func (r *ring) last(n int) []messages.BatchReport {
	n = min(max(n, 0), len(r.batches))
	all := make([]messages.BatchReport, 0, n)
	for i := len(r.batches) - n; i < len(r.batches); i++ {
		all = append(all, r.batches[(r.oldest+i)%len(r.batches)])
	}
	return all
}
