package behaviours

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/messages"
)

// Guest is a behaviour with its Env: what the tree spawns.
type Guest struct {
	Behaviour Behaviour
	Env       Env
}

// Props make the guest's actor. ended ends when the stream does, producer takes what is published outside of a batch.
func (g Guest) Props(ended context.Context, producer *actor.PID) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return &host{Guest: g, ended: ended, producer: producer} })
}

// host is the actor around a user's Actor. It has one portion at a time, and gives it back when it is restarted in the middle of it.
type host struct {
	Guest
	ended    context.Context
	producer *actor.PID
	own      Actor
	at       *work
}

// work is a portion under way.
type work struct {
	*Context
	next int
}

// more is what a host sends itself to go on with a portion, so that a Tell can come in between.
type more struct{ work *work }

// slice is how long a host handles events before it looks at its mailbox again.
const slice = 20 * time.Millisecond

// Receive handles one message; nothing in it blocks but the user's own methods.
func (h *host) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		h.start(ctx)
	case portion:
		h.at = &work{Context: &Context{Context: h.ended, Env: h.Env, portion: m}}
		h.goOn(ctx, h.at)
	case more:
		h.goOn(ctx, m.work)
	case messages.Tell:
		h.tell(ctx, m)
	case *actor.Restarting:
		h.giveBack() // first: Stop is the user's, and may panic
		h.stop()
	case *actor.Stopping:
		h.stop()
	}
}

func (h *host) start(ctx actor.Context) {
	h.own = h.Behaviour.New(h.Env)
	starter, ok := h.own.(Starter)
	if !ok {
		return
	}
	c := &Context{Context: h.ended, Env: h.Env}
	if err := starter.Start(c); err != nil {
		panic(fmt.Errorf("start: %w", err)) // the supervisor's matter, as every crash
	}
	h.publish(ctx, c)
}

// goOn handles events for a while; w is of an earlier life when it is not what the host is at.
func (h *host) goOn(ctx actor.Context, w *work) {
	if w != h.at {
		return
	}
	for started := time.Now(); w.next < len(w.portion.events); w.next++ {
		if time.Since(started) > slice {
			ctx.Send(ctx.Self(), more{w})
			return
		}
		w.index = w.next
		if err := h.own.Receive(w.Context, w.portion.events[w.next]); err != nil {
			h.done(handled{err: fmt.Errorf("%s, event %d of %v: %w", h.Env.Name, w.Index(), w.portion.partition, err)})
			return
		}
	}
	h.done(handled{published: w.published})
}

func (h *host) done(what handled) {
	answer := h.at.portion.answer
	h.at = nil
	answer(what)
}

// giveBack asks for the portion again in which the host crashed, if it was in one.
func (h *host) giveBack() {
	if h.at != nil {
		h.done(handled{crashed: true})
	}
}

func (h *host) tell(ctx actor.Context, m messages.Tell) {
	teller, ok := h.own.(Teller)
	if !ok {
		ctx.Respond(messages.Told{Err: errDeaf})
		return
	}
	defer func() {
		if r := recover(); r != nil {
			ctx.Respond(messages.Told{Err: fmt.Errorf("it crashed: %v", r)})
			panic(r)
		}
	}()
	c := &Context{Context: h.ended, Env: h.Env}
	answer, err := teller.Tell(c, m.JSON)
	h.publish(ctx, c)
	ctx.Respond(messages.Told{Answer: answer, Err: err})
}

var errDeaf = errors.New("it has no method Tell")

// publish sends what was published outside of a batch.
func (h *host) publish(ctx actor.Context, c *Context) {
	for _, p := range c.published {
		ctx.Send(h.producer, p)
	}
}

// stop ends the user's actor, if there is one.
func (h *host) stop() {
	if stopper, ok := h.own.(Stopper); ok {
		h.own = nil
		stopper.Stop()
	}
}
