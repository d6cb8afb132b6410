package streamingtest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// Kit drives one job by hand. It belongs to the goroutine of the test.
type Kit struct {
	t        testing.TB
	interval time.Duration
	context  *streaming.Context
	runner   *streaming.Runner
	stdout   bytes.Buffer
	now      time.Time
	err      error
}

// New makes a kit whose batches have the times 1·interval, 2·interval, … since 1970.
func New(t testing.TB, interval time.Duration) *Kit {
	t.Helper()
	k := &Kit{t: t, interval: interval, now: time.UnixMilli(0)}
	k.context = streaming.NewContext(interval, streaming.WithSavedState(), streaming.WithEngine(engine{k}))
	t.Cleanup(func() { _ = k.context.Stop(false) })
	return k
}

// engine is the kit as the context's engine: it starts nothing by itself.
type engine struct{ k *Kit }

func (e engine) Start(p *streaming.Program) error {
	e.k.runner = p.NewRunner(streaming.Env{Stdout: &e.k.stdout})
	return nil
}

func (e engine) Stop(bool) error { return nil }

// Context is the context that the job is written on.
func (k *Kit) Context() *streaming.Context { return k.context }

// Err is the first error: of the start, or of a batch.
func (k *Kit) Err() error { return k.err }

// Stdout is what print has written so far.
func (k *Kit) Stdout() string { return k.stdout.String() }

// Tick starts the context the first time; it fires the next batch and returns when it has run.
func (k *Kit) Tick() {
	k.t.Helper()
	if k.context.State() == streaming.Initialized {
		if err := k.context.Start(); err != nil {
			k.fail(err)
		}
	}
	if k.context.State() != streaming.Active {
		return
	}
	k.now = k.now.Add(k.interval)
	if result := k.runner.Run(context.Background(), k.now, nil); result.Err != nil {
		k.fail(result.Err)
	}
}

func (k *Kit) fail(err error) {
	if k.err == nil {
		k.err = err
	}
}
