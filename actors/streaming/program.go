package streaming

import (
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
