package streaming

import (
	"errors"
	"slices"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// A Program is a compiled job: the chains of narrow operations behind each root, and the wide operations in an order in which
// every one comes behind its inputs. It is immutable, and shared by all consumers and the Runner.
type Program struct {
	context   *Context
	interval  time.Duration
	order     []*node // wide nodes, pulled sources and outputs that some output needs
	roots     map[*node]*root
	kafka     []*root
	slots     int
	inputs    map[*node][]input
	outputs   []*node
	topics    []string
	rejecting bool
	remembers time.Duration  // how long datasets are kept for Slice
	kept      map[*node]int  // the slot that keeps a Kafka source's elements for Slice
	split     map[*node]bool // the operations that are kept by partition of the source
}

// A root is where chains of narrow operations start; its tree of chains ends in slots.
type root struct {
	node  *node
	chain *chain
}

// A chain is a narrow operation with what follows it inside the narrow half.
type chain struct {
	node  *node // nil at the root itself
	downs []*chain
	slots []slot
}

// A slot is the end of a chain: a combiner of a wide operation.
type slot struct {
	index    int
	consumer *node
	combiner combinerSpec
}

// An input of a wide operation is reached over one path for each branch of the unions before it.
type input struct {
	paths []path
	union *node // a union on the way, nil when there is none
}

type path struct {
	root *node
	slot int
}

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
		p.remembers = c.remembers + c.reach()
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

// validate finds what Spark's validation finds, and all mistakes of the definition.
func (c *Context) validate(p *Program) error {
	errs := append(slices.Clone(c.mistakes), c.checkOffsets()...)
	if c.interval <= 0 {
		errs = append(errs, &Mistake{Op: "StreamingContext", Place: "the configuration", Text: "the batch interval must be positive"})
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

// opened is a root's tree of sinks in one task.
type opened struct {
	sink any
	end  func()
}

// open builds the sinks of all chains behind the root, and enters the slots' results into the task.
func (r *root) open(t *Task) opened {
	s := r.chain.open(t, r.node.tee)
	return opened{sink: s, end: func() { r.node.feed(s, nil, -1) }}
}

func (c *chain) open(t *Task, tee func([]any) any) any {
	var sinks []any
	for _, d := range c.downs {
		sinks = append(sinks, d.node.narrow(t, d.node, d.open(t, d.node.tee)))
	}
	for _, s := range c.slots {
		in, result := s.combiner(t, s.consumer)
		t.results[s.index] = result
		sinks = append(sinks, in)
	}
	return tee(sinks)
}

func (p *Program) collectTopics() {
	for _, r := range p.kafka {
		p.topics = append(p.topics, r.node.source.topics...)
	}
	slices.Sort(p.topics)
	p.topics = slices.Compact(p.topics)
}

// Topics are the topics that the job reads, sorted.
func (p *Program) Topics() []string { return slices.Clone(p.topics) }

// Writes are the topics that outputs write to, sorted. What a ForeachBatch writes by itself is not known.
func (p *Program) Writes() []string {
	var topics []string
	for _, n := range p.outputs {
		if n.output.topic != "" {
			topics = append(topics, n.output.topic)
		}
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

// Interval is the batch interval.
func (p *Program) Interval() time.Duration { return p.interval }

// Context is the context whose job this is.
func (p *Program) Context() *Context { return p.context }

// Stateful tells whether the job keeps anything from batch to batch: state by key, or windows.
func (p *Program) Stateful() bool { return slices.ContainsFunc(p.order, (*node).stateful) }

// Outputs are the output operations in the order of registration, each as "operation at file:line".
func (p *Program) Outputs() []string {
	names := make([]string, len(p.outputs))
	for i, n := range p.outputs {
		names[i] = n.op + " at " + n.place
	}
	return names
}

// stateful tells whether the operation keeps something from batch to batch.
func (n *node) stateful() bool { return n.wide != nil && n.wide.shape != (messages.Shape{}) }
