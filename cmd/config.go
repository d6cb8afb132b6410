package cmd

import (
	"maps"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// Config is the configuration of one run: every key that there is, checked and typed. LoadConfig makes it; nobody changes it
// afterwards. Its formatting shows no secret.
type Config struct {
	// Interval is the batch interval, Spark's batchDuration.
	Interval time.Duration
	// Topics are read; empty when Pattern is set.
	Topics []string
	// Pattern is a regular expression that names the topics instead; "" for none.
	Pattern string
	// Delivery is the effective mode: enable.auto.commit has been taken into account.
	Delivery Delivery
	Exchange Exchange
	// Checkpoint and Ledger are folders; "" for none.
	Checkpoint, Ledger string
	// Instance is this member's name; "" when it is to be derived from the host.
	Instance string
	// OffsetGone says what happens when a committed offset is no longer in the log.
	OffsetGone OffsetGone
	// Kafka holds the properties that somebody set, by Kafka's names (producer. and consumer. in front where they were written).
	Kafka map[string]KafkaProperty
	// Settings are these properties, checked, with the defaults of this program.
	Settings *kafka.Settings
	Errors   ErrorsConfig
	Failure  FailureConfig
	Memory   MemoryConfig
	Rate     RateConfig
	State    StateConfig
	Startup  StartupConfig
	Stop     StopConfig
	Embedded EmbeddedConfig
	Console  ConsoleConfig
	Log      LogConfig
	// Behaviours holds what was written under behaviours.NAME: the settings of NAME by their dotted names. A value is a
	// string, int64, uint64, float64, bool, nil, or a []any of these.
	Behaviours map[string]map[string]any

	values  map[string]value                    // what somebody set, by key
	excerpt func(Origin) (line string, cut int) // of the file; nil for a configuration that was not loaded
}

// KafkaProperty is one property as it was set. Its formatting shows no secret.
type KafkaProperty struct {
	Origin Origin
	value  value
}

// Value is the property's text, secrets in the clear.
func (p KafkaProperty) Value() string { return p.value.joined() }

// String is the property's text, *** for a secret.
func (p KafkaProperty) String() string { return p.value.shown() }

// GoString is String, so that %#v shows no secret either.
func (p KafkaProperty) GoString() string { return p.String() }

// ErrorsConfig says what becomes of records that cannot be read.
type ErrorsConfig struct {
	Tolerance Tolerance
	// DeadLetterTopic takes what is tolerated; "" is the record's topic with .dlq behind it.
	DeadLetterTopic string
}

// Tolerate tells whether such a record goes to a dead-letter topic instead of stopping the program.
func (e ErrorsConfig) Tolerate() bool { return e.Tolerance == TolerateAll }

// FailureConfig says what becomes of a batch that fails.
type FailureConfig struct {
	// Retries is how often the batch is tried again; Backoff the wait before the first of these, doubled each time.
	Retries int
	Backoff time.Duration
	// Then is what happens after the last.
	Then AfterFailure
}

// MemoryConfig bounds memory.
type MemoryConfig struct {
	// Records is the budget for records that are held, in bytes.
	Records int64
}

// RateConfig bounds what is read.
type RateConfig struct {
	// MaxPerPartition is in records a second and partition; 0 is no limit.
	MaxPerPartition float64
	// Backpressure lets the rate follow what the outputs manage.
	Backpressure bool
	// Initial is in records a second over all partitions, while Backpressure has no estimate yet; 0 is no limit.
	Initial float64
}

// StateConfig is about keyed state and windows.
type StateConfig struct {
	// MaxBytes is the most that state may take; 0 is no limit.
	MaxBytes int64
	// AllowShapeChange starts a job whose state differs from what was saved.
	AllowShapeChange bool
}

// StartupConfig bounds the start.
type StartupConfig struct {
	// Timeout ends a program that has got no partitions by then; 0 waits for ever.
	Timeout time.Duration
}

// StopConfig bounds a clean stop.
type StopConfig struct {
	Timeout time.Duration
}

// EmbeddedConfig is about the broker inside the process.
type EmbeddedConfig struct {
	// Listen is host:port, always on the loopback.
	Listen     string
	Partitions int
	// DataDir keeps the topics; "" keeps them in memory.
	DataDir string
	// Sample is the sample producer's rate in records a second; 0 for none.
	Sample float64
}

// ConsoleConfig is about the console.
type ConsoleConfig struct {
	// Socket is the path of the Unix socket; "" is to be derived from group and instance.
	Socket string
}

// LogConfig is about the log.
type LogConfig struct {
	// Level is one of zerolog's words: trace, debug, info, warn, error.
	Level  string
	Format LogFormat
	// File takes the log; "" is stderr.
	File string
}

// IsSet tells whether somebody set key, in a file, the environment or a flag. Defaults do not count.
func (c *Config) IsSet(key string) bool { return c.Origin(key).Kind != FromDefault }

// Origin says where key's effective value comes from. A key that is not known has the default's.
func (c *Config) Origin(key string) Origin { return c.values[key].origin }

// Keys are the keys that somebody set, sorted.
func (c *Config) Keys() []string { return slices.Sorted(maps.Keys(c.values)) }

// embedded tells whether the broker inside the process is used.
func (c *Config) embedded() bool { return c.Settings.Embedded() }

// group is kafka.group.id; "" when nobody set it, except on the embedded broker, where it is hibana.
func (c *Config) group() string { return c.Settings.Group() }

// String is one line with what somebody set, secrets as ***.
func (c Config) String() string {
	text := "config"
	for _, key := range c.Keys() {
		text += " " + key + "=" + c.values[key].shown()
	}
	return text
}

// GoString is String, so that %#v shows no secret either.
func (c Config) GoString() string { return c.String() }

// forms are how published events are written: key.serializer and value.serializer.
func (c *Config) forms() messages.Forms {
	return messages.Forms{Key: messages.Form(c.Settings.KeySerializer()), Value: messages.Form(c.Settings.ValueSerializer())}
}
