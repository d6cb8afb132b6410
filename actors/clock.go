package actors

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/messages"
)

// clock sends a Tick at every multiple of the interval.
func clock(ctx context.Context, root *actor.RootContext, to *actor.PID, interval time.Duration) {
	started := time.Now()
	elapsed := func() time.Duration { return time.Since(started) } // monotonic
	b := newBeat(interval, started, 0)
	timer := time.NewTimer(b.at)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		root.Send(to, b.tick(time.Now(), elapsed()))
		timer.Reset(b.at - elapsed())
	}
}

// beat is the clock's arithmetic. It counts intervals on the monotonic clock, so that a step of the wall clock neither stops the
// stream nor makes it run hundreds of batches at once. Set back, the wall clock is not followed: times would come twice. Set
// forward by more than ten intervals, it is followed within one of them; so is the time that a machine was suspended, in which
// the monotonic clock stands still. A process that was stopped, in contrast, makes up for the intervals it has missed.
type beat struct {
	interval time.Duration
	next     time.Time     // the end of the interval under way, as the wall clock told it
	at       time.Duration // the same on the monotonic clock
	stepped  bool          // next was moved forward
}

func newBeat(interval time.Duration, wall time.Time, elapsed time.Duration) *beat {
	next := multiple(wall, interval).Add(interval)
	return &beat{interval: interval, next: next, at: elapsed + next.Sub(wall)}
}

// tick ends the interval under way. wall and elapsed are now, on the two clocks.
func (b *beat) tick(wall time.Time, elapsed time.Duration) messages.Tick {
	t := messages.Tick{Time: b.next, Stepped: b.stepped}
	late := elapsed - b.at
	b.next, b.at, b.stepped = b.next.Add(b.interval), b.at+b.interval, false
	if multiple(wall, b.interval).Sub(b.next) > 10*b.interval && late < b.interval {
		*b = *newBeat(b.interval, wall, elapsed)
		b.stepped = true
	}
	return t
}
