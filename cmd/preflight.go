package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// preflight is what a run asks of the cluster before it reads or writes anything: what would stop it later, in the middle of a batch
// perhaps, stops it here with a sentence, or is waited for.
type preflight struct {
	patience
	admin  *kafka.Admin
	config *Config
	reads  []kafka.Topic
	writes []string
	// limits are the max.message.bytes of the topics that are written, as far as they are known.
	limits map[string]int64
	// program is the job that is to run.
	program *streaming.Program
	// alone is this member's name when the job can have no second one, why the reason: it keeps state, and keys meet in this process
	// only; or it has start offsets, which every new member would go back to.
	alone, why string
	// stateful are the topics whose partitions' state follows them, into a changelog each.
	stateful []string
	// saved are those of them whose changelog has anything, as far as the job gives start offsets.
	saved []string
}

// preflight asks; stop ends it. Afterwards the topics are there and may be read and written.
func (s *stream) preflight(p *streaming.Program, stop <-chan struct{}) error {
	options, err := s.config.Settings.AdminOptions(s.instance.name, nil) // without a log: what its client says comes back as errors
	if err != nil {
		return &UsageError{err}
	}
	options = append(options, s.network...)
	admin, err := kafka.NewAdmin(options, askTimeout)
	if err != nil {
		return err
	}
	defer admin.Close()
	f := &preflight{
		patience: patience{timeout: s.config.Startup.Timeout, log: s.log, every: askEvery},
		admin:    admin, config: s.config, limits: map[string]int64{}, program: p,
	}
	switch {
	case p.Stateful() && s.config.Exchange == ExchangeMemory:
		f.alone, f.why = s.memberName(), "a job that keeps state runs in one instance (exchange: memory)"
	case len(p.FromOffsets()) > 0:
		f.alone, f.why = s.memberName(), "a job with start offsets runs in one instance"
	}
	f.stateful = p.StatefulTopics()
	ctx, cancel := f.begin(s.context.Ended(), s.context.Go, stop)
	defer cancel()
	err = f.run(ctx, p.Topics(), p.Writes())
	s.topicLimits, s.savedTopics = f.limits, f.saved
	return err
}

func (f *preflight) run(ctx context.Context, reads, writes []string) error {
	if err := f.until(ctx, f.admin.Reach); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return f.findReads(ctx, reads) },
		f.joinable,
		func(ctx context.Context) error { return f.findWrites(ctx, writes) },
		f.changelogs,
		f.deadLetters,
		func(ctx context.Context) error {
			return f.admin.CheckMinISR(ctx, f.config.Settings.MinISR(), f.writes...)
		},
	} {
		if err := f.until(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// findReads describes what is read. A missing topic is created on the embedded broker, and waited for on any other.
func (f *preflight) findReads(ctx context.Context, names []string) error {
	topics, err := f.find(ctx, names)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if err := may(t.Rights, "READ", "reading topic", t.Name); err != nil {
			return err
		}
	}
	f.reads = topics
	return f.findStarts(ctx)
}

// findStarts checks that the partitions exist of which the job gives the start offset, also those of topics that a pattern names.
func (f *preflight) findStarts(ctx context.Context) error {
	var names []string
	for p := range f.program.FromOffsets() {
		names = append(names, p.Topic)
	}
	slices.Sort(names)
	topics, err := f.find(ctx, slices.Compact(names))
	if err != nil {
		return err
	}
	for _, t := range topics {
		if err := f.program.CheckPartitions(t.Name, t.Partitions); err != nil {
			return err
		}
	}
	return nil
}

// joinable checks the right to the group (not every broker tells it before the first join), and that nobody is there who must not be.
func (f *preflight) joinable(ctx context.Context) error {
	group, err := f.admin.Group(ctx, f.config.group())
	if err != nil {
		return err
	}
	for _, m := range group.Members {
		if f.alone != "" && m.InstanceID != f.alone {
			return fmt.Errorf("%w: group %q has the member %q on %s already, and %s; "+
				"stop that one, or give this one another group (a killed member leaves by itself after session.timeout.ms)",
				messages.ErrRefused, group.Name, cmp.Or(m.InstanceID, m.ClientID), m.Host, f.why)
		}
	}
	return may(group.Rights, "READ", "joining group", group.Name)
}

// findWrites describes what outputs write.
func (f *preflight) findWrites(ctx context.Context, names []string) error {
	topics, err := f.find(ctx, names)
	if err != nil {
		return err
	}
	f.writes = nil
	for _, t := range topics {
		if err := f.writable(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// writable checks the right, and notes the limit that the producer has to keep.
func (f *preflight) writable(ctx context.Context, t kafka.Topic) error {
	if err := may(t.Rights, "WRITE", "writing to topic", t.Name); err != nil {
		return err
	}
	f.writes = append(f.writes, t.Name)
	limit, err := f.messageBytes(ctx, t.Name)
	if limit > 0 {
		f.limits[t.Name] = limit
	}
	return err
}

// find describes topics, all of which exist then.
func (f *preflight) find(ctx context.Context, names []string) ([]kafka.Topic, error) {
	topics, err := f.admin.Topics(ctx, names...)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, t := range topics {
		if !t.Exists {
			missing = append(missing, t.Name)
		}
	}
	if len(missing) == 0 {
		return topics, nil
	}
	if !f.creates() {
		return nil, &missingTopics{missing}
	}
	for _, name := range missing {
		if _, err := f.admin.CreateTopic(ctx, kafka.NewTopic{Name: name}); err != nil {
			return nil, err
		}
	}
	return f.admin.Topics(ctx, names...)
}

// creates tells whether missing topics are made: the embedded broker has no other administrator, and elsewhere somebody has said so.
func (f *preflight) creates() bool {
	return f.config.embedded() || f.config.Settings.CreatesTopics()
}

// may tells whether the rights, as far as a broker has told them, hold one.
func may(rights []string, right, doing, name string) error {
	if rights == nil || slices.Contains(rights, right) || slices.Contains(rights, "ALL") {
		return nil
	}
	kind := doing[strings.LastIndexByte(doing, ' ')+1:]
	return &refusal{fmt.Sprintf("%s %q: the user has no right to it; grant %s on %s %q", doing, name, right, kind, name)}
}

// refusal is a right that is missing, in one sentence.
type refusal struct{ sentence string }

func (e *refusal) Error() string { return e.sentence }

// Is makes it what exit code 5 is for.
func (e *refusal) Is(target error) bool { return target == messages.ErrRefused }

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}

// startFailure is what a start that has failed means to the user: an interrupted one is none, and a property that the
// cluster contradicts, or state without a place to save it, is a matter of the configuration.
func startFailure(c *Config, err error) error {
	var property *kafka.PropertyError
	switch {
	case errors.Is(err, errInterrupted):
		return nil
	case errors.As(err, &property):
		return c.located(property)
	case errors.Is(err, streaming.ErrNoCheckpoint):
		if wrong := c.CheckState(); wrong != nil {
			return wrong
		}
	}
	return err
}
