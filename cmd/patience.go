package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// How a start waits for a cluster: one question ends soon enough for a word within 3 s, and then there is one every few seconds.
const (
	askTimeout = 2500 * time.Millisecond
	askEvery   = 500 * time.Millisecond
	tellEvery  = 5 * time.Second
)

// errInterrupted ends a start that a signal has ended; it is no failure.
var errInterrupted = errors.New("interrupted before the start")

// patience asks the same question until the answer is good or final, or the time is up.
type patience struct {
	timeout time.Duration // startup.timeout, 0 for none
	log     zerolog.Logger
	every   time.Duration
}

// begin bounds the whole start: by the timeout, and by a signal.
func (p patience) begin(parent context.Context, watch func(func(context.Context)), stop <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, interrupt := context.WithCancelCause(parent)
	watch(func(stream context.Context) {
		select {
		case <-stop:
			interrupt(errInterrupted)
		case <-ctx.Done():
		case <-stream.Done():
		}
	})
	cancel := func() { interrupt(nil) }
	if p.timeout <= 0 {
		return ctx, cancel
	}
	bounded, release := context.WithTimeout(ctx, p.timeout)
	return bounded, func() { release(); cancel() }
}

// until asks until there is an answer. What is waited for is told at once, and again every few seconds.
func (p patience) until(ctx context.Context, ask func(context.Context) error) error {
	var told time.Time
	var last error
	for {
		err := ask(ctx)
		if ctx.Err() != nil {
			return p.gaveUp(ctx, last, err)
		}
		if err == nil || !waits(err) {
			return err
		}
		if last = err; time.Since(told) >= tellEvery {
			p.log.Warn().Msg("waiting" + p.left(ctx) + ": " + err.Error())
			told = time.Now()
		}
		if !pause(ctx, p.every) {
			return p.gaveUp(ctx, last, err)
		}
	}
}

// waits tells whether the same question may have a better answer later.
func waits(err error) bool {
	var missing *missingTopics
	return errors.As(err, &missing) || kafka.Passes(err)
}

// left says how long a start still waits.
func (p patience) left(ctx context.Context) string {
	end, bounded := ctx.Deadline()
	if !bounded {
		return ""
	}
	return fmt.Sprintf(" (for another %v)", time.Until(end).Round(time.Second))
}

// gaveUp is the end of the patience: the last question was cut short, so that the answer before it is the one to be told.
func (p patience) gaveUp(ctx context.Context, last, err error) error {
	if errors.Is(context.Cause(ctx), errInterrupted) || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errInterrupted
	}
	if last == nil {
		last = err
	}
	return &startTimeout{after: p.timeout, err: last}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// startTimeout is what a start waited for in vain.
type startTimeout struct {
	after time.Duration
	err   error
}

// Error names the setting that bounds the wait.
func (e *startTimeout) Error() string {
	if errors.Is(e.err, messages.ErrUnreachable) {
		return fmt.Sprintf("%v within %v (startup.timeout): %v", messages.ErrUnreachable, e.after, e.err)
	}
	return fmt.Sprintf("gave up after %v (startup.timeout): %v", e.after, e.err)
}

// Unwrap finds what was waited for; unless it is a broker, it is a timeout.
func (e *startTimeout) Unwrap() []error { return []error{e.err, context.DeadlineExceeded} }

// missingTopics are topics that a run needs and that are not there.
type missingTopics struct{ names []string }

func (e *missingTopics) Error() string {
	noun, verb, pronoun := "topic", "does", "it"
	if len(e.names) > 1 {
		noun, verb, pronoun = "topics", "do", "them"
	}
	return fmt.Sprintf("the %s %s %s not exist; create %s, or correct the setting topics", noun, quotedList(e.names), verb, pronoun)
}
