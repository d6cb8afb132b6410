package streaming

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

// divided marks an operation whose merge of a single partition makes sense where no key is in two partitions.
func divided[T any](s Stream[T]) Stream[T] {
	s.n.wide.divisible = true
	return s
}

// splitByPartition finds the operations that are kept by partition of the source: those that keep something, and the merges before them.
// All that comes before one of them has to be divisible, down to the partitions of one topic: state that mixes partitions could
// not follow one of them, and the partitions of two topics are not assigned together.
func (p *Program) splitByPartition() error {
	p.split = map[*node]bool{}
	var errs []error
	for _, n := range p.order {
		if !n.stateful() {
			continue
		}
		if wrong := indivisible(n); wrong != "" {
			errs = append(errs, &Mistake{Op: n.op, Place: n.place, Text: "exchange: partition keeps it by partition of one topic: " + wrong})
			continue
		}
		p.divide(n)
	}
	for _, n := range p.order { // in the order of the graph: the input has been decided
		if n.wide != nil && n.wide.beside && p.split[n.inputs[0]] {
			p.split[n] = true
		}
	}
	return errors.Join(errs...)
}

// divide marks n and the merges before it.
func (p *Program) divide(n *node) {
	n.walk(map[*node]bool{}, func(n *node) {
		if n.wide != nil {
			p.split[n] = true
		}
	})
}

// walk calls f for n and all before it, once for each.
func (n *node) walk(seen map[*node]bool, f func(*node)) {
	if seen[n] {
		return
	}
	seen[n] = true
	f(n)
	for _, in := range n.inputs {
		in.walk(seen, f)
	}
}

// indivisible says why what comes before n cannot be kept by partition; "" when it can.
func indivisible(n *node) (wrong string) {
	if n.wide.initial {
		return "which partition a key of the initial state is in is not known"
	}
	n.walk(map[*node]bool{}, func(before *node) {
		if before != n && wrong == "" {
			wrong = before.mixes()
		}
	})
	if wrong == "" && len(topicsOf(n.sources)) > 1 {
		return "its input comes from several topics, whose partitions are not assigned together"
	}
	return wrong
}

// mixes says what is in n that does not come from one partition of a topic whose name is known; "" when there is nothing.
func (n *node) mixes() string {
	switch {
	case n.source != nil && n.source.pull != nil:
		return fmt.Sprintf("%s at %s is no topic", n.op, n.place)
	case n.source != nil && len(n.source.topics) == 0:
		return fmt.Sprintf("%s at %s reads a pattern of topics", n.op, n.place)
	case n.wide != nil && !n.wide.divisible && !n.wide.beside && !n.stateful():
		return fmt.Sprintf("%s at %s mixes partitions before it", n.op, n.place)
	}
	return ""
}

// topicsOf are the topics that sources name.
func topicsOf(sources []*node) map[string]bool {
	topics := map[string]bool{}
	for _, s := range sources {
		for _, topic := range s.source.topics {
			topics[topic] = true
		}
	}
	return topics
}

// StatefulTopics are the topics whose partitions' state is kept by partition; nil when the job keeps none that way.
func (p *Program) StatefulTopics() (out []string) {
	for _, topic := range p.topics {
		if p.keeps(topic) {
			out = append(out, topic)
		}
	}
	return out
}

// byPartition runs an operation that is kept by partition, for each part on its own and for all at the same time. What it makes of a
// part stays that part's: an operation behind it that is kept by partition, too, finds it there. Where no part can be run, since what is
// kept of it is not there yet, the dataset is empty: those behind want one.
func (b *run) byPartition(n *node) (any, error) {
	datasets, errs := make([]any, len(b.parts)), make([]error, len(b.parts))
	runs := func(i int) bool { return b.parts[i].Shard != nil && n.readsFrom(b.parts[i].Range.Topic) }
	sideBySide(len(b.parts), func(i int) {
		if !runs(i) {
			return
		}
		errs[i] = b.guard(n, func() (err error) {
			datasets[i], err = b.within(i).whole(n)
			return wrapped(n, err)
		})
	})
	var owners []int
	none := true
	for i, dataset := range datasets {
		none = none && !runs(i)
		if dataset == nil {
			continue
		}
		for range n.partitions(dataset) {
			owners = append(owners, i)
		}
	}
	b.owners[n] = owners
	b.watchKeys(n)
	if none {
		return n.empty, nil
	}
	return n.concat(datasets), errors.Join(errs...)
}

// within is the run confined to one part and its Shard.
func (b *run) within(i int) *run {
	one := *b
	one.part, one.operators = i, b.parts[i].Shard.operators
	return &one
}

// whole runs one operator over what this run has.
func (b *run) whole(n *node) (any, error) {
	in, err := b.gatherAll(n)
	if err != nil {
		return nil, err
	}
	return b.operators[n].run(b, n, in)
}

// readsFrom tells whether a topic is behind n.
func (n *node) readsFrom(topic string) bool {
	return slices.ContainsFunc(n.sources, func(s *node) bool { return s.source.pull == nil && s.source.reads(topic) })
}

// checkShards finds parts whose records would be folded into nothing.
func (b *run) checkShards() error {
	if len(b.program.split) == 0 {
		return nil
	}
	for _, part := range b.parts {
		if part.Shard == nil && part.Range.Count() > 0 && b.program.keeps(part.Range.Topic) {
			return fmt.Errorf("the state of %v is not there", part.Range.TopicPartition)
		}
	}
	return nil
}

// keeps tells whether state is kept of the partitions of a topic.
func (p *Program) keeps(topic string) bool {
	for n := range p.split {
		if n.readsFrom(topic) {
			return true
		}
	}
	return false
}

// A Shard is what a job keeps of one partition of its source (WithStateByPartition). It is made empty, filled by Load, and then
// given to the Runner with each part of the partition: only the Runner uses it from then on.
type Shard struct {
	partition messages.TopicPartition
	operators map[*node]operator
	memories  []*memory
}

// NewShard makes an empty Shard; nil when the job keeps nothing of this partition.
func (p *Program) NewShard(partition messages.TopicPartition) *Shard {
	if !p.keeps(partition.Topic) {
		return nil
	}
	s := &Shard{partition: partition}
	s.operators, s.memories = p.openOperators(func(n *node) bool { return p.split[n] && n.readsFrom(partition.Topic) })
	return s
}

// Load gives the Shard saved entries, before it is used. Of two with one key the later counts. It keeps no part of the strings. It tells
// how many it has taken: all of them, or as many as stand before the one that the error is about.
func (s *Shard) Load(changes []messages.Change) (taken int, err error) {
	return loadInto(s.memories, changes)
}

// Loaded tells that all has been loaded. The Shard puts it in order, which takes a while: without Loaded the first batch does it.
func (s *Shard) Loaded() {
	for _, m := range s.memories {
		m.each(func(c cell) {
			if l, ok := c.(settler); ok {
				l.settle()
			}
		})
	}
}
