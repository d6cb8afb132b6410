package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// producer is the actor that writes events: anybody may send it Publish, from any goroutine. Delivery reports come back to the
// sender as messages.
type producer struct {
	*settings
	hold *streaming.Hold
}

func producerProps(s *settings) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return &producer{settings: s} },
		append(s.middleware(), actor.WithGuardian(s.strategy))...)
}

// Receive handles one message; nothing in it blocks.
func (p *producer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		p.start(ctx)
	case messages.Publish:
		p.publish(ctx, m)
	case *actor.Stopping, *actor.Restarting:
		p.hold.Release()
	}
}

func (p *producer) start(ctx actor.Context) {
	hold, err := p.context.Hold()
	if err != nil {
		ctx.Stop(ctx.Self())
		return
	}
	p.hold = hold
}

func (p *producer) publish(ctx actor.Context, m messages.Publish) {
	record, err := m.Outgoing(p.forms)
	if err != nil {
		ctx.Respond(messages.Delivered{Err: err})
		return
	}
	root, sender := p.root, ctx.Sender()
	p.writer.Produce(record, func(report messages.Delivered) {
		if sender != nil {
			root.Send(sender, report)
		} else if report.Err != nil {
			p.log.Error().Err(report.Err).Str("topic", m.Topic).Msg("an event could not be delivered")
		}
	})
}
