package actors

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/messages"
)

// clock sends a Tick at every multiple of the interval. It counts intervals on the monotonic clock, so that a step of the wall
// clock neither stops the stream nor makes it run hundreds of batches at once; forward steps are followed within an interval.
func clock(ctx context.Context, root *actor.RootContext, to *actor.PID, interval time.Duration) {
	next := multiple(time.Now(), interval).Add(interval)
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	at := time.Now().Add(time.Until(next)) // next on the monotonic clock
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		root.Send(to, messages.Tick{Time: next})
		next, at = next.Add(interval), at.Add(interval)
		if wall := multiple(time.Now(), interval); wall.Sub(next) > 10*interval && time.Since(at) < interval {
			next = wall.Add(interval) // the wall clock was set forward: no time passed that would have to be made up for
			at = time.Now().Add(time.Until(next))
		}
		timer.Reset(time.Until(at))
	}
}
