package streaming

import (
	"iter"

	"github.com/hibana-stream/hibana/messages"
)

// stateful is an operator that keeps something from batch to batch: it writes to an overlay until the batch is committed.
type stateful interface {
	// changes gives what the attempt changed; it stops when emit returns false, and then returns false.
	changes(n *node, emit func(messages.Change) bool) bool
	commit()
	abort()
}

// Changes is what the attempt under way has changed in the state, operator by operator, encoded.
func (r *Runner) Changes() iter.Seq[messages.Change] {
	return func(yield func(messages.Change) bool) {
		for _, n := range r.program.order {
			if s, ok := r.operators[n].(stateful); ok && !s.changes(n, yield) {
				return
			}
		}
	}
}

// Commit folds the attempt's changes into the state.
func (r *Runner) Commit() { r.eachState(stateful.commit) }

// Abort drops the attempt's changes: the same batch can be run again.
func (r *Runner) Abort() { r.eachState(stateful.abort) }

func (r *Runner) eachState(f func(stateful)) {
	for _, o := range r.operators {
		if s, ok := o.(stateful); ok {
			f(s)
		}
	}
}
