package streamingtest

// An Option sets up a Kit.
type Option func(*options)

type options struct {
	checkpoint bool
	dir        string
	topics     []string
	limit      int64
	divided    bool
}

// WithCheckpoint keeps what the job saves in the folder dir, so that another kit of the same job can go on with it, when this one's
// context has been stopped or its test has ended. Default: a folder of the test's own.
func WithCheckpoint(dir string) Option {
	return func(o *options) { o.checkpoint, o.dir = true, dir }
}

// WithoutCheckpoint saves nothing: a job that keeps state is refused, in Spark's words.
func WithoutCheckpoint() Option { return func(o *options) { o.checkpoint = false } }

// WithTopics names the topics that Events and DirectStream read when they are given none. Default: events.
func WithTopics(topics ...string) Option { return func(o *options) { o.topics = topics } }

// WithStateLimit is the bound of what state and windows may hold, in bytes: state.max.bytes.
func WithStateLimit(bytes int64) Option { return func(o *options) { o.limit = bytes } }

// WithStateByPartition keeps state, windows and watermarks by the partition of the topic, as the program does with exchange: partition:
// a key must come in one partition only. What it saves is for Restart, as in a changelog, and not in the folder of WithCheckpoint.
func WithStateByPartition() Option { return func(o *options) { o.divided = true } }
