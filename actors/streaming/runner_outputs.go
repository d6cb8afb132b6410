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

// Failed is what Run gives for a batch that cannot run, because a part of it has failed already: its outputs fail with err, and
// listeners are told so. Nothing is computed, and there is no attempt to commit or to abort.
func (r *Runner) Failed(at time.Time, err error) Result {
	r.since(at)
	b := &run{Runner: r, time: at}
	b.failOutputs(err)
	return Result{Outputs: b.outputs, Err: err}
}

// failOutputs ends the batch's outputs before they have begun: there is nothing that they could write.
func (b *run) failOutputs(err error) {
	for i, n := range b.program.outputs {
		if b.fires(n) {
			_ = b.told(i, n, func() error { return err })
		}
	}
}

func (b *run) output(i int, n *node, in gathered) error {
	return b.told(i, n, func() error { return wrapped(n, n.output.write(b, in)) })
}

// told runs an output, or what stands for it, and tells listeners of its begin and its end.
func (b *run) told(i int, n *node, write func() error) error {
	report := messages.OutputReport{ID: i, Name: n.op + " at " + n.place}
	b.program.context.Emit(messages.OutputStarted{Time: b.time, ID: i, Name: report.Name})
	started := time.Now()
	err := b.guard(n, write)
	report.Elapsed = time.Since(started)
	if err != nil {
		report.Err = err.Error()
	}
	b.outputs = append(b.outputs, report)
	b.program.context.Emit(messages.OutputCompleted{Time: b.time, ID: i, Name: report.Name, Elapsed: report.Elapsed, Failure: report.Err})
	return err
}

// guard runs a piece of the wide half; a panic in a function of the user's becomes an error that names the operation.
func (r *Runner) guard(n *node, f func() error) (err error) { return apart(n, f) }

// apart is shielded in a goroutine of its own, which the function may end: the batch goes on to fail in this one.
func apart(n *node, f func() error) (err error) {
	ended := make(chan struct{})
	go func() { // over when this returns
		defer close(ended)
		err = shielded(n, &err, f)
	}()
	<-ended
	return err
}

// shielded runs f and makes an error of a panic in it, which names n. Of a goroutine that f ends nobody sees the result; failed has the error then.
func shielded(n *node, failed *error, f func() error) (err error) {
	over := false
	defer func() {
		if caught := caught(recover(), over, n); caught != nil {
			err, *failed = caught, caught
		}
	}()
	err = f()
	over = true
	return err
}

// gatherOutputs collects what the outputs of this batch write.
func (b *run) gatherOutputs() error {
	b.written = map[*node]gathered{}
	for _, n := range b.program.outputs {
		if !b.fires(n) {
			continue
		}
		in, err := b.gather(b.program.inputs[n][0])
		if err != nil {
			return err
		}
		if !in.none {
			b.written[n] = in
		}
	}
	return nil
}
