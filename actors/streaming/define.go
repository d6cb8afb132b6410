package streaming

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// errJobLeft is what a job comes to that ends its goroutine.
var errJobLeft = errors.New("it has ended its goroutine (runtime.Goexit) instead of returning")

// Define lets job register its streams, operations and outputs on c. It runs in a goroutine of its own, which is over when Define returns,
// so that whatever it does leads to a sentence: an error of its own, a panic with the place, a goroutine that it has ended.
func (c *Context) Define(job func(*Context) error) error {
	err := errJobLeft
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("it panicked at %s: %v", panicked(), r)
			}
		}()
		err = job(c)
	}()
	<-written
	if err != nil {
		return fmt.Errorf("the job could not be written down: %w", err)
	}
	return nil
}

// panicked is the file and the line, in the job, of the panic that was recovered: the first one behind the panic that is not the runtime's.
func panicked() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
	}
}
