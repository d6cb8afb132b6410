package streaming

import (
	"errors"
	"fmt"
)

// Errors of the life cycle, in Spark's words.
var (
	// ErrNoOutput is returned by Start when the job has no output operation.
	ErrNoOutput = errors.New("No output operations registered, so nothing to execute") //nolint:staticcheck // Spark's sentence, word for word
	// ErrStopped is returned by Start after Stop.
	ErrStopped = errors.New("StreamingContext has already been stopped")
	// ErrAfterStart is what an operation added to an active context leads to.
	ErrAfterStart = errors.New("Adding new inputs, transformations, and output operations after starting a context is not supported") //nolint:staticcheck // Spark's sentence
	// ErrAfterStop is what an operation added to a stopped context leads to.
	ErrAfterStop = errors.New("Adding new inputs, transformations, and output operations after stopping a context is not supported") //nolint:staticcheck // Spark's sentence
	// ErrStopInListener is returned by Stop when a listener calls it, which waits for the listener.
	ErrStopInListener = errors.New("Cannot stop StreamingContext within listener bus thread.") //nolint:staticcheck // Spark's sentence
	// ErrAwaitInside is returned by AwaitTermination inside a function of the job, or in a listener, which the end of the stream waits for.
	ErrAwaitInside = errors.New("a function of the job, and a listener, cannot wait for the end of the stream, which waits for it; Stop ends the stream and does not wait there")
	// ErrGoexit is the cause of the failure of a batch in which a function has ended its goroutine instead of returning.
	ErrGoexit = errors.New("the function has ended its goroutine: runtime.Goexit, or FailNow of a test; it should return, an error or not")
	// ErrNoCheckpoint is returned by Start when the job keeps state or windows and there is nowhere to save them.
	ErrNoCheckpoint = errors.New("The checkpoint directory has not been set. Please set it by StreamingContext.checkpoint().") //nolint:staticcheck // Spark's sentence
)

// An OpError is a failure inside an operation: it names the operation and the place in the user's file.
type OpError struct {
	// Op is the operation's name, in Spark's spelling; Place is file:line.
	Op, Place string
	// Err is what the function returned, or what it panicked with.
	Err error
	// Stack is the stack of the panic, "" for an error.
	Stack string
}

func (e *OpError) Error() string { return fmt.Sprintf("%s at %s: %v", e.Op, e.Place, e.Err) }

// Unwrap gives the cause.
func (e *OpError) Unwrap() error { return e.Err }

// A Mistake is an operation that cannot be: found while the job is written down, returned by Start.
type Mistake struct {
	// Op is the operation's name, Place is file:line in the user's file.
	Op, Place string
	// Text says what is wrong.
	Text string
}

func (m *Mistake) Error() string { return fmt.Sprintf("%s at %s: %s", m.Op, m.Place, m.Text) }
