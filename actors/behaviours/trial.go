package behaviours

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Trial drives a behaviour by hand, for tests: no broker, no other actors, no waiting. It is not started again after a panic.
type Trial struct {
	env       Env
	actor     Actor
	published []messages.Publish
	batch     int64
}

// NewTrial makes the behaviour's actor and starts it.
func NewTrial(b Behaviour, settings map[string]any) (*Trial, error) {
	if err := Check([]Behaviour{b}); err != nil {
		return nil, err
	}
	t := &Trial{env: Env{Name: b.Name, Settings: settings, Log: slog.New(slog.DiscardHandler)}}
	t.actor = b.New(t.env)
	starter, ok := t.actor.(Starter)
	if !ok {
		return t, nil
	}
	c := t.context()
	defer t.keep(c)
	return t, starter.Start(c)
}

// Send is one batch: an event of each content, all in partition 0 of the topic events. Batch n has the time n s since 1970.
func (t *Trial) Send(contents ...string) error {
	t.batch++
	c := t.context()
	for i, content := range contents {
		c.index = i
		if err := t.actor.Receive(c, messages.NewRichEvent(content)); err != nil {
			return err // what it published goes with the batch
		}
	}
	t.keep(c)
	return nil
}

// Tell is tell NAME JSON.
func (t *Trial) Tell(json string) (string, error) {
	teller, ok := t.actor.(Teller)
	if !ok {
		return "", fmt.Errorf("%s: %w", t.env.Name, errDeaf)
	}
	c := t.context()
	defer t.keep(c)
	return teller.Tell(c, json)
}

// Published is all that it has published, in order.
func (t *Trial) Published() []messages.Publish {
	return append([]messages.Publish(nil), t.published...)
}

func (t *Trial) context() *Context {
	at := portion{time: time.Unix(t.batch, 0), partition: messages.TopicPartition{Topic: "events"}}
	return &Context{Context: context.Background(), Env: t.env, portion: at}
}

func (t *Trial) keep(c *Context) { t.published = append(t.published, c.published...) }
