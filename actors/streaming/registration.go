package streaming

import (
	"errors"
	"fmt"
	"slices"
)

// add registers a node; after the start it keeps the sentence that the next call returns, and says it in the log at once.
func (c *Context) add(op string, n *node) *node {
	c = present(c, op)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.absent != nil {
		astray.add(c.absent)
	}
	n.op, n.place, n.context = op, place(), c
	if n.slide == 0 {
		n.slide = c.interval
		for _, in := range n.inputs {
			if in != nil {
				n.slide = max(n.slide, in.slide)
			}
		}
	}
	if c.state != Initialized {
		c.tooLate(n)
		return n
	}
	n.id = len(c.nodes)
	c.nodes = append(c.nodes, n)
	n.findSources()
	c.checkInputs(n)
	return n
}

func (n *node) findSources() {
	if n.source != nil {
		n.sources = []*node{n}
	}
	for _, in := range n.inputs {
		if in == nil {
			continue
		}
		for _, s := range in.sources {
			if !slices.Contains(n.sources, s) {
				n.sources = append(n.sources, s)
			}
		}
	}
}

func (c *Context) tooLate(n *node) {
	err := ErrAfterStart
	if c.state == Stopped {
		err = ErrAfterStop
	}
	c.late = errors.Join(c.late, &OpError{Op: n.op, Place: n.place, Err: err})
	c.log.Error(err.Error(), "operation", n.op, "at", n.place)
}

// checkInputs finds what Spark's constructors of binary operations find.
func (c *Context) checkInputs(n *node) {
	for _, in := range n.inputs {
		if in == nil {
			c.mistakeLocked(n, zeroStream)
			return
		}
		if in.context != c {
			c.foreign(n, in.context)
			return
		}
		if in.slide != n.inputs[0].slide {
			c.mistakeLocked(n, fmt.Sprintf("Some of the DStreams have different slide durations (%s and %s): they must have the same slide duration",
				inMillis(n.inputs[0].slide), inMillis(in.slide)))
			return
		}
	}
}

// foreign records that an input of n is of another Context; of one that stands in it says why it does.
func (c *Context) foreign(n *node, of *Context) {
	if of.absent != nil {
		c.mistakes = append(c.mistakes, of.absent)
		return
	}
	c.mistakeLocked(n, "Some of the DStreams have different contexts")
}

// mistake keeps what is wrong with an operation until Start returns it.
func (c *Context) mistake(n *node, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mistakeLocked(n, text)
}

func (c *Context) mistakeLocked(n *node, text string) {
	c.mistakes = append(c.mistakes, &Mistake{Op: n.op, Place: n.place, Text: text})
}

// needs records a mistake for each function that is nil.
func (n *node) needs(isNil bool, what string) *node {
	if isNil {
		n.context.mistake(n, what+" is nil")
	}
	return n
}

// narrowed registers a narrow operation.
func narrowed[T, U any](s Stream[T], op string, missing bool, step func(t *Task, n *node, down sink[U]) sink[T]) Stream[U] {
	s.n = made(s.n, op)
	n := typed[U](&node{inputs: []*node{s.n}})
	n.narrow = func(t *Task, n *node, down any) any { return step(t, n, down.(sink[U])) }
	s.n.context.add(op, n).needs(missing, "the function")
	return Stream[U]{n}
}

// widened registers a wide operation with one input and without state.
func widened[T, P, U any](s Stream[T], op string, missing bool, c combiner[T, P], merge func(b *run, n *node, parts []P) ([][]U, error)) Stream[U] {
	n := typed[U](&node{inputs: []*node{made(s.n, op)}})
	n.widen(op, missing, specOf(c), func(b *run, n *node, in gathered) (any, error) { return boxed(merge(b, n, results[P](in))) })
	return Stream[U]{n}
}

// widen registers n as a wide operation with one input and without state.
func (n *node) widen(op string, missing bool, c combinerSpec, merge func(b *run, n *node, in gathered) (any, error)) {
	n.wide = &wideSpec{combiners: []combinerSpec{c}, open: func() operator {
		return operatorFunc(func(b *run, n *node, in []gathered) (any, error) {
			if in[0].none {
				return nil, nil
			}
			return merge(b, n, in[0])
		})
	}}
	n.inputs[0].context.add(op, n).needs(missing, "the function")
}

// boxed keeps a nil dataset nil when it becomes an interface.
func boxed[U any](dataset [][]U, err error) (any, error) {
	if err != nil || dataset == nil {
		return nil, err
	}
	return dataset, nil
}

// results gives a gathered input its type back.
func results[P any](in gathered) []P {
	out := make([]P, len(in.results))
	for i, r := range in.results {
		out[i] = r.(P)
	}
	return out
}
