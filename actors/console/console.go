package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Config is what a console is made of.
type Config struct {
	// Root spawns and reaches the console's actors.
	Root *actor.RootContext
	// Go starts a goroutine whose context ends with the stream; it may refuse once the stream has ended.
	Go func(func(context.Context))
	// Interpreter executes the lines.
	Interpreter Interpreter
	// Options are added to the actors' properties: middleware, a guardian.
	Options []actor.PropsOption
}

// Console opens sessions. Its methods may be called from any goroutine, but not from an actor's Receive: they wait for answers.
type Console struct {
	config Config
	pid    *actor.PID
}

// answerTimeout bounds the wait for an actor of ours, which never blocks.
const answerTimeout = 5 * time.Second

// mostSessions bounds the sessions that are open at once.
const mostSessions = 64

// New spawns the actor "console". Close stops it; so does the end of the system.
func New(c Config) (*Console, error) {
	props := actor.PropsFromProducer(func() actor.Actor { return &keeper{config: c} }, c.Options...)
	pid, err := c.Root.SpawnNamed(props, "console")
	if err != nil {
		return nil, fmt.Errorf("the console did not start: %w", err)
	}
	return &Console{config: c, pid: pid}, nil
}

// Close ends every session and stops the actor. It does not wait.
func (c *Console) Close() { c.config.Root.Stop(c.pid) }

// Open opens a session, for a terminal in this process. Close it when the terminal is left.
func (c *Console) Open() (*Session, error) {
	answer, err := c.config.Root.RequestFuture(c.pid, open{}, answerTimeout).Result()
	if err != nil {
		return nil, fmt.Errorf("the console does not answer: %w", err)
	}
	if refused, ok := answer.(error); ok {
		return nil, refused
	}
	return answer.(*Session), nil
}

// errFull refuses a session.
var errFull = errors.New("too many sessions are open")

// open asks the keeper for a session; the answer is a *Session, or an error.
type open struct{}

// keeper is the actor "console": the parent of the sessions.
type keeper struct {
	config   Config
	sessions int
	last     int
}

// Receive handles one message; nothing in it blocks.
func (k *keeper) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case open:
		k.open(ctx)
	case *actor.Terminated:
		k.sessions--
	}
}

func (k *keeper) open(ctx actor.Context) {
	if k.sessions >= mostSessions {
		ctx.Respond(fmt.Errorf("%w: %d", errFull, k.sessions))
		return
	}
	k.last++
	life, end := context.WithCancel(context.Background())
	props := actor.PropsFromProducer(func() actor.Actor { return &session{config: k.config, ctx: life, end: end} }, k.config.Options...)
	pid, err := ctx.SpawnNamed(props, fmt.Sprintf("session-%d", k.last))
	if err != nil {
		end()
		ctx.Respond(err)
		return
	}
	k.sessions++
	ctx.Respond(&Session{root: k.config.Root, pid: pid, ctx: life})
}

// Session is one session, seen from outside: lines go in one after the other.
type Session struct {
	root  *actor.RootContext
	pid   *actor.PID
	ctx   context.Context // ends with the session
	lines atomic.Int64
}

// Do executes a line and waits for it. When ctx ends, which it has to when the stream does, the line is cancelled and the error is
// ctx's; ErrGone says that the session has ended.
func (s *Session) Do(ctx context.Context, line Line, out, errOut io.Writer) (Outcome, error) {
	end, err := s.ask(ctx, Request{Line: line}, out, errOut)
	if err != nil {
		return Outcome{}, err
	}
	return end.Outcome, nil
}

// Complete lists how an unfinished line may end.
func (s *Session) Complete(ctx context.Context, line string) ([]Candidate, error) {
	end, err := s.ask(ctx, Request{Line: Line{Text: line}, Complete: true}, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	return end.Candidates, nil
}

// Close ends the session, and cancels its line.
func (s *Session) Close() {
	if s.ctx.Err() == nil {
		s.root.Stop(s.pid)
	}
}

func (s *Session) ask(ctx context.Context, r Request, out, errOut io.Writer) (*Done, error) {
	r.ID = s.lines.Add(1)
	end := make(chan *Done, 1)
	s.root.Send(s.pid, ask{r, func(reply Reply) { deliver(reply, out, errOut, end) }})
	select {
	case d := <-end:
		return d, nil
	case <-s.ctx.Done():
		if d := lastWord(end); d != nil {
			return d, nil
		}
		return nil, ErrGone
	case <-ctx.Done():
		s.root.Send(s.pid, ask{Request: Request{ID: r.ID, Cancel: true}})
		lastWord(end)
		return nil, context.Cause(ctx)
	}
}

// lastWord waits for a line that is cancelled, so that it does not speak in the next one's time; nil: it had none.
func lastWord(end <-chan *Done) *Done {
	timer := time.NewTimer(cancelTimeout)
	defer timer.Stop()
	select {
	case d := <-end:
		return d
	case <-timer.C:
		return nil
	}
}

func deliver(reply Reply, out, errOut io.Writer, end chan<- *Done) {
	_, _ = io.WriteString(out, reply.Out)
	_, _ = io.WriteString(errOut, reply.Err)
	if reply.Done != nil {
		end <- reply.Done
	}
}
