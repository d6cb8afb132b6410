package streaming

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// compile checks the job and cuts it into the two halves. The caller holds c.mu.
func (c *Context) compile() (*Program, error) {
	p := &Program{context: c, interval: c.interval, roots: map[*node]*root{}, inputs: map[*node][]input{}}
	for _, n := range c.nodes {
		if n.output != nil {
			p.outputs = append(p.outputs, n)
		}
	}
	if err := c.validate(p); err != nil {
		return nil, err
	}
	seen := map[*node]bool{}
	for _, n := range p.outputs {
		p.visit(n, seen)
	}
	if c.remembers > 0 {
		p.remembers = sumOf(c.remembers, c.reach())
		p.rememberKafka()
	}
	if c.byPartition {
		if err := p.splitByPartition(); err != nil {
			return nil, err
		}
	}
	p.collectTopics()
	return p, nil
}

// allMistakes are those of this Context and those of operations that belong to none.
func (c *Context) allMistakes() []error {
	all, now := astray.since(c.astray)
	c.astray = now
	for _, m := range c.mistakes {
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// validate finds what Spark's validation finds, and all mistakes of the definition.
func (c *Context) validate(p *Program) error {
	errs := append(c.allMistakes(), c.checkOffsets()...)
	if c.interval <= 0 || c.interval%time.Millisecond != 0 { // times of batches are written down in milliseconds: printed, in names of files, saved
		errs = append(errs, &Mistake{Op: "StreamingContext", Place: "the configuration", Text: fmt.Sprintf("the batch interval must be positive and in whole milliseconds, not %v", c.interval)})
	}
	if len(p.outputs) == 0 {
		errs = append(errs, ErrNoOutput)
	}
	if !c.saved && slices.ContainsFunc(c.nodes, (*node).stateful) {
		errs = append(errs, ErrNoCheckpoint)
	}
	return errors.Join(errs...)
}

// visit puts what n needs in order before n, and opens the slots that feed n.
func (p *Program) visit(n *node, seen map[*node]bool) {
	if seen[n] {
		return
	}
	seen[n] = true
	p.rejecting = p.rejecting || n.rejects
	for i, in := range n.inputs {
		p.visit(in, seen)
		if n.wide != nil || n.output != nil {
			p.inputs[n] = append(p.inputs[n], p.connect(n, i, in))
		}
	}
	if n.wide != nil || n.output != nil || (n.source != nil && n.source.pull != nil) {
		p.order = append(p.order, n)
	}
}

// connect gives the i-th input of n one slot for each path that leads to it.
func (p *Program) connect(n *node, i int, in *node) input {
	combiner := func() combinerSpec {
		if n.output != nil {
			return n.output.combiner
		}
		return n.wide.combiners[i]
	}()
	out := input{union: unites(in)}
	for _, steps := range lineages(in) {
		r := p.root(steps[0])
		end := r.chain
		for _, step := range steps[1:] {
			end = end.down(step)
		}
		end.slots = append(end.slots, slot{index: p.slots, consumer: n, combiner: combiner})
		out.paths = append(out.paths, path{root: steps[0], slot: p.slots})
		p.slots++
	}
	return out
}

// lineages are the ways from a root to n, each as the root followed by the narrow operations: a union has those of all its inputs.
func lineages(n *node) [][]*node {
	if n.narrow == nil && !n.union {
		return [][]*node{{n}}
	}
	var all [][]*node
	for _, in := range n.inputs {
		for _, l := range lineages(in) {
			if n.narrow != nil {
				l = append(slices.Clone(l), n)
			}
			all = append(all, l)
		}
	}
	return all
}

// unites finds the last union between n and its roots.
func unites(n *node) *node {
	switch {
	case n.union:
		return n
	case n.narrow != nil:
		return unites(n.inputs[0])
	}
	return nil
}

func (p *Program) root(n *node) *root {
	if r, ok := p.roots[n]; ok {
		return r
	}
	r := &root{node: n, chain: &chain{}}
	p.roots[n] = r
	if n.source != nil && n.source.pull == nil {
		p.kafka = append(p.kafka, r)
	}
	return r
}

func (c *chain) down(n *node) *chain {
	for _, d := range c.downs {
		if d.node == n {
			return d
		}
	}
	d := &chain{node: n}
	c.downs = append(c.downs, d)
	return d
}
