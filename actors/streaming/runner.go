package streaming

import (
	"cmp"
	"context"
	"io"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// Env is what outputs reach outside the engine.
type Env struct {
	// Stdout takes what print writes; one Write a batch and stream.
	Stdout io.Writer
	// Produce writes records and returns when all are acknowledged; nil when there is no Kafka.
	Produce func(context.Context, []messages.Outgoing) error
	// BeforeOutputs is called when the state of a batch is computed and its outputs have not begun; an error ends the batch. nil: nothing.
	BeforeOutputs func(context.Context) error
}

// PartInput is what one Kafka partition contributes to a batch.
type PartInput struct {
	Range    messages.OffsetRange
	Partials []any
	// Shard is what is kept of the partition, when the job keeps state by partition. A part without one must be empty.
	Shard *Shard
}

// A Runner is the wide half of a job: it merges, keeps state and windows, and runs the outputs. It belongs to one goroutine.
type Runner struct {
	program   *Program
	env       Env
	operators map[*node]operator
	memories  []*memory
	strayed   map[*node]bool // operations that were warned of
	shards    []*Shard       // of the parts of the attempt under way
	zero      time.Time
	open      bool
	changed   []messages.Changes
	loaded    []messages.Change
	pulled    pulled
	broken    error // why nothing can be run any more
}

// NewRunner makes a Runner with empty state.
func (p *Program) NewRunner(env Env) *Runner {
	r := &Runner{program: p, env: env, strayed: map[*node]bool{}}
	r.operators, r.memories = p.openOperators(func(n *node) bool { return !p.split[n] })
	if len(p.split) > 0 {
		r.zero = time.Unix(0, 0) // the same in every instance that may get a partition
	}
	return r
}

// openOperators makes the operators of those wide operations that are wanted, with what they remember.
func (p *Program) openOperators(wanted func(*node) bool) (map[*node]operator, []*memory) {
	operators, memories := map[*node]operator{}, []*memory(nil)
	for _, n := range p.order {
		if n.wide == nil || !wanted(n) {
			continue
		}
		o := n.wide.open()
		operators[n] = o
		if m, ok := o.(rememberer); ok {
			remembers := m.remembers()
			remembers.place = n.place
			memories = append(memories, remembers)
		}
	}
	return operators, memories
}

// run is one batch under way.
type run struct {
	*Runner
	ctx      context.Context
	time     time.Time
	parts    []PartInput
	datasets map[*node]any      // of pulled sources and wide operations; nil: none
	locals   map[*node][]any    // results of the slots behind such a root: [][]any by partition
	owners   map[*node][]int    // of a dataset that was made by partition of the source: the part that each of its partitions belongs to
	written  map[*node]gathered // by output: what it writes, if there is a dataset
	outputs  []messages.OutputReport
	// operators are the Runner's, or those of the Shard of the part to which this run is confined; part is -1 for all.
	operators map[*node]operator
	part      int
}

// Result is what became of a batch: its outputs, in order, and the first error.
type Result struct {
	Outputs []messages.OutputReport
	Merge   time.Duration
	Err     error
}

// Run merges the parts, advances state and windows, and runs the outputs in the order of registration. State is written to the
// attempt's overlay: Commit folds it in, Abort drops it, and one of them must follow. The same parts can be run again.
func (r *Runner) Run(ctx context.Context, at time.Time, parts []PartInput) Result {
	if r.broken != nil {
		return r.Failed(at, r.broken)
	}
	r.since(at)
	r.begin(parts)
	if !r.pulled.at.Equal(at) || r.pulled.datasets == nil {
		r.pulled = pulled{at: at, datasets: map[*node]any{}, ranges: map[*node][]messages.OffsetRange{}}
	}
	sorted := slices.SortedFunc(slices.Values(parts), func(a, b PartInput) int {
		return a.Range.Compare(b.Range.TopicPartition)
	})
	b := &run{
		Runner: r, ctx: ctx, time: at, parts: sorted, datasets: map[*node]any{}, locals: map[*node][]any{}, owners: map[*node][]int{},
		operators: r.operators, part: -1,
	}
	started := time.Now()
	err := b.compute()
	b.remember() // before the outputs: a function of theirs may look at its own batch with Slice
	result := Result{Merge: time.Since(started), Err: err}
	if err != nil && ctx.Err() == nil {
		b.failOutputs(err)
	}
	if err == nil && r.env.BeforeOutputs != nil {
		result.Err = r.env.BeforeOutputs(ctx)
	}
	if result.Err == nil {
		result.Err = b.runOutputs()
	}
	if result.Err != nil {
		r.forgetChanges()
	}
	result.Outputs = b.outputs
	return result
}

// since counts the slides of windows from one interval before the first batch, whatever becomes of that batch.
func (r *Runner) since(at time.Time) {
	if r.zero.IsZero() {
		r.zero = at.Add(-r.program.interval)
	}
}

// compute runs everything but the outputs.
func (b *run) compute() error {
	if err := b.checkShards(); err != nil {
		return err
	}
	for _, n := range b.program.order {
		if n.output != nil {
			continue
		}
		if err := b.step(n); err != nil {
			return err
		}
	}
	if err := b.gatherOutputs(); err != nil {
		return err
	}
	return b.settle()
}

// step computes the dataset of one pulled source or wide operation, and runs the narrow operations behind it.
func (b *run) step(n *node) error {
	if !b.due(n) {
		return nil
	}
	return b.guard(n, func() error {
		dataset, err := b.dataset(n)
		if err != nil {
			return wrapped(n, err)
		}
		b.datasets[n] = dataset
		return b.behind(n, dataset)
	})
}

func (b *run) dataset(n *node) (any, error) {
	if n.source != nil {
		return b.pull(n)
	}
	if b.program.split[n] {
		return b.byPartition(n)
	}
	return b.whole(n)
}

// due tells whether an operation has to look at this batch: a window must see every dataset of its input, also between two slides.
func (b *run) due(n *node) bool {
	return b.fires(n) || slices.ContainsFunc(n.inputs, b.fires)
}

// fires tells whether the batch's time is a multiple of the node's slide, counted from the start of the stream.
func (b *run) fires(n *node) bool { return b.time.Sub(b.zero)%n.slide == 0 }

// behind runs the chains that start at n over its dataset, partition by partition and at the same time: the same narrow half
// that the consumers run.
func (b *run) behind(n *node, dataset any) error {
	r, ok := b.program.roots[n]
	if !ok || dataset == nil {
		return nil
	}
	locals, errs := make([]any, n.partitions(dataset)), make([]error, n.partitions(dataset))
	tasks, sinks := make([]*Task, len(locals)), make([]any, len(locals))
	for i := range tasks {
		tasks[i] = &Task{results: make([]func() any, b.program.slots), ended: b.ctx}
		sinks[i] = r.open(tasks[i]).sink
	}
	sideBySide(len(locals), func(i int) { locals[i], errs[i] = tasks[i].over(r, sinks[i], dataset, i) })
	for i, err := range errs {
		if err := cmp.Or(err, tasks[i].err); err != nil {
			return err
		}
	}
	b.locals[n] = locals
	return nil
}

// over runs the chains behind r, which end in sink, over one partition of a dataset.
func (t *Task) over(r *root, sink, dataset any, i int) (partials []any, err error) {
	if err := t.guard(func() { r.node.feed(sink, dataset, i) }); err != nil {
		return nil, err
	}
	return t.Finish()
}
