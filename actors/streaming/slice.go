package streaming

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotRemembered is what Slice returns when nothing is kept.
var ErrNotRemembered = errors.New("the context remembers no batches: call Remember before the start")

// Slice gives the stream's datasets of the batches from from to to, both ends inclusive; times that are no multiples of the slide are
// taken down to one. It is for the driver of a job, from any goroutine, and computes the stream again from what Remember keeps:
// functions of the job run once more. Batches that have not run, are forgotten, or had no dataset are left out; an output finds its own
// batch. Spark: slice.
func (s Stream[T]) Slice(from, to time.Time) ([]Batch[T], error) {
	if s.n == nil {
		return nil, &Mistake{Op: "slice", Place: place(), Text: zeroStream}
	}
	c := s.n.context
	if c.State() == Initialized {
		return nil, fmt.Errorf("%s at %s has not been initialized", s.n.op, s.n.place)
	}
	if c.remembers <= 0 {
		return nil, fmt.Errorf("%s at %s: %w", s.n.op, s.n.place, ErrNotRemembered)
	}
	var out []Batch[T]
	for _, r := range c.memory.between(from, to, s.n.slide) {
		dataset, ok, err := again(s.n, r, c)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, Batch[T]{time: r.at, partitions: dataset.([][]T)})
		}
	}
	return out, nil
}

// again computes one dataset of n from those of its roots; ok is false when one of them is missing.
func again(n *node, r recalled, c *Context) (dataset any, ok bool, err error) {
	var all []any
	for _, steps := range lineages(n) {
		root := steps[0]
		dataset := r.datasets[root]
		if dataset == nil {
			return nil, false, nil
		}
		for i := range root.partitions(dataset) {
			t := &Task{ended: c.ctx}
			down, result := n.kept(t, n)
			for j := len(steps) - 1; j > 0; j-- {
				down = steps[j].narrow(t, steps[j], down)
			}
			if err := t.guard(func() { root.feed(down, dataset, i) }); err != nil {
				return nil, false, err
			}
			all = append(all, result())
		}
	}
	return n.together(all), true, nil
}
