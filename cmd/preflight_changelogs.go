package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// changelogs makes the topics that keep state by partition, where they are missing, and checks the rights to them.
func (f *preflight) changelogs(ctx context.Context) error {
	for _, t := range f.reads {
		if !slices.Contains(f.stateful, t.Name) {
			f.leftBehind(ctx, t.Name)
			continue
		}
		name, grown, err := f.admin.EnsureChangelog(ctx, f.config.group(), t, f.config.Settings.MinISR())
		if err != nil {
			return err
		}
		if grown {
			f.log.Warn().Msgf("topic %q has more partitions than its state had: keys that go to another partition than before begin there anew", t.Name)
		}
		if err := f.changelog(ctx, name); err != nil {
			return err
		}
		if err := f.findSaved(ctx, t.Name, name); err != nil {
			return err
		}
	}
	return nil
}

// leftBehind warns of state that an earlier run of the group has kept with the topic's partitions, and that this one does not go on with:
// the offsets move on without it. Without the right to see it, nothing is said.
func (f *preflight) leftBehind(ctx context.Context, topic string) {
	name := kafka.ChangelogTopic(f.config.group(), topic)
	found, err := f.admin.Topics(ctx, name)
	if err != nil || !found[0].Exists {
		return
	}
	why := "the job keeps none"
	if f.program.Stateful() {
		why = fmt.Sprintf("exchange: %s", f.config.Exchange)
	}
	f.log.Warn().Msgf("the state that an earlier run of group %q has kept in topic %q is not read (%s), and will lack what this run counts; "+
		"take another group, or delete that topic", f.config.group(), name, why)
}

// findSaved tells whether the changelog of a topic has anything: what it has belongs to the committed offsets, which then come before
// those that the job gives.
func (f *preflight) findSaved(ctx context.Context, topic, changelog string) error {
	if len(f.program.FromOffsets()) == 0 {
		return nil
	}
	bounds, err := f.admin.Offsets(ctx, false, changelog)
	if err != nil {
		return err
	}
	for _, b := range bounds {
		if b.End > 0 && !slices.Contains(f.saved, topic) {
			f.saved = append(f.saved, topic)
		}
	}
	return nil
}

func (f *preflight) changelog(ctx context.Context, name string) error {
	topics, err := f.admin.Topics(ctx, name)
	if err != nil {
		return err
	}
	if err := may(topics[0].Rights, "READ", "reading topic", name); err != nil {
		return err
	}
	if err := f.writable(ctx, topics[0]); err != nil {
		return err
	}
	if f.limits[name] == 0 {
		f.limits[name] = kafka.ChangelogBytes
	}
	return nil
}
