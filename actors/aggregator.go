package actors

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// aggregator is the actor that owns the progress: it is the parent of the consumers, cuts the batches and hands them to the runner.
// Its Receive moves progress, a state machine without actors; what that wants done, the methods at the end do.
type aggregator struct {
	*settings
	progress  *progress
	hold      *streaming.Hold
	ctx       actor.Context // of the message at hand
	consumers map[messages.TopicPartition]*actor.PID
	// restoring ends the restores under way; saidRestore is when the log heard of one last.
	restoring   map[messages.TopicPartition]context.CancelFunc
	saidRestore time.Time
	started     time.Time
	waits       string
	restless    bool // the others of the group were asked about their drain before
	recents     []messages.BatchReport
	totals      messages.Status
}

func aggregatorProps(s *settings) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return &aggregator{settings: s} },
		append(s.middleware(), actor.WithGuardian(s.strategy))...)
}

// Receive handles one message; nothing in it blocks.
func (a *aggregator) Receive(ctx actor.Context) {
	a.ctx = ctx
	switch m := ctx.Message().(type) {
	case *actor.Started:
		a.start()
	case messages.Idle:
		a.join()
	case messages.Assigned:
		a.assigned(m)
	case messages.Ready:
		a.progress.readied(m)
	case restored:
		a.progress.restoredState(m)
	case restoreTold:
		a.restoreTold(m)
	case rest:
		a.rested(m)
	case messages.Tick:
		a.tick(m)
	case messages.Part:
		a.progress.parted(m)
	case messages.Ran:
		a.ran(m)
	case messages.Revoked:
		a.progress.revoked(m)
	case messages.Lost:
		a.progress.lost(m)
	case messages.SourceWaits:
		a.waiting(m)
	case messages.SourceFailed:
		a.progress.end(m.Err)
	case messages.Stop:
		a.progress.stopping(m)
	case messages.Pause:
		a.pause(m)
	case messages.Limit:
		a.limit(m)
	case messages.AskStatus:
		ctx.Respond(a.status())
	case messages.AskBatches:
		ctx.Respond(a.last(m.Last))
	case *actor.Stopping, *actor.Restarting:
		a.close()
	}
}

// start makes everything anew, and waits for the runner: what an earlier life of this actor gave it has to end first.
func (a *aggregator) start() {
	hold, err := a.context.Hold()
	if err != nil {
		a.ctx.Stop(a.ctx.Self())
		return
	}
	a.hold, a.started, a.restless = hold, time.Now(), false
	a.consumers, a.restoring = map[messages.TopicPartition]*actor.PID{}, map[messages.TopicPartition]context.CancelFunc{}
	a.progress = newProgress(a, a.settings.rules, time.Now)
	a.progress.limit(a.perSecond)
	if a.backpressure {
		a.progress.pace, err = newPace(a.settings.rules.interval, a.perSecond, a.initial)
		if err != nil {
			a.progress.end(err)
			return
		}
	}
	a.runner.jobs <- job{replyTo: a.ctx.Self()}
}

// join asks for the assignment; the answer and all that follows come as messages.
func (a *aggregator) join() {
	a.settings.rules.hoard.reset()
	root, self := a.root, a.ctx.Self()
	a.members.Join(func(m any) { root.Send(self, m) })
}

// assigned brings the positions in line with the checkpoint, if there is one.
func (a *aggregator) assigned(m messages.Assigned) {
	if a.kept != nil {
		var err error
		if m, err = a.kept.reconcile(m, func(text string) { a.log.Warn().Msg(text) }); err != nil {
			a.progress.end(err)
			return
		}
	}
	a.progress.positions(m)
}

func (a *aggregator) tick(m messages.Tick) {
	if waited := time.Since(a.started); !a.progress.assigned && a.startup > 0 && waited > a.startup {
		a.progress.end(fmt.Errorf("%w: no partitions were assigned within startup.timeout (%v); waiting for %s", context.DeadlineExceeded, a.startup, a.waits))
		return
	}
	a.progress.tick(m)
}

func (a *aggregator) ran(m messages.Ran) {
	a.totals.Batches++
	a.totals.Records += m.Report.Records
	a.totals.Rejects += int64(m.Report.Rejects)
	if m.Report.Err != "" {
		a.totals.Failed++
	}
	a.log.Debug().Int64("batch", m.Report.Batch).Time("of", m.Report.Time).Int64("records", m.Report.Records).Dur("took", m.Report.ProcessingDelay()).Msg("batch")
	if a.recents = append(a.recents, m.Report); len(a.recents) > a.recent {
		a.recents = slices.Delete(a.recents, 0, len(a.recents)-a.recent)
	}
	room := a.progress.holding()
	a.progress.ran(m)
	if room { // consumers that the batch left no memory go on with the next one
		for tp := range a.consumers {
			a.tell(tp, more{})
		}
	}
}

func (a *aggregator) waiting(m messages.SourceWaits) {
	if a.waits = m.For; m.For != "" {
		a.log.Warn().Msg("waiting: " + m.For)
	}
}

func (a *aggregator) pause(m messages.Pause) {
	accepted := messages.Accepted{Batch: a.progress.batchID + 1, Time: a.progress.last.Add(a.progress.interval)}
	a.progress.pause(m.On)
	for tp := range a.consumers {
		a.members.Pause(tp, m.On)
	}
	a.ctx.Respond(accepted)
}

// close gives everything back; it may run twice, and before Started.
func (a *aggregator) close() {
	a.members.Join(func(any) {})
	for tp := range a.restoring {
		a.stopRestore(tp)
	}
	a.hold.Release()
}

// The effects of progress.

func (a *aggregator) open(tp messages.TopicPartition, m messages.Open) { a.tell(tp, m) }

func (a *aggregator) cut(tp messages.TopicPartition, m messages.Cut) { a.tell(tp, m) }

func (a *aggregator) tell(tp messages.TopicPartition, m any) {
	if pid, ok := a.consumers[tp]; ok {
		a.ctx.Send(pid, m)
	}
}

func (a *aggregator) run(b batch) {
	waiting := account{settings: a.settings, batch: &b} // its processing has not begun
	a.context.Emit(messages.BatchSubmitted{Batch: waiting.info(time.Time{}, nil)})
	a.runner.jobs <- job{batch: &b, replyTo: a.ctx.Self()}
}

// spawn makes the consumer of a partition. While the one of an earlier assignment is still ending, its name is taken.
func (a *aggregator) spawn(tp messages.TopicPartition) {
	name := fmt.Sprintf("%s-%d", tp.Topic, tp.Partition)
	for n := 1; ; n++ {
		pid, err := a.ctx.SpawnNamed(consumerProps(a.settings, tp), name)
		if err == nil {
			a.consumers[tp] = pid
			return
		}
		name = fmt.Sprintf("%s-%d~%d", tp.Topic, tp.Partition, n)
	}
}

func (a *aggregator) drop(tp messages.TopicPartition) {
	a.stopRestore(tp)
	if pid, ok := a.consumers[tp]; ok {
		delete(a.consumers, tp)
		a.ctx.Stop(pid)
	}
}

func (a *aggregator) released(id int64) { a.members.Released(id) }

func (a *aggregator) ended(err error) { a.settings.ended(err) }
