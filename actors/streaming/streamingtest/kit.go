package streamingtest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// Kit drives one job by hand. It belongs to the goroutine of the test.
type Kit struct {
	t        testing.TB
	interval time.Duration
	context  *streaming.Context
	runner   *streaming.Runner
	stdout   bytes.Buffer
	produced []messages.Outgoing
	now      time.Time
	err      error
	inputs   []input
	topics   []*TopicSource
	rejects  []messages.Reject
	saved    *saved
	shards   *shards    // nil unless state is kept by partition
	running  sync.Mutex // held while a batch runs
	ticking  atomic.Bool
	// failed are the times of the batches that are to run again after a Restart, again those that do now.
	failed, again []time.Time
}

// input is what the kit asks its inputs.
type input interface {
	fetched(at time.Time) []messages.OffsetRange
	committed(at time.Time)
}

// New makes a kit whose batches have the times 1·interval, 2·interval, … since 1970. It saves what the job keeps, as the real program
// does in its checkpoint folder, so that Restart finds it.
func New(t testing.TB, interval time.Duration, opts ...Option) *Kit {
	t.Helper()
	k := &Kit{t: t, interval: interval, now: time.UnixMilli(0)}
	set := options{checkpoint: true, topics: []string{"events"}}
	for i, o := range opts {
		if o == nil {
			t.Fatalf("streamingtest.New: option %d is nil", i+1)
		}
		o(&set)
	}
	settings := []streaming.Setting{
		streaming.WithEngine(engine{k}), streaming.WithTopics(set.topics...), streaming.WithStateLimit(set.limit),
	}
	if set.checkpoint {
		k.saved = openSaved(t, set.dir)
		settings = append(settings, streaming.WithSavedState())
	}
	if set.divided {
		k.shards = &shards{saved: map[messages.TopicPartition][]messages.Change{}}
		settings = append(settings, streaming.WithStateByPartition())
	}
	k.context = streaming.NewContext(interval, settings...)
	k.context.Remember(remembered * interval)
	t.Cleanup(func() { _ = k.context.Stop(false) })
	return k
}

// remembered is how many batches Slice can look back to.
const remembered = 16

// engine is the kit as the context's engine: it starts nothing by itself.
type engine struct{ k *Kit }

// Start opens the wide half and gives it what was saved.
func (e engine) Start(p *streaming.Program) error {
	if err := e.k.begin(p); err != nil {
		return err
	}
	e.k.runner = p.NewRunner(streaming.Env{Stdout: &e.k.stdout, Produce: e.k.produce})
	last, err := e.k.saved.restore(e.k.runner)
	if last.After(e.k.now) { // by a kit of another interval, perhaps
		e.k.now = last.Add(-time.Duration(last.UnixNano() % int64(e.k.interval)))
	}
	if err == nil {
		err = e.k.shards.restore(p, e.k.topics)
	}
	if err != nil {
		e.k.saved.close() // a start that is refused holds no folder
	} else {
		p.Context().Emit(messages.StreamingStarted{Time: time.Now()})
	}
	return err
}

// Stop waits for the batch that runs, and gives the checkpoint folder back.
func (e engine) Stop(bool) error {
	e.k.running.Lock()
	defer e.k.running.Unlock()
	e.k.saved.close()
	return nil
}

// Context is the context that the job is written on; after a Restart it is another one.
func (k *Kit) Context() *streaming.Context { return k.context }

// Err is the first error since the start or the last Restart: of the start, of a batch, or of an operation that was added too late.
func (k *Kit) Err() error {
	if err := k.context.Late(); err != nil {
		k.fail(err)
	}
	return k.err
}

// Stdout is what print has written so far.
func (k *Kit) Stdout() string { return k.stdout.String() }

// Produced are the records that ToKafka has written so far.
func (k *Kit) Produced() []messages.Outgoing { return slices.Clone(k.produced) }

// Rejects are the records that did not decode or were rejected by a function, in the order of the batches and partitions.
func (k *Kit) Rejects() []messages.Reject { return slices.Clone(k.rejects) }

func (k *Kit) produce(_ context.Context, records []messages.Outgoing) error {
	k.produced = append(k.produced, records...)
	return nil
}

// Tick starts the context the first time; it fires the next batch and returns when it has run. A batch that fails does not end the
// test: its error is in Err and what AwaitTermination returns, what it changed is dropped, and the next Tick goes on with the next
// batch. On a context that was stopped it does nothing.
func (k *Kit) Tick() {
	k.t.Helper()
	if !k.ticking.CompareAndSwap(false, true) {
		k.t.Error("streamingtest: Tick is called while a batch runs, by a function of the job or by another goroutine; it belongs to the goroutine of the test")
		return
	}
	defer k.ticking.Store(false)
	k.start()
	if k.context.State() != streaming.Active || k.runner == nil {
		return
	}
	if at, err := k.fire(); err != nil {
		k.failed = append(k.failed, at)
		k.context.Report(err)
		k.fail(err)
		k.giveUp(err)
	}
	if k.context.Stopping() { // a function of the job has stopped the stream
		<-k.context.Done()
	}
}

// fire runs the next batch, unless another goroutine has stopped the stream since.
func (k *Kit) fire() (at time.Time, err error) {
	k.running.Lock()
	defer k.running.Unlock()
	if k.context.Stopping() {
		return at, nil
	}
	at = k.next()
	return at, k.batch(at)
}

// start starts a context that has not been started; one that was stopped before says so.
func (k *Kit) start() {
	if k.runner != nil || k.err != nil {
		return
	}
	if err := k.context.Start(); err != nil {
		k.fail(err)
	}
}

// next is the time of the next batch: one that failed before the last Restart, or the one behind the last.
func (k *Kit) next() time.Time {
	if len(k.again) > 0 {
		at := k.again[0]
		k.again = k.again[1:]
		return at
	}
	k.now = k.now.Add(k.interval)
	return k.now
}

// Restart stops the job and starts it again from what was saved, as after a crash: batches that had failed run again, each under its
// time and with its data, in the next Ticks. Handles of inputs and outputs stay good.
func (k *Kit) Restart(t testing.TB) {
	t.Helper()
	k.t = t
	_ = k.context.Stop(false)
	k.context = k.context.Renew(engine{k})
	k.again = append(k.again, k.failed...)
	slices.SortFunc(k.again, time.Time.Compare)
	k.runner, k.failed, k.err = nil, nil, nil
	k.start()
}

// giveUp ends the test when a function of the job has: it cannot do so itself, in a goroutine of its own.
func (k *Kit) giveUp(err error) {
	k.t.Helper()
	if errors.Is(err, streaming.ErrGoexit) && k.t.Failed() {
		k.t.Fatal(err)
	}
}

func (k *Kit) fail(err error) {
	if k.err == nil {
		k.err = err
	}
}
