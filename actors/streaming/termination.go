package streaming

import (
	"context"
	"errors"
	"time"
)

// Stop ends the stream: gracefully it takes in no more, lets the last batch finish, runs its outputs, commits, and closes.
// It is idempotent, legal before Start, and waits until all goroutines of the stream have ended. Called from inside a function
// of the job it returns at once, and the stream ends gracefully after the batch. A listener cannot stop the stream: ErrStopInListener.
func (c *Context) Stop(graceful bool) error {
	c = c.here("stop")
	if under(emitting) {
		return ErrStopInListener
	}
	if under(userFunctions...) {
		if c.beginStop() {
			go func() { _ = c.endStop(c.stopAfterBatch) }()
		}
		return nil
	}
	if !c.beginStop() {
		<-c.done
		return c.takeLateLocked()
	}
	return c.endStop(func() error { return c.engine.Stop(graceful) })
}

// Stopping tells that a Stop has begun; Done tells that it has ended.
func (c *Context) Stopping() bool {
	c = c.here("stopping")
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopping || c.state == Stopped
}

// stopAfterBatch ends the stream behind the batch that runs, if the engine can; it runs no other one.
func (c *Context) stopAfterBatch() error {
	if e, ok := c.engine.(interface{ StopAfterBatch() error }); ok {
		return e.StopAfterBatch()
	}
	return c.engine.Stop(true)
}

// endStop stops the engine and waits for the end.
func (c *Context) endStop(engine func() error) error {
	var err error
	if c.engine != nil {
		err = engine()
	}
	c.Terminate(err)
	<-c.done
	return errors.Join(err, c.takeLateLocked())
}

// beginStop tells whether this call is the one that stops; only an ACTIVE context needs stopping.
func (c *Context) beginStop() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Initialized {
		c.state = Stopped
		c.cancel()
		close(c.done)
		return false
	}
	if c.stopping || c.state == Stopped {
		return false
	}
	c.stopping = true
	return true
}

// Terminate makes the context STOPPED with err as what AwaitTermination returns; engines call it when the stream has ended by itself.
// Only the first call counts. It does not block: the end is reached when every goroutine of the context has returned.
func (c *Context) Terminate(err error) {
	c = c.here("terminate")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Stopped {
		return
	}
	c.state = Stopped
	c.fail(err)
	c.cancel()
	go func() { // not counted by work: it is what waits for it
		c.work.Wait()
		close(c.done)
	}()
}

// Report makes err what AwaitTermination returns, at once, although the stream goes on: for engines that run the next batch when one
// has failed. Only the first error counts.
func (c *Context) Report(err error) {
	c = c.here("report")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(err)
}

// fail keeps the first error.
func (c *Context) fail(err error) {
	if err != nil && c.err == nil {
		c.err = err
		close(c.failed)
	}
}

// AwaitTermination waits for the end of the stream and returns the first error, nil after a Stop.
func (c *Context) AwaitTermination() error {
	c = c.here("awaitTermination")
	if err := awaitable(); err != nil {
		return err
	}
	if err := c.takeLateLocked(); err != nil {
		return err
	}
	c.await(nil)
	return c.firstError()
}

// AwaitTerminationOrTimeout waits for at most d: stopped is false when the time ran out.
func (c *Context) AwaitTerminationOrTimeout(d time.Duration) (stopped bool, err error) {
	c = c.here("awaitTerminationOrTimeout")
	if err := awaitable(); err != nil {
		return false, err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	stopped = c.await(timer.C)
	return stopped, errors.Join(c.firstError(), c.takeLateLocked())
}

// awaitable tells why the caller may not wait for the end of the stream: because that waits for the caller.
func awaitable() error {
	if under(emitting) || under(userFunctions...) {
		return &OpError{Op: "awaitTermination", Place: place(), Err: ErrAwaitInside}
	}
	return nil
}

// await waits for the end, for an error that was reported while the stream goes on, or for the time to run out.
func (c *Context) await(timeout <-chan time.Time) (stopped bool) {
	select {
	case <-c.done:
		return true
	case <-timeout:
		return false
	case <-c.failed:
	}
	if c.State() != Stopped {
		return false
	}
	select { // what failed is ending
	case <-c.done:
		return true
	case <-timeout:
		return false
	}
}

func (c *Context) firstError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Interrupt ends the context of the stream's goroutines (and of ForeachBatch's functions) ahead of Terminate: engines call it when
// nothing that runs now can still count.
func (c *Context) Interrupt() { c.here("interrupt").cancel() }

// Ended is a context that ends when the stream ends.
func (c *Context) Ended() context.Context { return c.here("ended").ctx }

// Done is closed when the stream has ended and all its goroutines have returned.
func (c *Context) Done() <-chan struct{} { return c.here("done").done }
