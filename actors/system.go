package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// System is the tree of actors that runs a job: it is the streaming context's engine.
//
//	system
//	├── producer      RichEvent → Kafka
//	├── aggregator    the progress, the merge, the outputs, the commit
//	│   ├── events-0 … events-n   consumers, one for each assigned partition
//	└── behaviours    the user's own, each by its name
//
// The runner and the clock are goroutines of the context.
type System struct {
	set        Settings
	actors     *actor.ActorSystem
	producer   *actor.PID
	aggregator *actor.PID
	behaviours map[string]*actor.PID
	shared     *settings
	end        chan error // takes the end, once
	endOnce    sync.Once
	closed     chan struct{}
}

// ErrStopTimeout says that a graceful stop did not end within its deadline and was cut short.
var ErrStopTimeout = errors.New("the stream did not drain within stop.timeout and was stopped without")

// NewSystem makes a system that is not started.
func NewSystem(s Settings) *System {
	if s.Patience == 0 {
		s.Patience = time.Minute
	}
	if s.StopTimeout == 0 {
		s.StopTimeout = 30 * time.Second
	}
	if s.Recent == 0 {
		s.Recent = 100
	}
	if s.Produce == nil && s.Writer != nil {
		s.Produce = s.Writer.ProduceAll
	}
	return &System{set: s, end: make(chan error, 1), closed: make(chan struct{})}
}

// Start spawns the tree for a compiled job. It is called by the context.
func (s *System) Start(p *streaming.Program) error {
	s.actors = actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return systemLog(s.set.Log) }),
		// Dead letters are below systemLog's level. What would throttle them keeps a goroutine for as long as this, also after the end.
		actor.WithDeadLetterThrottleInterval(time.Millisecond), actor.WithDeadLetterRequestLogging(false))
	s.shared = s.settingsFor(p)
	var err error
	if s.shared.runner, err = newRunner(s.shared); err != nil {
		return err
	}
	if s.producer, err = s.actors.Root.SpawnNamed(producerProps(s.shared), "producer"); err != nil {
		return err
	}
	if err := s.spawnBehaviours(); err != nil {
		return err
	}
	if s.aggregator, err = s.actors.Root.SpawnNamed(aggregatorProps(s.shared), "aggregator"); err != nil {
		return err
	}
	p.Context().Emit(messages.StreamingStarted{Time: time.Now()})
	p.Context().Go(s.shared.runner.loop)
	p.Context().Go(func(ctx context.Context) { clock(ctx, s.actors.Root, s.aggregator, p.Interval()) })
	p.Context().Go(s.watch)
	return nil
}

func (s *System) settingsFor(p *streaming.Program) *settings {
	set := &settings{
		context: p.Context(), program: p, reader: s.set.Source, members: s.set.Source, writer: s.set.Writer,
		delivery: s.set.Delivery, ledger: s.set.Ledger, letters: s.set.DeadLetters, kept: s.set.Kept, restores: newRestores(s.set.Changelog), produce: s.set.Produce, forms: s.set.Forms, failure: s.set.Failure,
		rules: s.set.rules(p.Interval()), drain: s.set.Drain, instance: s.set.Instance, group: s.set.Group, stdout: s.set.Stdout,
		log: s.set.Log, recent: s.set.Recent, startup: s.set.StartupTimeout, backpressure: s.set.Backpressure, initial: s.set.InitialRate, perSecond: s.set.MaxPerPartition, around: s.set.Middleware, root: s.actors.Root, ended: s.ended,
	}
	set.rules.follows = func(tp messages.TopicPartition) bool { return p.NewShard(tp) != nil }
	set.strategy = &supervision{ctx: p.Context().Ended(), log: s.set.Log, giveUp: s.ended}
	return set
}

// systemLog joins protoactor's slog to zerolog; its own lines are warnings at least, ours say the rest.
func systemLog(l zerolog.Logger) *slog.Logger {
	return slog.New(zerolog.NewSlogHandler(l.Level(max(l.GetLevel(), zerolog.WarnLevel)))).WithGroup("actor")
}

