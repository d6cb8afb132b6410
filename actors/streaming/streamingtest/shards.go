package streamingtest

import (
	"fmt"
	"iter"
	"slices"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// shards are what a job keeps of each partition, and what was saved of it: a changelog topic in small.
type shards struct {
	held  map[messages.TopicPartition]*streaming.Shard
	saved map[messages.TopicPartition][]messages.Change
}

// restore makes the Shards of the topics anew, from what was saved.
func (s *shards) restore(p *streaming.Program, topics []*TopicSource) error {
	if s == nil {
		return nil
	}
	s.held = map[messages.TopicPartition]*streaming.Shard{}
	for _, t := range topics {
		for i := range t.partitions {
			tp := t.partition(i)
			shard := p.NewShard(tp)
			if shard == nil {
				continue
			}
			if _, err := shard.Load(s.saved[tp]); err != nil {
				return fmt.Errorf("the state of %v: %w", tp, err)
			}
			shard.Loaded()
			s.held[tp] = shard
		}
	}
	return nil
}

// of is the Shard of a partition, nil when nothing is kept of it.
func (s *shards) of(p messages.TopicPartition) *streaming.Shard {
	if s == nil {
		return nil
	}
	return s.held[p]
}

// save keeps what a batch has changed.
func (s *shards) save(changes iter.Seq[messages.Changes]) {
	for block := range changes {
		s.saved[block.Partition()] = slices.AppendSeq(s.saved[block.Partition()], block.All())
	}
}
