package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// runner runs batches, one at a time, in its own goroutine: dead letters, merge, outputs, commit. It outlives the aggregator:
// a new one waits for its Idle, so that no two batches ever run at once.
type runner struct {
	*settings
	wide *streaming.Runner
	jobs chan job
	// what and account are of the attempt under way.
	what    Batch
	account *account
}

// job is one request to the runner: a batch to run, or only a word when it is idle.
type job struct {
	batch   *batch
	replyTo *actor.PID
}

// newRunner restores the state, if there is a place where it is saved.
func newRunner(s *settings) (*runner, error) {
	// The aggregator sends at most one batch at a time, each of its lives one request for Idle: a send never waits.
	r := &runner{settings: s, jobs: make(chan job, 16)}
	r.wide = s.program.NewRunner(streaming.Env{Stdout: s.stdout, Produce: s.produce, BeforeOutputs: r.beforeOutputs})
	if s.kept == nil {
		return r, nil
	}
	return r, s.kept.restore(r.wide)
}

// loop works until the stream ends.
func (r *runner) loop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-r.jobs:
			if j.batch == nil {
				r.root.Send(j.replyTo, messages.Idle{})
				continue
			}
			r.root.Send(j.replyTo, r.run(ctx, j.batch))
		}
	}
}

// run takes one batch through its attempts, and writes its line into the ledger.
func (r *runner) run(ctx context.Context, b *batch) messages.Ran {
	account := newAccount(r.settings, b)
	r.context.Emit(messages.BatchStarted{Batch: account.info(time.Time{}, nil)})
	err := r.attempts(ctx, b, account)
	ran := messages.Ran{Err: err}
	if err != nil && !notOwner(err) && ctx.Err() == nil {
		ran = r.policy(ctx, b, account, err)
	}
	ran.Report = account.report(ran.Err)
	if err := r.ledger.Append(ran.Report); err != nil {
		r.log.Error().Err(err).Msg("the ledger could not be written")
	}
	r.context.Emit(messages.BatchCompleted{Batch: account.info(time.Now(), account.failures())})
	return ran
}

// attempts runs the batch until it is committed, or until trying again is of no use.
func (r *runner) attempts(ctx context.Context, b *batch, account *account) error {
	var err error
	for try := 0; ; try++ {
		if err = r.attempt(ctx, b, account); err == nil || notOwner(err) || hopeless(err) || try >= r.failure.Retries {
			return err
		}
		wait := r.failure.backoff(try)
		r.log.Warn().Err(err).Int64("batch", b.time.UnixMilli()).Dur("again_in", wait).Msg("the batch failed and is run again")
		if !pauseFor(ctx, wait) {
			return err
		}
		b.attempt++
	}
}

func pauseFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// hopeless errors are not tried again.
func hopeless(err error) bool {
	var bad *BadRecordsError
	return errors.As(err, &bad) || errors.Is(err, messages.ErrRefused) || errors.Is(err, context.Canceled)
}

// attempt is one way through: dead letters, plan, merge, begin, outputs, commit. A batch in which nothing moved, of a job that
// keeps nothing, needs neither plan nor commit.
func (r *runner) attempt(ctx context.Context, b *batch, account *account) error {
	account.begin(b)
	r.what, r.account = b.described(), account
	for _, part := range b.parts {
		if part.Err != nil {
			account.ran(r.wide.Failed(b.time, part.Err))
			return part.Err
		}
	}
	if err := r.letters.deliver(ctx, b.parts); err != nil {
		r.delivery.Abort(ctx, r.what)
		return err
	}
	if err := r.delivery.Plan(ctx, r.what); err != nil {
		return fmt.Errorf("writing the plan ahead: %w", err)
	}
	if err := r.wideHalf(ctx, b, account); err != nil {
		r.delivery.Abort(ctx, r.what)
		return err
	}
	return r.commit(ctx, account)
}

// beforeOutputs opens the batch's outputs. The ledger has its first line by then: if the process dies between the commit and the
// second one, the first tells which batch the committed offsets came from.
func (r *runner) beforeOutputs(ctx context.Context) error {
	if r.what.moved() {
		if err := r.ledger.Append(r.account.planned()); err != nil {
			return fmt.Errorf("the ledger: %w", err)
		}
	}
	if err := r.delivery.Begin(ctx, r.what, r.wide.Changes()); err != nil {
		return fmt.Errorf("beginning the batch: %w", err)
	}
	return nil
}

func (r *runner) commit(ctx context.Context, account *account) error {
	started := time.Now()
	defer func() { account.commit = time.Since(started) }()
	if err := r.delivery.Commit(ctx, r.what, r.wide.Changes()); err != nil {
		r.wide.Abort()
		r.delivery.Abort(ctx, r.what)
		return fmt.Errorf("committing the batch: %w", err)
	}
	r.wide.Commit()
	return nil
}

// wideHalf merges and runs the outputs. Parts without results (a partition that was overdue or not ready) get those of an empty task.
func (r *runner) wideHalf(ctx context.Context, b *batch, account *account) error {
	parts := make([]streaming.PartInput, len(b.parts))
	for i, part := range b.parts {
		partials := part.Partials()
		if len(partials) == 0 {
			var err error
			if partials, err = r.program.NewTask(part.Range.TopicPartition).Finish(); err != nil {
				return err
			}
		}
		parts[i] = streaming.PartInput{Range: part.Range, Partials: partials, Shard: b.shards[part.Range.TopicPartition]}
	}
	result := r.wide.Run(ctx, b.time, parts)
	account.ran(result)
	if result.Err != nil {
		r.wide.Abort()
	}
	return result.Err
}

// policy decides what becomes of the stream after a batch that has failed for good.
func (r *runner) policy(ctx context.Context, b *batch, account *account, err error) messages.Ran {
	event := r.log.Error().Err(err).Int64("batch", b.time.UnixMilli()).Int("attempts", b.attempt)
	var bad *BadRecordsError
	if r.failure.Then == Pause && !errors.As(err, &bad) {
		event.Msg("the batch failed, and the stream pauses before it; resume runs it again")
		return messages.Ran{Err: err, Pause: true}
	}
	if r.failure.Then != Skip || errors.As(err, &bad) {
		event.Msg("the batch failed, and the stream stops before it")
		return messages.Ran{Err: err}
	}
	event.Msg("the batch failed and is skipped, as failure.then says")
	account.skipped = true
	if err := r.commitAlone(ctx, b); err != nil {
		return messages.Ran{Err: err}
	}
	return messages.Ran{}
}

// commitAlone moves the offsets behind a batch whose outputs did not run. Its dead letters stand already, unless they were
// given up with the last attempt's transaction.
func (r *runner) commitAlone(ctx context.Context, b *batch) error {
	what, none := b.described(), func(func(messages.Changes) bool) {}
	if _, ok := r.delivery.(ExactlyOnce); ok {
		if err := r.letters.deliver(ctx, b.parts); err != nil {
			r.delivery.Abort(ctx, what)
			return err
		}
	}
	if err := r.delivery.Begin(ctx, what, none); err != nil {
		return err
	}
	err := r.delivery.Commit(ctx, what, none)
	if err != nil {
		r.delivery.Abort(ctx, what)
	}
	return err
}

func (b *batch) described() Batch {
	d := Batch{Time: b.time, Attempt: b.attempt, Fresh: b.fresh, Assignments: b.assignments, TopicIDs: b.topics}
	for _, part := range b.parts {
		if !b.absent[part.Range.TopicPartition] {
			d.Ranges = append(d.Ranges, part.Range)
		}
	}
	return d
}
