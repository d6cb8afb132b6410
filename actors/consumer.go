package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// consumer is the actor of one partition: it folds what the source sends and answers a Cut with a Part. It owns nothing that
// matters: after a restart it says Ready, is told From, and reads again.
type consumer struct {
	*settings
	partition messages.TopicPartition
	hold      *streaming.Hold
	fold      *fold
	// epoch is that of the last Reset; Events of another are stale.
	epoch int64
	// more tells that a message to itself is under way, to go on with the backlog.
	more bool
}

// more is what a consumer with a backlog sends itself, so that a Cut can come in between.
type more struct{}

func consumerProps(s *settings, p messages.TopicPartition) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor {
		return &consumer{settings: s, partition: p}
	}, s.middleware()...)
}

// Receive handles one message; nothing in it blocks but the user's functions.
func (c *consumer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.started(ctx)
	case messages.Open:
		c.open(ctx, m)
	case messages.Events:
		c.events(ctx, m)
	case more:
		c.more = false
		if c.fold != nil {
			c.work(ctx)
		}
	case messages.Cut:
		c.cut(ctx, m)
	case *actor.Stopping, *actor.Restarting:
		c.close()
	}
}

func (c *consumer) started(ctx actor.Context) {
	hold, err := c.context.Hold()
	if err != nil {
		ctx.Stop(ctx.Self()) // the stream has ended meanwhile
		return
	}
	c.hold = hold
	c.fold = newFold(c.program, c.partition, c.rules.hoard)
	ctx.Send(ctx.Parent(), messages.Ready{Partition: c.partition})
}

// open goes on where the last batch ended when From acknowledges it, and otherwise forgets everything and reads from From.
func (c *consumer) open(ctx actor.Context, m messages.Open) {
	if !c.fold.continues(m) {
		c.fold.forget(m.From)
		root, self := ctx.ActorSystem().Root, ctx.Self()
		c.epoch = c.reader.Reset(c.partition, m.From, func(e messages.Events) { root.Send(self, e) })
	}
	c.fold.open(m)
	c.work(ctx)
}

func (c *consumer) events(ctx actor.Context, e messages.Events) {
	if e.Epoch() != c.epoch || c.fold == nil {
		return // its credit went with the Reset
	}
	c.fold.take(e)
	c.work(ctx)
}

func (c *consumer) cut(ctx actor.Context, m messages.Cut) {
	c.fold.cut(m)
	c.work(ctx)
}

// work folds a slice of the backlog, answers a Cut that is due, and comes back for the rest by a message.
// It comes back, too, when a function of the job has ended the goroutine: the task has the error.
func (c *consumer) work(ctx actor.Context) {
	over := false
	defer func() {
		if !over {
			ctx.Send(ctx.Self(), more{})
		}
	}()
	c.goOn(ctx)
	over = true
}

func (c *consumer) goOn(ctx actor.Context) {
	for _, done := range c.fold.step() {
		c.reader.Consumed(c.partition, c.epoch, done)
	}
	if part, ok := c.fold.part(); ok {
		part.Epoch = c.epoch
		ctx.Send(ctx.Parent(), part)
	}
	if c.fold.hungry() && !c.more {
		c.more = true
		ctx.Send(ctx.Self(), more{})
	}
}

// close gives everything back; it may run twice, and before Started.
func (c *consumer) close() {
	if c.fold != nil {
		c.fold.release()
	}
	if c.epoch != 0 {
		c.reader.Detach(c.partition, c.epoch)
		c.epoch = 0
	}
	c.hold.Release()
}
