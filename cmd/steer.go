package cmd

import (
	"context"
	"errors"
	"time"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/console"
	"github.com/hibana-stream/hibana/messages"
)

// beginConsole opens the ways in which a person steers the stream: the socket, and the terminal if the program was started in one.
// It returns a channel that is closed when that terminal has been left.
func (m *Main) beginConsole(s *stream, sc *screen) (left <-chan struct{}) {
	control := steering{s, sc.level}
	c, err := console.New(console.Config{Root: s.system.Root(), Go: s.context.Go, Interpreter: interpreter{control}})
	if err != nil {
		sc.log.Warn().Err(err).Msg("no console")
		return nil
	}
	path := s.config.Console.Socket
	if path == "" {
		path = console.SocketPath(s.config.group(), s.instance.name)
	}
	if listener, err := console.Listen(path); err != nil {
		sc.log.Warn().Err(err).Msg("hibana repl cannot attach")
	} else {
		s.socket = listener
		s.context.Go(func(ctx context.Context) {
			if err := c.Serve(ctx, listener); err != nil {
				sc.log.Warn().Err(err).Msg("hibana repl can attach no more")
			}
		})
	}
	if sc.terminal == nil {
		return nil
	}
	closed := make(chan struct{})
	s.context.Go(func(ctx context.Context) {
		defer close(closed)
		if err := m.runConsole(ctx, c, sc.terminal); err != nil && !errors.Is(err, context.Canceled) {
			sc.log.Warn().Err(err).Msg("the console ended")
		}
	})
	return closed
}

// steering is what the console's commands act on.
type steering struct {
	*stream
	level *liveLevel
}

var _ Control = steering{}

// Status asks the aggregator.
func (s steering) Status(ctx context.Context) (messages.Status, error) {
	return ask[messages.Status](ctx, s.system, messages.AskStatus{})
}

// Batches asks the aggregator.
func (s steering) Batches(ctx context.Context, n int) (messages.Batches, error) {
	return ask[messages.Batches](ctx, s.system, messages.AskBatches{Last: n})
}

// Pause asks the aggregator.
func (s steering) Pause(ctx context.Context, on bool) (messages.Accepted, error) {
	return ask[messages.Accepted](ctx, s.system, messages.Pause{On: on})
}

// Limit asks the aggregator.
func (s steering) Limit(ctx context.Context, perSecond float64) (messages.Accepted, error) {
	return ask[messages.Accepted](ctx, s.system, messages.Limit{PerSecond: perSecond})
}

// LogLevel is the logger's.
func (s steering) LogLevel() string { return s.level.String() }

// SetLogLevel changes the logger's, for whoever has one.
func (s steering) SetLogLevel(level string) { s.level.set(level) }

func ask[A any](ctx context.Context, system *actors.System, question any) (answer A, err error) {
	got, err := system.Ask(question, remaining(ctx))
	if err != nil {
		return answer, err
	}
	return got.(A), nil
}

// remaining is how long ctx leaves for an answer.
func remaining(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return max(time.Until(deadline), time.Millisecond)
	}
	return answerWithin
}

// Actors lists the living actors.
func (s steering) Actors() []string { return s.system.Actors() }

// Publish goes through the producer actor.
func (s steering) Publish(ctx context.Context, m messages.Publish) (messages.Delivered, error) {
	if err := s.replicas.check(ctx, m.Topic); err != nil {
		return messages.Delivered{}, err
	}
	return s.system.Publish(m, remaining(ctx))
}

// Stop asks the aggregator to end the stream, and does not wait.
func (s steering) Stop(graceful bool) { s.system.AskToStop(graceful) }

// Topics are those that the job reads.
func (s steering) Topics() []string { return s.program.Topics() }

// Tell reaches a behaviour's actor.
func (s steering) Tell(ctx context.Context, name, json string) (string, error) {
	return s.system.Tell(name, json, remaining(ctx))
}
