package streaming

import (
	"log/slog"
	"regexp"

	"github.com/hibana-stream/hibana/messages"
)

// A Setting sets up a Context.
type Setting func(*Context)

// WithTopics names the topics that Events and DirectStream read when they are given none.
func WithTopics(topics ...string) Setting { return func(c *Context) { c.topics = topics } }

// WithPattern lets Events and DirectStream, when they are given no topics, read every topic whose whole name the expression matches,
// also such as come later. Spark: SubscribePattern.
func WithPattern(pattern *regexp.Regexp) Setting { return func(c *Context) { c.pattern = pattern } }

// WithEventForm sets how Events reads a record's value: messages.FormRichEvent and FormJSON are {"content":"…"}, the default; with
// FormString the value is the content, if it is UTF-8, and with FormBytes whatever it holds. Kafka: value.deserializer.
func WithEventForm(form messages.Form) Setting { return func(c *Context) { c.form = form } }

// WithEngine sets what runs the job. Without an engine Start only validates and compiles.
func WithEngine(e Engine) Setting { return func(c *Context) { c.engine = e } }

// WithLog sets the logger; nil and default: slog.Default().
func WithLog(l *slog.Logger) Setting {
	return func(c *Context) {
		if l != nil {
			c.log = l
		}
	}
}

// WithSavedState tells that there is a place (a checkpoint folder, a changelog) where state is saved.
// Without it, Start refuses a job that keeps state or windows.
func WithSavedState() Setting { return func(c *Context) { c.saved = true } }

// WithStateLimit bounds what state and windows may hold, in bytes as the engine estimates them; 0, the default, is no bound. The batch
// that passes it fails, and the error names the operation and its size: a clear end instead of an out-of-memory kill.
func WithStateLimit(bytes int64) Setting { return func(c *Context) { c.limit = bytes } }

// WithStateByPartition keeps state and windows by the partition of the source: the job's keys are the records' keys, so that a key
// lives in one partition, and what is kept of a partition goes with it when another instance gets it. The functions of such operations
// run for several partitions at the same time. Without it they cover all partitions that this instance has.
func WithStateByPartition() Setting { return func(c *Context) { c.saved, c.byPartition = true, true } }
