package checkpoint

import (
	"errors"
	"fmt"
)

// Errors of opening a folder.
var (
	// ErrInUse says that another process, or another Store or Ledger of this one, holds the folder or the file.
	ErrInUse = errors.New("in use")
	// ErrCorrupt says that a file does not hold what was written to it; errors.As with *CorruptError tells where.
	ErrCorrupt = errors.New("damaged")
	// ErrVersion says that a file was written by a newer program, or by an older one, in a form that this one cannot read.
	ErrVersion = errors.New("unknown version")
)

// Errors of using a store or a ledger.
var (
	// ErrClosed is returned by everything but Close after Close.
	ErrClosed = errors.New("closed")
	// ErrShape refuses saved state that does not fit the job, or a change of an operation that the job does not have.
	ErrShape = errors.New("state does not fit the job")
)

// CorruptError names a place in a file where something else stands than was written there. It is an ErrCorrupt.
type CorruptError struct {
	// File is the path, Offset the byte at which the damaged piece begins.
	File   string
	Offset int64
	// Expected says what should stand there.
	Expected string
}

// Error is one line with file, offset and what was expected.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d: expected %s", e.File, e.Offset, e.Expected)
}

// Unwrap is ErrCorrupt.
func (e *CorruptError) Unwrap() error { return ErrCorrupt }