// ended takes the end of the stream from whoever comes to it first; it never blocks.
func (s *System) ended(err error) {
	s.endOnce.Do(func() { s.end <- err })
}

// watch waits for the end, and takes the tree down: the actors first, from the root, so that nobody is told of what follows.
func (s *System) watch(ctx context.Context) {
	var err error
	select {
	case err = <-s.end:
	case <-ctx.Done():
	}
	err = errors.Join(err, s.stopActor(s.aggregator))
	s.set.Context.Interrupt() // nothing commits any more: what a behaviour waits for need not be waited for
	for _, pid := range s.behaviours {
		err = errors.Join(err, s.stopActor(pid))
	}
	err = errors.Join(err, s.stopActor(s.producer))
	s.actors.Shutdown()
	if s.set.Close != nil {
		err = errors.Join(err, s.set.Close())
	}
	s.set.Context.Terminate(err) // before closed: whoever waits for that must find the first error
	close(s.closed)
}

func (s *System) stopActor(pid *actor.PID) error {
	if err := s.actors.Root.StopFuture(pid).Wait(); err != nil {
		return fmt.Errorf("actor %s did not stop: %w", pid.Id, err)
	}
	return nil
}

// Stop ends the stream. Graceful: what has been read is cut, run and committed as the last batch, within Settings.StopTimeout.
func (s *System) Stop(graceful bool) error {
	return s.stop(messages.Stop{Graceful: graceful, Flush: graceful})
}

// StopAfterBatch ends the stream behind the running batch; what has been read for the next one is read again by the next start.
func (s *System) StopAfterBatch() error { return s.stop(messages.Stop{Graceful: true}) }

func (s *System) stop(m messages.Stop) error {
	if s.aggregator == nil {
		return nil
	}
	s.actors.Root.Send(s.aggregator, m)
	timer := time.NewTimer(s.set.StopTimeout)
	defer timer.Stop()
	select {
	case <-s.closed:
		return nil
	case <-timer.C:
		s.ended(ErrStopTimeout)
	}
	s.set.Context.Terminate(ErrStopTimeout)
	return ErrStopTimeout
}

// Root spawns and reaches actors beside the tree; it is nil before Start.
func (s *System) Root() *actor.RootContext { return s.actors.Root }

// AskToStop asks for the end, and does not wait for it.
func (s *System) AskToStop(graceful bool) {
	s.actors.Root.Send(s.aggregator, messages.Stop{Graceful: graceful, Flush: graceful})
}

// Publish hands an event to the producer and waits for the delivery report.
func (s *System) Publish(m messages.Publish, timeout time.Duration) (messages.Delivered, error) {
	answer, err := s.request(s.producer, m, timeout)
	if err != nil {
		return messages.Delivered{}, err
	}
	report := answer.(messages.Delivered)
	return report, report.Err
}

// ErrEnded says that the stream has ended, and answers no more.
var ErrEnded = errors.New("the stream has ended")

// request asks an actor and waits; no answer in time is context.DeadlineExceeded.
func (s *System) request(pid *actor.PID, question any, timeout time.Duration) (any, error) {
	answer, err := s.actors.Root.RequestFuture(pid, question, timeout).Result()
	switch {
	case errors.Is(err, actor.ErrTimeout):
		return nil, context.DeadlineExceeded
	case errors.Is(err, actor.ErrDeadLetter):
		return nil, ErrEnded
	}
	return answer, err
}

// Send hands an event to the producer and does not wait; a failure is in the log.
func (s *System) Send(m messages.Publish) { s.actors.Root.Send(s.producer, m) }

// Ask sends the aggregator a question (AskStatus, AskBatches, Pause) and waits for the answer.
func (s *System) Ask(question any, timeout time.Duration) (any, error) {
	return s.request(s.aggregator, question, timeout)
}

// Actors are the paths of the living actors, sorted by the tree.
func (s *System) Actors() []string { return livingActors(s.actors) }
