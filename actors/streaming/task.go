package streaming

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/hibana-stream/hibana/messages"
)

// A Task is the narrow half of a job for one partition and one batch. It belongs to one goroutine at a time: a consumer actor, or
// the Runner for datasets that come from a merge or from an input of one's own.
type Task struct {
	partition messages.TopicPartition
	roots     []func([]messages.Raw)
	ends      []func()
	results   []func() any
	buffers   []func()
	rejects   []messages.Reject
	rejecting bool
	record    *messages.Raw
	current   *node
	held      int64
	arena     arena
	records   int64
	err       error
	ended     context.Context // ends when the stream does: for functions that take a context
}

// NewTask opens a batch in one Kafka partition.
func (p *Program) NewTask(partition messages.TopicPartition) *Task {
	t := &Task{partition: partition, results: make([]func() any, p.slots), rejecting: p.rejecting, ended: p.context.ctx}
	for _, root := range p.kafka {
		if root.node.source.reads(partition.Topic) {
			s := root.open(t)
			t.roots = append(t.roots, root.node.source.decode(t, root.node, s.sink))
			t.ends = append(t.ends, s.end)
		}
	}
	return t
}

// rests registers what clears an operation's buffer.
func (t *Task) rests(clear func()) { t.buffers = append(t.buffers, clear) }

// Rest clears the buffers between the operations. Whoever folds calls it when a fetched piece is done: a string left in a buffer
// would keep the whole fetch buffer that it points into.
func (t *Task) Rest() {
	for _, clear := range t.buffers {
		clear()
	}
}

// at notes which operation runs next, so that a panic can be named.
func (t *Task) at(n *node) { t.current = n }

// Fold takes records of the partition, in their order. After an error the task is of no more use; Finish returns the error again.
func (t *Task) Fold(records []messages.Raw) error {
	if t.err != nil {
		return t.err
	}
	t.records += int64(len(records))
	t.err = t.guard(func() {
		for _, root := range t.roots {
			root(records)
		}
	})
	return t.err
}

// Finish ends the batch and gives the results, one for each slot of the program (nil where this partition has none).
func (t *Task) Finish() (partials []any, err error) {
	if t.err == nil {
		t.err = t.guard(t.finish)
	}
	if t.err != nil {
		return nil, t.err
	}
	partials = make([]any, len(t.results))
	for i, result := range t.results {
		if result != nil {
			partials[i] = result()
		}
	}
	return partials, nil
}

func (t *Task) finish() {
	for _, end := range t.ends {
		end()
	}
}

// Held is an estimate of the bytes that the task keeps until the end of the batch.
func (t *Task) Held() int64 { return t.held }

// Records is the number of records folded.
func (t *Task) Records() int64 { return t.records }

// Rejects are the records that did not decode or were rejected by a function, in their order.
func (t *Task) Rejects() []messages.Reject { return t.rejects }

// reject puts a record aside, with the reason.
func (t *Task) reject(record *messages.Raw, operation string, err error) {
	t.rejects = append(t.rejects, messages.Reject{Record: cloneRaw(record), Reason: err.Error(), Operation: operation})
	t.held += int64(len(record.Key()) + len(record.Value()))
}

// abort carries an error out of a chain of sinks; guard catches it.
type abort struct{ err error }

// fail ends the task with an error of the operation that runs.
func (t *Task) fail(n *node, err error) {
	panic(abort{&OpError{Op: n.op, Place: n.place, Err: err}})
}

// guard runs a piece of the narrow half; a panic in a function of the user's becomes an error that names the operation.
// A function that ends its goroutine takes the caller with it; the task keeps the error for whoever goes on with it.
func (t *Task) guard(f func()) (err error) {
	over := false
	defer func() {
		if err = caught(recover(), over, t.current); err != nil {
			t.err = err
		}
	}()
	f()
	over = true
	return nil
}

// caught makes an error of what was recovered, nil when nothing was, behind a function of n that is over, or is not although it did not
// panic.
func caught(r any, over bool, n *node) error {
	if r != nil {
		return recovered(r, n)
	}
	if over {
		return nil
	}
	return recovered(abort{ErrGoexit}, n)
}

// named is err if it names an operation.
func named(err error) error {
	var of *OpError
	if errors.As(err, &of) {
		return err
	}
	return nil
}

// recovered makes an error of what was recovered while n ran.
func recovered(r any, n *node) error {
	e := &OpError{Op: "unknown operation", Place: unknown}
	if n != nil {
		e.Op, e.Place = n.op, n.place
	}
	if a, ok := r.(abort); ok {
		e.Err = a.err
		return cmp.Or(named(a.err), error(e))
	}
	cause, ok := r.(error)
	if !ok {
		cause = errors.New(fmt.Sprint(r))
	}
	e.Err, e.Stack = fmt.Errorf("panic: %w", cause), string(debug.Stack())
	return e
}
