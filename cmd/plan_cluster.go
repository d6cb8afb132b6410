package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// planner asks a cluster for a plan.
type planner struct {
	*plan
	config  *Config
	program *streaming.Program
	admin   *kafka.Admin
}

// ask fills in what the cluster knows. What it refuses to tell is a right that a run would miss as well, and goes into the list.
func (m *Main) ask(ctx context.Context, c *Config, program *streaming.Program, p *plan) error {
	if ctx == nil {
		ctx = context.Background()
	}
	p.Cluster = strings.Join(c.Settings.Bootstrap(), ",")
	options, err := c.Settings.AdminOptions("plan", nil)
	if err != nil {
		return &UsageError{err}
	}
	admin, err := kafka.NewAdmin(append(options, m.Network...), 0)
	if err != nil {
		return err
	}
	defer admin.Close()
	if err := admin.Reach(ctx); err != nil {
		return err
	}
	a := &planner{plan: p, config: c, program: program, admin: admin}
	reads, err := a.reading(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		a.members,
		func(ctx context.Context) error { return a.positions(ctx, reads) },
		a.writing,
		func(ctx context.Context) error { return a.changelogs(ctx, reads) },
		func(ctx context.Context) error { return a.letters(ctx, reads) },
		a.acks,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	a.extraRights()
	return nil
}

// topic describes one topic. known is false when the user may not see it, which the list of rights then says.
func (a *planner) topic(ctx context.Context, name string, rights ...string) (t kafka.Topic, known bool, err error) {
	topics, err := a.admin.Topics(ctx, name)
	if errors.Is(err, messages.ErrRefused) {
		a.right("topic", name, nil, true, rights...)
		a.ends(err)
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	a.right("topic", name, topics[0].Rights, false, rights...)
	return topics[0], true, nil
}

// reading describes what is read; a missing topic is waited for, or created.
func (a *planner) reading(ctx context.Context) (there []kafka.Topic, err error) {
	for _, name := range a.program.Topics() {
		t, known, err := a.topic(ctx, name, "READ", "DESCRIBE")
		switch {
		case err != nil:
			return nil, err
		case !known:
		case t.Exists:
			there = append(there, t)
			if len(t.Offline) > 0 {
				a.Notes = append(a.Notes, fmt.Sprintf("topic %q: partitions %v have no leader; a run would wait for them", name, t.Offline))
			}
		case a.config.Settings.CreatesTopics():
			a.Creates = append(a.Creates, planTopic{name, "it is read, and allow.auto.create.topics is true"})
		default:
			a.Notes = append(a.Notes, fmt.Sprintf("topic %q does not exist: a run would wait for it, and end after startup.timeout (%v)", name, a.config.Startup.Timeout))
		}
	}
	return there, nil
}

// coordinatorWithin is how often the group is asked for: the first question of all lets a new cluster make its topic of offsets.
const coordinatorWithin = 20

func (a *planner) group(ctx context.Context) (group kafka.Group, err error) {
	for range coordinatorWithin {
		if group, err = a.admin.Group(ctx, a.Group); err == nil || !kafka.Passes(err) || !pause(ctx, askEvery) {
			break
		}
	}
	return group, err
}

// members tells who is in the group.
func (a *planner) members(ctx context.Context) error {
	group, err := a.group(ctx)
	if errors.Is(err, messages.ErrRefused) {
		a.right("group", a.Group, nil, true, "READ")
		a.State = "the user may not see it"
		a.ends(err)
		return nil
	}
	if err != nil {
		return err
	}
	a.right("group", a.Group, group.Rights, false, "READ")
	if a.State = group.State; a.State == "Dead" {
		a.State = "there is no such group yet"
	}
	for _, m := range group.Members {
		name := m.InstanceID
		if name == "" {
			name = m.ID
		}
		a.Members = append(a.Members, planMember{name, m.ClientID, m.Host, len(m.Partitions)})
	}
	if len(group.Members) > 0 && a.program.Stateful() && a.config.Exchange == ExchangeMemory {
		a.Notes = append(a.Notes, "the job keeps state under exchange: memory, so that a second member would be refused")
	}
	return nil
}

// writing describes what outputs write.
func (a *planner) writing(ctx context.Context) error {
	for _, name := range a.program.Writes() {
		t, known, err := a.topic(ctx, name, "WRITE", "DESCRIBE")
		if err != nil {
			return err
		}
		a.Writes = append(a.Writes, planTopic{name, "an output"})
		if known && !t.Exists {
			a.Notes = append(a.Notes, fmt.Sprintf("topic %q, which an output writes, does not exist: a run would wait for it", name))
		}
	}
	return nil
}

// changelogs describes the topics that keep state by partition.
func (a *planner) changelogs(ctx context.Context, reads []kafka.Topic) error {
	for _, source := range reads {
		if !slices.Contains(a.program.StatefulTopics(), source.Name) {
			continue
		}
		name := kafka.ChangelogTopic(a.Group, source.Name)
		t, known, err := a.topic(ctx, name, "READ", "WRITE", "DESCRIBE")
		if err != nil {
			return err
		}
		a.Writes = append(a.Writes, planTopic{name, "the state of topic " + source.Name})
		if known && !t.Exists {
			a.Creates = append(a.Creates, planTopic{name, fmt.Sprintf("the state of topic %s; %d partitions, compacted", source.Name, source.Partitions)})
		}
		if known && t.Exists {
			a.ends(a.admin.CheckChangelog(ctx, name))
		}
	}
	return nil
}

// letters describes the dead-letter topics, and asks whether a missing one could be created.
func (a *planner) letters(ctx context.Context, reads []kafka.Topic) error {
	if !a.config.Errors.Tolerate() {
		return nil
	}
	for _, l := range letterTopics(a.config, reads) {
		t, known, err := a.topic(ctx, l.name, "WRITE", "DESCRIBE")
		if err != nil {
			return err
		}
		a.Writes = append(a.Writes, planTopic{l.name, "dead letters"})
		if !known || t.Exists {
			continue
		}
		a.Creates = append(a.Creates, planTopic{l.name, fmt.Sprintf("dead letters; %d partitions", l.partitions)})
		_, err = a.admin.CreateTopic(ctx, kafka.NewTopic{Name: l.name, Partitions: l.partitions, DryRun: true})
		var granted []string
		if err == nil {
			granted = []string{"CREATE"}
		} else {
			a.ends(err)
		}
		a.right("topic", l.name, granted, errors.Is(err, messages.ErrRefused), "CREATE")
	}
	return nil
}

// acks is the check behind acks: n, for the topics that are there.
func (a *planner) acks(ctx context.Context) error {
	n := a.config.Settings.MinISR()
	for _, w := range a.Writes {
		topics, err := a.admin.Topics(ctx, w.Topic)
		if err != nil || !topics[0].Exists {
			continue
		}
		if err := a.admin.CheckMinISR(ctx, n, w.Topic); err != nil {
			a.ends(startFailure(a.config, err))
		}
	}
	return nil
}
