package cmd

import "time"

// setting is one row of the table that drives parsing, -X, the variables' names, config show, the schema, README's table and
// the shipped config.yaml.
type setting struct {
	key  string
	kind kind
	// fallback is the default, as it would be written.
	fallback string
	// doc is one line that says why.
	doc string
	// live is true for what a running stream can be told from the console.
	live bool
}

// settingRows is the table, in the order of the documentation. Kafka's properties have a table of their own, in actors/kafka.
var settingRows = []setting{
	{"interval", duration(func(c *Config) *time.Duration { return &c.Interval }, 10*time.Millisecond, 24*time.Hour),
		"2s", "the batch interval; the post's program uses 10s", false},
	{"topics", topicList(func(c *Config) *[]string { return &c.Topics }),
		"[events]", "what is read; never empty", false},
	{"pattern", text(func(c *Config) *string { return &c.Pattern }, "a regular expression (Go's); empty for none", expression),
		"", "topics by regular expression instead; new ones that match are picked up", false},
	{"delivery", choice(func(c *Config) *Delivery { return &c.Delivery }, AtMostOnce, AtLeastOnce, ExactlyOnce),
		"at-least-once", "at-most-once | at-least-once | exactly-once: what a crash may do is lose, repeat, neither", false},
	{"exchange", choice(func(c *Config) *Exchange { return &c.Exchange }, ExchangeMemory, ExchangePartition, ExchangeTopic),
		"memory", "memory | partition: where equal keys meet when instances share the work (topic is not there yet)", false},
	{"checkpoint", text(func(c *Config) *string { return &c.Checkpoint }, "a folder; empty for none", anyPath),
		"", "a folder for progress and state; empty: offsets in Kafka, enough for jobs without state", false},
	{"ledger", text(func(c *Config) *string { return &c.Ledger }, "a folder; empty for the checkpoint's", anyPath),
		"", "a folder, one file per instance; empty: the checkpoint's, else memory", false},
	{"instance", text(func(c *Config) *string { return &c.Instance }, "up to 100 letters, digits, dots, _ and -; empty for the host's name", memberName),
		"", "this member's name; empty: host name and the lowest free slot", false},
	{"offset.gone", choice(func(c *Config) *OffsetGone { return &c.OffsetGone }, GoneFail, GoneEarliest, GoneLatest),
		"fail", "fail | earliest | latest, when the committed offset is gone (retention, new topic): nothing is skipped unasked", false},
	{"errors.tolerance", choice(func(c *Config) *Tolerance { return &c.Errors.Tolerance }, TolerateNone, TolerateAll),
		"none", "none | all; none stops at the first record that cannot be read, all sends it to a topic", false},
	{"errors.deadletterqueue.topic.name", text(func(c *Config) *string { return &c.Errors.DeadLetterTopic }, "a topic; empty for the record's own with .dlq behind it", topicName),
		"", "that topic, Kafka Connect's name for it; empty: <topic>.dlq", false},
	{"failure.retries", whole(func(c *Config) *int { return &c.Failure.Retries }, 0, 1000),
		"3", "how often a batch that failed is tried again", false},
	{"failure.backoff", duration(func(c *Config) *time.Duration { return &c.Failure.Backoff }, time.Millisecond, 10*time.Second),
		"200ms", "the wait before the first retry; it doubles, up to 10s", false},
	{"failure.then", choice(func(c *Config) *AfterFailure { return &c.Failure.Then }, ThenStop, ThenPause, ThenSkip),
		"stop", "stop | pause | skip, after the last; skip loses the batch's outputs, so it must be asked for", false},
	{"memory.records", size(func(c *Config) *int64 { return &c.Memory.Records }, "1MiB", "1TiB"),
		"64MiB", "for records that are held; over it a partition pauses until the next batch", false},
	{"rate.max.per.partition", limit(func(c *Config) *float64 { return &c.Rate.MaxPerPartition }),
		"0", "records a second and partition; 0: no limit", true},
	{"rate.backpressure", truth(func(c *Config) *bool { return &c.Rate.Backpressure }),
		"false", "true lets the rate follow what the outputs manage (Spark's estimator)", false},
	{"rate.initial", limit(func(c *Config) *float64 { return &c.Rate.Initial }),
		"10000", "with backpressure, records a second until it has an estimate; 0: all there is", false},
	{"state.max.bytes", size(func(c *Config) *int64 { return &c.State.MaxBytes }, "0", "1TiB"),
		"1GiB", "where a job with state stops, rather than being killed for its memory; 0: no limit", false},
	{"state.allow.shape.change", truth(func(c *Config) *bool { return &c.State.AllowShapeChange }),
		"false", "true starts a changed job over saved state, and drops what no longer fits", false},
	{"startup.timeout", duration(func(c *Config) *time.Duration { return &c.Startup.Timeout }, 0, 24*time.Hour),
		"60s", "exit code 3 when no broker has given partitions by then; 0: wait for ever", false},
	{"stop.timeout", duration(func(c *Config) *time.Duration { return &c.Stop.Timeout }, 100*time.Millisecond, time.Hour),
		"30s", "how long a clean stop may take; containers kill after 30s unless told otherwise", false},
	{"embedded.listen", text(func(c *Config) *string { return &c.Embedded.Listen }, "host:port on the loopback, such as 127.0.0.1:9392", loopback),
		"127.0.0.1:9392", "kcat works with it; never Kafka's own 9092", false},
	{"embedded.partitions", whole(func(c *Config) *int { return &c.Embedded.Partitions }, 1, 1000),
		"4", "of each topic", false},
	{"embedded.data.dir", text(func(c *Config) *string { return &c.Embedded.DataDir }, "a folder; empty for memory", anyPath),
		"", "a folder that keeps the topics; empty: memory", false},
	{"embedded.sample", rate(func(c *Config) *float64 { return &c.Embedded.Sample }, 100_000),
		"5/s", "the sample producer; 0 turns it off; never on a real cluster", false},
	{"console.socket", text(func(c *Config) *string { return &c.Console.Socket }, "a path of at most 100 bytes; empty for the usual one", socketPath),
		"", "where hibana repl attaches; empty: named by group and instance", false},
	{"log.level", choice(func(c *Config) *string { return &c.Log.Level }, "trace", "debug", "info", "warn", "error"),
		"info", "trace | debug | info | warn | error", true},
	{"log.format", choice(func(c *Config) *LogFormat { return &c.Log.Format }, FormatAuto, FormatConsole, FormatJSON),
		"auto", "auto | console | json; auto: console on a terminal, json elsewhere", false},
	{"log.file", text(func(c *Config) *string { return &c.Log.File }, "a file; empty for stderr", anyPath),
		"", "empty: stderr, which stays free of outputs", false},
}
