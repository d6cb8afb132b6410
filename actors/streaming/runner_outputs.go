package streaming

import (
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// runOutputs runs the outputs in the order of registration. One that fails does not keep the others from being run, as in Spark;
// the first error is the batch's.
func (b *run) runOutputs() (first error) {
	for i, n := range b.program.outputs {
		in, ok := b.written[n]
		if !ok {
			continue
		}
		if err := b.output(i, n, in); first == nil {
			first = err
		}
		if b.ctx.Err() != nil {
			break
		}
	}
	return first
}

func (b *run) output(i int, n *node, in gathered) error {
	report := messages.OutputReport{ID: i, Name: n.op + " at " + n.place}
	b.program.context.Emit(messages.OutputStarted{Time: b.time, ID: i, Name: report.Name})
	started := time.Now()
	err := b.guard(n, func() error { return wrapped(n, n.output.write(b, in)) })
	report.Elapsed = time.Since(started)
	if err != nil {
		report.Err = err.Error()
	}
	b.outputs = append(b.outputs, report)
	b.program.context.Emit(messages.OutputCompleted{Time: b.time, ID: i, Name: report.Name, Elapsed: report.Elapsed, Failure: report.Err})
	return err
}

// guard runs a piece of the wide half; a panic in a function of the user's becomes an error that names the operation.
func (r *Runner) guard(n *node, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = recovered(v, n)
		}
	}()
	return f()
}
