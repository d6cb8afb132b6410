package behaviours

import (
	"context"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Context is what a behaviour can do and know while it handles one call; it is not to be kept. It is a context.Context, too,
// which ends when the stream ends without waiting: give it to whatever blocks.
//
// Time, Partition and Index together name an event, and name the same one when it comes again: whoever must not do a thing twice
// remembers them with it.
type Context struct {
	context.Context
	Env
	portion   portion
	index     int
	published []messages.Publish
}

// Time is the time of the batch.
func (c *Context) Time() time.Time { return c.portion.time }

// Partition is where the event was read.
func (c *Context) Partition() messages.TopicPartition { return c.portion.partition }

// Index is the event's number among those of its partition in this batch, from 0.
func (c *Context) Index() int { return c.portion.first + c.index }

// Publish writes an event to a topic. Of what Receive publishes the batch commits when all of it is acknowledged, as of every output; what Tell
// and Start publish goes at once, and a failure is in the log.
func (c *Context) Publish(topic string, e messages.RichEvent) {
	c.published = append(c.published, messages.Publish{Topic: topic, Event: e})
}

// PublishKeyed is Publish for an event with a key.
func (c *Context) PublishKeyed(topic, key string, e messages.RichEvent) {
	c.published = append(c.published, messages.Publish{Topic: topic, Key: key, HasKey: true, Event: e})
}
