package actors

import (
	"context"
	"io"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// Source is what the actors need of the Kafka source: it is started before and stopped after them.
type Source interface {
	Reader
	Membership
}

// Ledger keeps a line for each batch. It is called by the runner only, and may block.
type Ledger interface {
	Append(messages.BatchReport) error
}

// Settings compose a System.
type Settings struct {
	// Instance and Group name this member in the ledger and in messages.
	Instance, Group string
	Context         *streaming.Context
	Source          Source
	Writer          Writer
	Delivery        Delivery
	// Produce is how the job's outputs write to Kafka; nil: Writer.ProduceAll.
	Produce func(context.Context, []messages.Outgoing) error
	// Forms are how published events are written.
	Forms messages.Forms
	// Kept is the checkpoint, when there is one.
	Kept *Kept
	// Changelog is where state by partition is restored from; it is needed when the job keeps some.
	Changelog   Changelog
	Ledger      Ledger
	DeadLetters DeadLetters
	Failure     Failure
	// Behaviours are the user's own actors.
	Behaviours []Behaviour
	// MaxPerPartition is the most records a second and partition; 0: no limit.
	MaxPerPartition float64
	// Backpressure lets the number of records a batch takes follow how fast they are processed.
	Backpressure bool
	// InitialRate is how many records a second batches take, over all partitions, while Backpressure has no estimate yet; 0: no bound.
	InitialRate float64
	// Memory is the budget for what a job holds of its batches, in bytes.
	Memory int64
	// Batches ends the stream after so many, 0 never. Drain ends it when all that stood in the topics at the start is processed, by this
	// member and by the others of the group; nil: no drain.
	Batches int
	Drain   Rest
	// Patience is how long a cut batch waits for a partition's part; default 60 s.
	Patience time.Duration
	// StopTimeout bounds a graceful stop; default 30 s.
	StopTimeout time.Duration
	Stdout      io.Writer
	Log         zerolog.Logger
	// Recent is the number of reports that the aggregator keeps for the console; default 100.
	Recent int
	// StartupTimeout ends the stream when there is no assignment by then; 0: it waits for ever.
	StartupTimeout time.Duration
	// Close is called when the actors have ended, before the context has: what the stream owns besides them is closed there.
	Close func() error
	// Middleware is put around every actor's Receive; tests inject failures with it.
	Middleware []actor.ReceiverMiddleware
}

// settings are a System's Settings as its actors see them.
type settings struct {
	context  *streaming.Context
	program  *streaming.Program
	reader   Reader
	members  Membership
	writer   Writer
	delivery Delivery
	ledger   Ledger
	letters  DeadLetters
	kept     *Kept
	restores *restores
	produce  func(context.Context, []messages.Outgoing) error
	forms    messages.Forms
	failure  Failure
	rules    rules
	drain    Rest
	instance string
	group    string
	stdout   io.Writer
	log      zerolog.Logger
	recent   int
	startup  time.Duration
	// backpressure, initial and perSecond are what each life of the aggregator makes its pace of. perSecond is the aggregator's: the console
	// may change it, and what it was changed to survives a crash.
	backpressure bool
	initial      float64
	perSecond    float64
	around       []actor.ReceiverMiddleware
	strategy     actor.SupervisorStrategy
	root         *actor.RootContext
	runner       *runner
	// ended takes the end of the stream, once: nil for a clean one.
	ended func(error)
}

func (s *settings) middleware() []actor.PropsOption {
	all := append([]actor.ReceiverMiddleware{careful(s.log)}, s.around...)
	return []actor.PropsOption{actor.WithReceiverMiddleware(all...), actor.WithSupervisor(s.strategy), actor.WithDispatcher(tireless{actor.NewDefaultDispatcher(throughput)})}
}

func (s Settings) rules(interval time.Duration) rules {
	return rules{
		interval: interval, perBatch: perBatch(s.MaxPerPartition, interval), budget: s.Memory, hoard: &hoard{limit: s.Memory}, batches: s.Batches, drain: s.Drain != nil,
		retries: s.Failure.Retries, patience: s.Patience,
	}
}
