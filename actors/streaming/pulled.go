package streaming

import (
	"fmt"
	"time"

	"github.com/hibana-stream/hibana/messages"
)

// pulled are the datasets of inputs of one's own for the batch at a time: a batch that is run again gets the same ones.
type pulled struct {
	at       time.Time
	datasets map[*node]any
	ranges   map[*node][]messages.OffsetRange
}

// pull asks an input of one's own for its dataset, once a batch, however often the batch is run.
func (b *run) pull(n *node) (any, error) {
	if dataset, ok := b.pulled.datasets[n]; ok {
		return dataset, nil
	}
	dataset, ok := n.source.pull(b.time)
	if !ok {
		dataset = nil
	}
	if ok && n.source.ranges != nil {
		ranges := n.source.ranges(b.time)
		if given, needed := len(ranges), n.partitions(dataset); given > 0 && given != needed {
			return nil, fmt.Errorf("there are %d offset ranges for %d partitions; there must be one for each, or none", given, needed)
		}
		b.pulled.ranges[n] = ranges
	}
	b.pulled.datasets[n] = dataset
	return dataset, nil
}
