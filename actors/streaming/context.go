package streaming

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"sync"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// State is where a Context stands in its life, which goes one way.
type State int

// The states of a Context.
const (
	Initialized State = iota
	Active
	Stopped
)

// String is Spark's name of the state.
func (s State) String() string { return [...]string{"INITIALIZED", "ACTIVE", "STOPPED"}[s] }

// An Engine runs a compiled job. The system of actors is one; the kit has another that a test drives by hand.
type Engine interface {
	// Start brings the program to life; nothing of it runs before. It may wait until it runs.
	Start(*Program) error
	// Stop ends it and waits. Graceful: take in no more, let the last batch finish, run its outputs, commit, close.
	Stop(graceful bool) error
}

// Context is Spark's StreamingContext: the batch interval, the registered operations, and the life of the stream.
//
// The life goes INITIALIZED → ACTIVE → STOPPED. Whoever composes the program starts it; actors that work for the stream hold it
// (Hold) from their Started to their Stopping or Restarting. All methods may be called from any goroutine.
type Context struct {
	interval time.Duration
	log      *slog.Logger
	topics   []string
	pattern  *regexp.Regexp
	form     messages.Form // of events on the wire
	saved    bool
	// byPartition keeps state and windows by the partition of the source.
	byPartition bool
	engine      Engine

	mu        sync.Mutex
	state     State
	nodes     []*node
	codecs    map[reflect.Type]any
	offsets   startOffsets
	limit     int64
	remembers time.Duration
	memory    recollection
	mistakes  []error
	late      error
	program   *Program
	listeners []listener
	stopping  bool
	err       error
	holds     int
	// absent is why this is no Context of a user's but stands in for one; astray are the mistakes of others that were told, or not this one's.
	absent *Mistake
	astray int

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	done   chan struct{}
	failed chan struct{} // closed when err is set
}

// NewContext makes a Context with the given batch interval, in state INITIALIZED.
func NewContext(interval time.Duration, settings ...Setting) *Context {
	c := &Context{interval: interval, log: slog.Default(), done: make(chan struct{}), failed: make(chan struct{}), astray: astray.now()}
	wrong := func(text string) {
		c.mistakes = append(c.mistakes, &Mistake{Op: "StreamingContext", Place: place(), Text: text})
	}
	for i, set := range settings {
		if set == nil {
			wrong(fmt.Sprintf("setting %d is nil", i+1))
			continue
		}
		set(c)
	}
	if c.limit < 0 {
		wrong(fmt.Sprintf("the limit of the state must be positive, or 0 for none, not %d bytes", c.limit))
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Interval is the batch interval.
func (c *Context) Interval() time.Duration { return c.here("interval").interval }

// Topics are the configured topics: those that Events and DirectStream read when they are given none.
func (c *Context) Topics() []string { return append([]string(nil), c.here("topics").topics...) }

// State tells where the Context stands.
func (c *Context) State() State {
	c = c.here("state")
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Start validates the job, compiles it and brings it to life. On an ACTIVE context it warns and does nothing;
// on a STOPPED one it is ErrStopped. A job that cannot run makes the context STOPPED, and all that is wrong with it is returned.
func (c *Context) Start() error {
	c = c.here("start")
	program, err := c.activate()
	if err != nil || program == nil {
		return err
	}
	if c.engine == nil {
		return nil
	}
	if err := c.engine.Start(program); err != nil {
		c.Terminate(err)
		return err
	}
	return nil
}

// activate makes the step from INITIALIZED to ACTIVE; a nil program without an error means that there is nothing to do.
func (c *Context) activate() (*Program, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state {
	case Active:
		c.log.Warn("StreamingContext has already been started")
		return nil, c.takeLate()
	case Stopped:
		if c.absent != nil {
			return nil, c.absent
		}
		return nil, errors.Join(ErrStopped, c.takeLate())
	}
	program, err := c.compile()
	if err != nil {
		c.state = Stopped
		c.fail(err)
		c.cancel()
		close(c.done)
		return nil, err
	}
	c.state, c.program = Active, program
	return program, nil
}

// Program is the compiled job, nil before Start.
func (c *Context) Program() *Program {
	c = c.here("program")
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.program
}

// Go starts a goroutine of the stream; its context ends when the stream ends, and Stop waits for it. Together with the Kafka
// source this is the only place where goroutines start. It must be called while the context is ACTIVE; otherwise f does not run.
func (c *Context) Go(f func(context.Context)) {
	c = c.here("go")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != Active {
		return
	}
	c.work.Go(func() { f(c.ctx) })
}

// Late is the error of the operations that were added too late; the next call that can return an error returns it, once.
func (c *Context) Late() error { return c.here("late").takeLateLocked() }

// takeLate gives the error of an operation that was added too late, once.
func (c *Context) takeLate() error {
	lost, now := astray.since(c.astray)
	err := errors.Join(append(lost, c.late)...)
	c.late, c.astray = nil, now
	return err
}

func (c *Context) takeLateLocked() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.takeLate()
}
