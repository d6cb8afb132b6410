package cmd

// Delivery is the guarantee of a run.
type Delivery string

// The guarantees, in the words of Kafka's documentation.
const (
	AtMostOnce  Delivery = "at-most-once"
	AtLeastOnce Delivery = "at-least-once"
	ExactlyOnce Delivery = "exactly-once"
)

// String is the word that stands in the configuration.
func (d Delivery) String() string { return string(d) }

// Exchange is where the same keys meet when instances share the work.
type Exchange string

// The exchanges.
const (
	// ExchangeMemory lets keys meet in this process: one instance for jobs with keyed state.
	ExchangeMemory Exchange = "memory"
	// ExchangePartition trusts that a key lives in one partition.
	ExchangePartition Exchange = "partition"
	// ExchangeTopic sends partial results through a topic.
	ExchangeTopic Exchange = "topic"
)

// String is the word that stands in the configuration.
func (e Exchange) String() string { return string(e) }

// Tolerance is what happens with a record that cannot be read; the words are Kafka Connect's.
type Tolerance string

// The tolerances.
const (
	// TolerateNone stops the program at the first.
	TolerateNone Tolerance = "none"
	// TolerateAll sends them to the dead-letter topic.
	TolerateAll Tolerance = "all"
)

// OffsetGone is what happens when a committed offset is no longer in the log.
type OffsetGone string

// The policies.
const (
	GoneFail     OffsetGone = "fail"
	GoneEarliest OffsetGone = "earliest"
	GoneLatest   OffsetGone = "latest"
)

// AfterFailure is what happens with a batch that has failed for the last time.
type AfterFailure string

// The ends of a failed batch.
const (
	// ThenStop ends the program with exit code 1, the batch uncommitted.
	ThenStop AfterFailure = "stop"
	// ThenPause waits for the operator.
	ThenPause AfterFailure = "pause"
	// ThenSkip commits the batch without its outputs and goes on.
	ThenSkip AfterFailure = "skip"
)

// LogFormat is how log lines are written.
type LogFormat string

// The formats.
const (
	// FormatAuto is console on a terminal and json elsewhere.
	FormatAuto    LogFormat = "auto"
	FormatConsole LogFormat = "console"
	FormatJSON    LogFormat = "json"
)
