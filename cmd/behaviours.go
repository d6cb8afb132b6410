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

// join makes the program's behaviours actors of the tree and outputs of the stream. Without behaviours no event is collected.
func (s *stream) join(own []behaviours.Behaviour) error {
	if err := behaviours.Check(own); err != nil {
		return err
	}
	if err := s.checkBehaviourSettings(own); err != nil {
		return &UsageError{err}
	}
	for _, b := range own {
		env := behaviours.Env{Name: b.Name, Settings: s.config.Behaviours[b.Name], Log: slogOf(s.log).With("behaviour", b.Name)}
		s.behaviours = append(s.behaviours, actors.Behaviour{Name: b.Name, Props: behaviours.Guest{Behaviour: b, Env: env}.Props})
	}
	handOver(s.context, own, s.config.forms(), func(name string, message any) { s.system.SendTo(name, message) })
	return nil
}

// handOver registers the outputs that lead to behaviours: one for all that read the same topics, so that they share the events.
func handOver(c *streaming.Context, own []behaviours.Behaviour, forms messages.Forms, send func(name string, message any)) {
	var order []string
	names, topics := map[string][]string{}, map[string][]string{}
	for _, b := range own {
		key := strings.Join(b.Topics, ",")
		if names[key] == nil {
			order = append(order, key)
		}
		names[key], topics[key] = append(names[key], b.Name), b.Topics
	}
	for _, key := range order {
		output := behaviours.NewOutput(names[key], send).Writing(forms)
		streaming.HandOver(streaming.Events(c, topics[key]...), "behaviour "+strings.Join(names[key], ", "), "cmd.Execute",
			func(ctx context.Context, b streaming.Batch[messages.RichEvent]) ([]messages.Outgoing, error) {
				return output.Hand(ctx, b.Time(), shares(b))
			})
	}
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
