package streaming

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// recollection keeps the last datasets of the roots, from which Slice computes any stream again.
type recollection struct {
	mu      sync.Mutex
	zero    time.Time
	batches []recalled
}

type recalled struct {
	at       time.Time
	datasets map[*node]any
}

// Remember keeps the datasets of the last d, so that Slice can look at them; it must be called before the start. Datasets of merges
// and of inputs of one's own are kept by reference; the records of Kafka topics are collected for it, which holds them in memory.
// A window adds its width, so that what is behind it can be looked at for d as well.
// Default 0: nothing is kept. Spark: remember.
func (c *Context) Remember(d time.Duration) {
	c = present(c, "remember")
	c.mu.Lock()
	defer c.mu.Unlock()
	n := &node{op: "remember", place: place(), context: c}
	switch {
	case c.state != Initialized:
		c.tooLate(n)
	case d < 0:
		c.mistakeLocked(n, fmt.Sprintf("the time to remember is negative: %v", d))
	default:
		c.remembers = d
	}
}

// reach is how far back windows, one behind the other, look.
func (c *Context) reach() (most time.Duration) {
	back := map[*node]time.Duration{}
	for _, n := range c.nodes { // each behind its inputs
		for _, in := range n.inputs {
			back[n] = max(back[n], back[in])
		}
		back[n] = sumOf(back[n], n.width)
		most = max(most, back[n])
	}
	return most
}

// sumOf is a + b, or the longest duration there is.
func sumOf(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-max(b, 0) {
		return math.MaxInt64
	}
	return a + b
}

// rememberKafka opens a slot behind each Kafka source that keeps its elements.
func (p *Program) rememberKafka() {
	p.kept = map[*node]int{}
	for _, r := range p.kafka {
		r.chain.slots = append(r.chain.slots, slot{index: p.slots, consumer: r.node, combiner: r.node.kept})
		p.kept[r.node] = p.slots
		p.slots++
	}
}

// remember keeps the batch's datasets, and forgets those that are old.
func (b *run) remember() {
	if b.program.remembers <= 0 {
		return
	}
	datasets := map[*node]any{}
	for n, dataset := range b.datasets {
		datasets[n] = dataset
	}
	for n, slot := range b.program.kept {
		var g gathered
		b.gatherParts(&g, path{root: n, slot: slot})
		datasets[n] = n.together(g.results)
	}
	b.program.context.memory.keep(recalled{b.time, datasets}, b.zero, b.time.Add(-b.program.remembers))
}

func (m *recollection) keep(batch recalled, zero, oldest time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.zero = zero
	var kept []recalled
	for _, r := range m.batches {
		if r.at.After(oldest) && !r.at.Equal(batch.at) {
			kept = append(kept, r)
		}
	}
	m.batches = append(kept, batch)
}

// between are the batches in a range, both ends inclusive.
func (m *recollection) between(from, to time.Time, slide time.Duration) []recalled {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []recalled
	from, to = m.floor(from, slide), m.floor(to, slide)
	for _, r := range m.batches {
		if !r.at.Before(from) && !r.at.After(to) && r.at.Sub(m.zero)%slide == 0 {
			out = append(out, r)
		}
	}
	return out
}

// floor is the last multiple of the slide, counted from zero, that is not after t.
func (m *recollection) floor(t time.Time, slide time.Duration) time.Time {
	over := t.Sub(m.zero) % slide
	if over < 0 {
		over += slide
	}
	return t.Add(-over)
}
