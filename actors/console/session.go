package console

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
)

// mostWaiting bounds the lines that a session keeps while one is under way.
const mostWaiting = 1000

// ask is a request and the way back. Reply may be called from any goroutine; it is called with Done exactly once,
// unless the session ends before.
type ask struct {
	Request
	reply func(Reply)
}

// finished tells the session that the line under way has ended.
type finished struct{ turn int64 }

// session is the REPL actor: it takes lines, has them executed one at a time, in their order, and answers.
// A line runs in a goroutine of the stream, because commands wait for answers of other actors, and Receive must not.
type session struct {
	config  Config
	waiting []ask
	running *ask
	turn    int64
	ctx     context.Context // of the session, through all its lives
	end     context.CancelFunc
	cancel  context.CancelFunc // ends the line under way
}

// Receive handles one message; nothing in it blocks.
func (s *session) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case ask:
		s.take(ctx, m)
	case finished:
		s.finish(ctx, m)
	case *actor.Restarting:
		s.abandon()
	case *actor.Stopping:
		s.end()
	}
}

func (s *session) take(ctx actor.Context, m ask) {
	switch {
	case m.Cancel:
		s.drop(m.ID)
	case m.Complete:
		s.complete(m)
	case len(s.waiting) >= mostWaiting:
		s.refuse(m)
	default:
		s.waiting = append(s.waiting, m)
		s.next(ctx)
	}
}

// refuse answers in a goroutine of its own: reply may block on a client that does not read.
func (s *session) refuse(m ask) {
	s.config.Go(func(context.Context) {
		m.reply(Reply{ID: m.ID, Err: fmt.Sprintf("%d lines are waiting already\n", mostWaiting)})
		m.reply(done(m.ID, Outcome{Code: 1}, nil))
	})
}

// next starts the line that has waited longest, unless one is under way.
func (s *session) next(ctx actor.Context) {
	if s.running != nil || len(s.waiting) == 0 {
		return
	}
	m := s.waiting[0]
	s.waiting = slices.Delete(s.waiting, 0, 1)
	s.turn++
	s.running = &m
	var line context.Context
	line, s.cancel = context.WithCancel(s.ctx)
	root, self, turn := ctx.ActorSystem().Root, ctx.Self(), s.turn
	s.config.Go(func(stream context.Context) {
		s.execute(stream, line, m)
		if s.ctx.Err() == nil { // else nobody is there to be told
			root.Send(self, finished{turn})
		}
	})
}

// abandon ends the line under way: whoever takes this session's place knows nothing of it.
func (s *session) abandon() {
	if s.cancel != nil {
		s.cancel()
	}
}

// execute runs in a goroutine; it reads nothing of s that changes.
func (s *session) execute(stream, line context.Context, m ask) {
	ctx, cancel := either(stream, line)
	defer cancel()
	m.reply(done(m.ID, s.interpret(ctx, m), nil))
}

// interpret survives a command that panics: one session's mistake is nobody else's, and not the stream's.
func (s *session) interpret(ctx context.Context, m ask) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			m.reply(Reply{ID: m.ID, Err: fmt.Sprintf("the command failed: panic: %v\n%s", p, debug.Stack())})
			o = Outcome{Code: 1}
		}
	}()
	return s.config.Interpreter.Execute(ctx, m.Line, outWriter(m.ID, m.reply), errWriter(m.ID, m.reply))
}

// complete does not wait for the line under way: who types ahead wants to know now.
func (s *session) complete(m ask) {
	s.config.Go(func(stream context.Context) {
		ctx, cancel := either(stream, s.ctx)
		defer cancel()
		m.reply(done(m.ID, Outcome{}, s.config.Interpreter.Complete(ctx, m.Text)))
	})
}

func (s *session) finish(ctx actor.Context, m finished) {
	if s.running == nil || m.turn != s.turn {
		return
	}
	s.cancel()
	s.running = nil
	s.next(ctx)
}

// drop cancels a line. The one under way answers as it does when its context ends; one that waits is answered for.
func (s *session) drop(id int64) {
	if s.running != nil && s.running.ID == id {
		s.cancel()
		return
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(m ask) bool {
		if m.ID == id {
			s.config.Go(func(context.Context) { m.reply(done(id, Outcome{Code: 1}, nil)) })
		}
		return m.ID == id
	})
}

// either ends when one of two contexts ends. Values are the first one's.
func either(a, b context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(a)
	stop := context.AfterFunc(b, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
