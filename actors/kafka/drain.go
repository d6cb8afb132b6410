package kafka

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/hibana-stream/hibana/messages"
)

// noteGoals remembers where all partitions of the topics end: the first time that something is assigned, before it is looked up where the
// assigned ones do. So of two instances that drain, the one that was here first asks no more of the other than that asks of itself, and
// they never wait for each other.
func (s *Source) noteGoals(assigned []messages.TopicPartition) {
	s.mu.Lock()
	known := s.goals != nil
	s.mu.Unlock()
	if known || !s.config.Drain {
		return
	}
	err := s.persist(s.ctx, waitOffsets, "the ends of the topics", func(ctx context.Context) error {
		goals, err := s.ends(ctx, assigned)
		if err == nil {
			s.mu.Lock()
			s.goals = goals
			s.mu.Unlock()
		}
		return err
	})
	if err != nil && s.ctx.Err() == nil {
		s.fail(err)
	}
}

// ends are the ends of all partitions that have records. An answer that lacks what the group has assigned is none.
func (s *Source) ends(ctx context.Context, assigned []messages.TopicPartition) (map[messages.TopicPartition]int64, error) {
	_, admin := s.clients()
	topics, err := admin.ListTopics(ctx, s.config.Topics...)
	if err != nil {
		return nil, err
	}
	var partitions []messages.TopicPartition
	pattern := regexp.MustCompile(s.config.Pattern) // NewSource has compiled it
	for _, p := range assigned {
		if _, ok := topics[p.Topic].Partitions[p.Partition]; !ok && topics[p.Topic].Err == nil {
			return nil, fmt.Errorf("%s is assigned, and the brokers do not tell of it: %w", p, kerr.UnknownTopicOrPartition)
		}
	}
	for name, detail := range topics {
		if s.config.Pattern != "" && (detail.IsInternal || !pattern.MatchString(name)) {
			continue
		}
		if detail.Err != nil { // it has no partitions then, and would be taken for drained
			return nil, fmt.Errorf("topic %s: %w", name, detail.Err)
		}
		for p := range detail.Partitions {
			partitions = append(partitions, messages.TopicPartition{Topic: name, Partition: p})
		}
	}
	goals := map[messages.TopicPartition]int64{}
	if len(partitions) == 0 {
		return goals, nil
	}
	bounds, err := s.bounds(ctx, partitions)
	if err != nil {
		return nil, err
	}
	for _, p := range partitions {
		at, err := bounds(p)
		if err != nil {
			return nil, err
		}
		if at.end > at.start {
			goals[p] = at.end
		}
	}
	return goals, nil
}

// Undrained implements actors.Rest.
func (s *Source) Undrained(ctx context.Context, own []messages.TopicPartition) ([]messages.TopicPartition, error) {
	s.mu.Lock()
	left := map[messages.TopicPartition]int64{}
	for p, goal := range s.goals {
		if !slices.Contains(own, p) {
			left[p] = goal
		}
	}
	s.mu.Unlock()
	if len(left) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	_, admin := s.clients()
	committed, err := admin.FetchOffsets(ctx, s.config.Group)
	if err != nil {
		return nil, s.explain(err)
	}
	var partitions []messages.TopicPartition
	for p, goal := range left {
		if c, ok := committed.Lookup(p.Topic, p.Partition); !ok || c.Err != nil || c.At < goal {
			partitions = append(partitions, p)
		}
	}
	slices.SortFunc(partitions, messages.TopicPartition.Compare)
	return partitions, nil
}
