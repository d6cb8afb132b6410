package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/actors"
	"github.com/hibana-stream/hibana/actors/behaviours"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// join makes the program's behaviours outputs of the stream: one for all that read the same topics, so that they share the events.
// Without behaviours no event is collected.
func (s *stream) join(own []behaviours.Behaviour) error {
	if err := behaviours.Check(own); err != nil {
		return err
	}
	if err := s.checkBehaviourSettings(own); err != nil {
		return &UsageError{err}
	}
	var order []string
	groups := map[string][]behaviours.Behaviour{}
	for _, b := range own {
		key := strings.Join(b.Topics, ",")
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], b)
		env := behaviours.Env{Name: b.Name, Settings: s.config.Behaviours[b.Name], Log: slogOf(s.log).With("behaviour", b.Name)}
		s.behaviours = append(s.behaviours, actors.Behaviour{Name: b.Name, Props: behaviours.Guest{Behaviour: b, Env: env}.Props})
	}
	for _, key := range order {
		s.handOver(groups[key])
	}
	return nil
}

// handOver registers the output that leads to a group of behaviours.
func (s *stream) handOver(group []behaviours.Behaviour) {
	var names []string
	for _, b := range group {
		names = append(names, b.Name)
	}
	output := behaviours.NewOutput(names, func(name string, message any) { s.system.SendTo(name, message) })
	events := streaming.Events(s.context, group[0].Topics...)
	streaming.HandOver(events, "behaviour "+strings.Join(names, ", "), "cmd.Execute",
		func(ctx context.Context, b streaming.Batch[messages.RichEvent]) ([]messages.Outgoing, error) {
			return output.Hand(ctx, b.Time(), shares(b))
		})
}

func shares(b streaming.Batch[messages.RichEvent]) []behaviours.Share {
	ranges := b.OffsetRanges()
	all := make([]behaviours.Share, len(ranges))
	for i, events := range b.Partitions() {
		all[i] = behaviours.Share{Partition: ranges[i].TopicPartition, Events: events}
	}
	return all
}

// checkBehaviourSettings finds settings of a behaviour that this program does not have.
func (s *stream) checkBehaviourSettings(own []behaviours.Behaviour) error {
	var names []string
	for _, b := range own {
		names = append(names, b.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.config.Behaviours)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("behaviours.%s: this program has no behaviour of that name%s", name, didYouMean(name, names))
		}
	}
	return nil
}
