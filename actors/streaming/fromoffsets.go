package streaming

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hibana-stream/hibana/messages"
)

// startOffsets are where the job says that partitions begin, and where it says so.
type startOffsets struct {
	node *node
	at   map[messages.TopicPartition]int64
}

// FromOffsets says at which offset a start begins to read each of the given partitions, inclusive; of partitions that it does not name,
// nothing. What the checkpoint or a changelog has saved comes before it, and it comes before what the group has committed, so every start
// without one of them begins there; then comes auto.offset.reset. A partition that does not exist, or that the job does not read, is an error
// that names it, and so is an offset that is not in the log, unless offset.gone says otherwise. A job with start offsets runs in one
// instance. Spark: the offsets of ConsumerStrategies.Subscribe, SubscribePattern and Assign; Kafka's groups assign whole topics, so the
// partitions that are not named are read as well.
func (c *Context) FromOffsets(offsets map[messages.TopicPartition]int64) {
	c = present(c, "fromOffsets")
	c.mu.Lock()
	defer c.mu.Unlock()
	n := &node{op: "fromOffsets", place: place(), context: c}
	if c.state != Initialized {
		c.tooLate(n)
		return
	}
	if c.offsets.at == nil {
		c.offsets = startOffsets{n, map[messages.TopicPartition]int64{}}
	}
	maps.Copy(c.offsets.at, offsets)
	for p, at := range offsets {
		if p.Partition < 0 {
			c.mistakeLocked(n, fmt.Sprintf("there is a start offset for %v, but partitions count from 0", p))
		}
		if at < 0 {
			c.mistakeLocked(n, fmt.Sprintf("the start offset %d of %v is negative", at, p))
		}
	}
}

// checkOffsets finds start offsets of topics that nothing reads.
func (c *Context) checkOffsets() (wrong []error) {
	for _, p := range slices.SortedFunc(maps.Keys(c.offsets.at), messages.TopicPartition.Compare) {
		if !slices.ContainsFunc(c.nodes, func(n *node) bool { return n.source != nil && n.source.reads != nil && n.source.reads(p.Topic) }) {
			wrong = append(wrong, c.offsets.mistake(fmt.Sprintf("there is a start offset for %v, but the job does not read the topic %q", p, p.Topic)))
		}
	}
	return wrong
}

func (o startOffsets) mistake(text string) *Mistake {
	return &Mistake{Op: o.node.op, Place: o.node.place, Text: text}
}

// FromOffsets are the start offsets that the job gives.
func (p *Program) FromOffsets() map[messages.TopicPartition]int64 {
	return maps.Clone(p.context.offsets.at)
}

// CheckPartitions finds start offsets of partitions that topic does not have; the error is a *Mistake.
func (p *Program) CheckPartitions(topic string, partitions int) error {
	o := p.context.offsets
	for _, at := range slices.SortedFunc(maps.Keys(o.at), messages.TopicPartition.Compare) {
		if at.Topic == topic && (at.Partition < 0 || int(at.Partition) >= partitions) {
			return o.mistake(fmt.Sprintf("there is a start offset for %v, but the topic %q has the partitions 0 to %d", at, topic, partitions-1))
		}
	}
	return nil
}
