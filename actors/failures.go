package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"
)

// After says what becomes of the stream when a batch has failed for good.
type After int

// The choices of failure.then.
const (
	// Stop ends the program with exit code 1; the batch is run again by the next start.
	Stop After = iota
	// Pause waits for the operator before the batch.
	Pause
	// Skip commits the batch's offsets without its outputs, and goes on.
	Skip
)

// Failure is the policy for a batch whose outputs or functions fail: attempts with a growing pause, then an end.
type Failure struct {
	// Retries is the number of attempts after the first; default 3.
	Retries int
	// Backoff is the first pause; each further one is twice as long, at most 10 s. Default 200 ms.
	Backoff time.Duration
	// Then is what happens after the last attempt; default Stop.
	Then After
}

// longestBackoff bounds every pause before another attempt.
const longestBackoff = 10 * time.Second

func (f Failure) backoff(try int) time.Duration { return grown(f.Backoff, try) }

// grown is base doubled n times, at most longestBackoff, give or take a tenth so that many do not come back at once.
func grown(base time.Duration, n int) time.Duration {
	d := longestBackoff
	if n < 30 {
		d = min(base<<n, longestBackoff)
	}
	return d - d/10 + rand.N(d/5+1)
}

// How often an actor may crash before the stream gives up: mostCrashes within crashWindow.
const (
	firstRestart = 50 * time.Millisecond
	mostCrashes  = 8
	crashWindow  = time.Minute
)

// supervision restarts a crashed actor after a pause that doubles, and gives the stream up when it crashes too often.
// protoactor's own back-off grows linearly, hardly spreads, and never gives up.
type supervision struct {
	ctx    context.Context
	log    zerolog.Logger
	giveUp func(error)
}

// HandleFailure is called in the supervisor's turn; the pause is a timer, so that nothing waits.
func (s *supervision) HandleFailure(_ *actor.ActorSystem, sup actor.Supervisor, child *actor.PID, rs *actor.RestartStatistics, reason, message any) {
	rs.Fail()
	crashes := rs.NumberOfFailures(crashWindow)
	if crashes > mostCrashes {
		sup.StopChildren(child)
		s.giveUp(fmt.Errorf("actor %s crashed %d times within %v, the last time on %T: %v", child.Id, crashes, crashWindow, message, reason))
		return
	}
	wait := grown(firstRestart, crashes-1)
	s.log.Error().Str("actor", child.Id).Int("crashes", crashes).Dur("restart_in", wait).
		Str("on", fmt.Sprintf("%T", message)).Msg(fmt.Sprintf("crashed: %v", reason))
	time.AfterFunc(wait, func() {
		if s.ctx.Err() == nil {
			sup.RestartChildren(child)
		}
	})
}

// careful is the outermost middleware of every actor. A panic while an actor ends must not reach protoactor, which would bring
// the actor back to life (in Stopping) or leave its parent waiting for ever (in Stopped). Any other panic goes on to the
// supervisor, with its stack in the log.
func careful(log zerolog.Logger) actor.ReceiverMiddleware {
	return func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(ctx actor.ReceiverContext, envelope *actor.MessageEnvelope) {
			defer func() {
				r := recover()
				if r == nil {
					return
				}
				log.Error().Str("actor", ctx.Self().Id).Str("on", fmt.Sprintf("%T", envelope.Message)).
					Str("stack", string(debug.Stack())).Msg(fmt.Sprintf("panic: %v", r))
				if !ending(envelope.Message) {
					panic(r)
				}
			}()
			next(ctx, envelope)
		}
	}
}

func ending(message any) bool {
	switch message.(type) {
	case *actor.Stopping, *actor.Stopped, *actor.Restarting:
		return true
	}
	return false
}
