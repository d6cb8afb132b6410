package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"time"

	"github.com/rs/zerolog"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/checkpoint"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// stream is one configured stream: the parts, joined. It is the engine of its streaming context: what a job reads and whether it
// keeps state is known when the context starts, and the parts that depend on it are made then.
type stream struct {
	config   *Config
	limits   limits
	network  []kafka.Opt
	stdout   io.Writer
	log      zerolog.Logger
	instance *instance
	broker   *kafka.Broker
	context  *streaming.Context
	system   *actors.System
	source   *kafka.Source
	writer   *kafka.Writer
	// transactions are there with exactly-once.
	transactions *kafka.Transactions
	replicas     *replicas
	// changelog keeps state by partition, when the job has some.
	changelog *kafka.Changelog
	store     *checkpoint.Store
	kept      *actors.Kept
	ledger    *checkpoint.Ledger
	sample    *sample
	program   *streaming.Program
	socket    io.Closer // where hibana repl attaches; nil for nowhere
	// behaviours are the user's own actors.
	behaviours []actors.Behaviour
	// before is called first of all when the job is compiled, and checks whether it can run.
	before func(*streaming.Program) error
	// topicLimits are the max.message.bytes of topics that are written, as the preflight has found them.
	topicLimits map[string]int64
	// savedTopics are those of which state is in a changelog.
	savedTopics []string
	// announce is told when the job is compiled and nothing runs yet.
	announce func()
}

// limits end a stream by themselves.
type limits struct {
	batches int
	drain   bool
}

// newStream claims the instance's name and, when it is configured, starts the embedded broker. close gives both back.
func newStream(c *Config, l limits, network []kafka.Opt, stdout io.Writer, log zerolog.Logger) (*stream, error) {
	s := &stream{config: c, limits: l, network: network, stdout: stdout, log: log}
	var err error
	if s.instance, err = claimInstance(c.group(), c.Instance); err != nil {
		return nil, err
	}
	if err := s.openBroker(); err != nil {
		s.close()
		return nil, err
	}
	options := []streaming.Setting{
		streaming.WithTopics(c.Topics...), streaming.WithEngine(s), streaming.WithLog(slogOf(log)),
		streaming.WithStateLimit(c.State.MaxBytes), streaming.WithEventForm(messages.Form(c.Settings.ValueDeserializer())),
	}
	if c.Pattern != "" {
		options = append(options, streaming.WithPattern(regexp.MustCompile("^(?:"+c.Pattern+")$"))) // the configuration has tried it
	}
	options = append(options, c.stateSettings()...)
	s.context = streaming.NewContext(c.Interval, options...)
	return s, nil
}

// openBroker starts the embedded broker, if that is what the configuration names.
func (s *stream) openBroker() error {
	if !s.config.embedded() || s.network != nil {
		return nil
	}
	broker, err := kafka.NewBroker(kafka.BrokerConfig{
		Listen: s.config.Embedded.Listen, Partitions: s.config.Embedded.Partitions, DataDir: s.config.Embedded.DataDir,
		Topics: s.config.Topics, Log: slogOf(s.log),
	})
	if err != nil {
		return err
	}
	s.broker, s.network = broker, broker.ClientOptions()
	return nil
}

// Start makes what depends on the job, and brings the tree of actors to life. It is called by the context.
func (s *stream) Start(p *streaming.Program) error {
	s.program = p
	if s.before != nil {
		if err := s.before(p); err != nil {
			return err
		}
	}
	if err := s.open(p); err != nil {
		return errors.Join(err, s.closeParts())
	}
	if s.announce != nil {
		s.announce()
	}
	s.source.Start()
	return s.system.Start(p)
}

func (s *stream) open(p *streaming.Program) error {
	var err error
	if s.writer, err = s.newWriter(); err != nil {
		return err
	}
	if err := s.openCheckpoint(p); err != nil { // before the source: what it has saved comes before the job's start offsets
		return err
	}
	if s.source, err = s.newSource(p); err != nil {
		return err
	}
	if s.ledger, err = s.newLedger(); err != nil {
		return err
	}
	s.replicas = s.newReplicas()
	delivery, err := s.newDelivery(p)
	if err != nil {
		return err
	}
	s.system = actors.NewSystem(s.settings(delivery))
	return nil
}

func (s *stream) settings(delivery actors.Delivery) actors.Settings {
	c := s.config
	set := actors.Settings{
		Instance: s.instance.name, Group: c.group(), Context: s.context, Source: s.source, Writer: s.writer,
		Delivery: delivery, Kept: s.kept, Ledger: s.ledger, Failure: failureOf(c.Failure), Behaviours: s.behaviours,
		DeadLetters:     actors.DeadLetters{Tolerate: c.Errors.Tolerate(), Topic: c.Errors.DeadLetterTopic, Writer: s.outputs()},
		Produce:         s.replicas.produceAll,
		Forms:           c.forms(),
		MaxPerPartition: c.Rate.MaxPerPartition, Backpressure: c.Rate.Backpressure, InitialRate: c.Rate.Initial, Memory: c.Memory.Records / holding,
		Batches: s.limits.batches, StopTimeout: c.Stop.Timeout, StartupTimeout: c.Startup.Timeout,
		Stdout: s.stdout, Log: s.log, Close: s.closeParts,
	}
	if s.limits.drain {
		set.Drain = s.source
	}
	if s.changelog != nil {
		set.Changelog = s.changelog
	}
	return set
}

// options are a client's options: the properties, and the way to the broker.
func (s *stream) options(of func(string, *slog.Logger) ([]kafka.Opt, error)) ([]kafka.Opt, error) {
	options, err := of(s.instance.name, slogOf(clientLog(s.log)))
	if err != nil {
		return nil, &UsageError{err}
	}
	return append(options, s.network...), nil
}

func (s *stream) newWriter() (*kafka.Writer, error) {
	options, err := s.options(s.config.Settings.ProducerOptions)
	if err != nil {
		return nil, err
	}
	options = append(options, s.config.Settings.BatchSizes(s.topicLimits))
	return kafka.NewWriter(options, 0, slogOf(s.log))
}

func failureOf(c FailureConfig) actors.Failure {
	f := actors.Failure{Retries: c.Retries, Backoff: c.Backoff}
	switch c.Then {
	case "pause":
		f.Then = actors.Pause
	case "skip":
		f.Then = actors.Skip
	}
	return f
}

// Stop ends the stream; it is called by the context.
func (s *stream) Stop(graceful bool) error {
	if s.system == nil {
		return nil
	}
	return s.system.Stop(graceful)
}

// StopAfterBatch ends the stream behind the running batch; it is called by the context.
func (s *stream) StopAfterBatch() error { return s.system.StopAfterBatch() }

// flushTimeout bounds the wait for unacknowledged records at the end.
const flushTimeout = 10 * time.Second

// closeParts closes what the actors used, in the order in which nothing is lost: first what writes, then the membership.
func (s *stream) closeParts() error {
	var errs []error
	if s.sample != nil {
		s.sample.stop()
	}
	if s.writer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		if err := s.writer.Close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("at the end some events were not acknowledged: %w", err))
		}
	}
	if s.transactions != nil {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		s.transactions.Close(ctx)
	}
	if s.source != nil {
		s.source.Stop(true)
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.Close())
	}
	return errors.Join(errs...)
}

// close ends what newStream began; the context has ended before.
func (s *stream) close() {
	if s.broker != nil {
		s.broker.Close()
	}
	if s.socket != nil { // a stream that ended at once has never served it
		_ = s.socket.Close()
	}
	s.instance.release()
}
