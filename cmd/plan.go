package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// plan is what a run would do and need. Its JSON form is for scripts.
type plan struct {
	Cluster    string          `json:"cluster"`
	Principal  string          `json:"principal"`
	Group      string          `json:"group"`
	State      string          `json:"group_state"`
	Members    []planMember    `json:"members"`
	Instance   string          `json:"instance"`
	Interval   string          `json:"interval"`
	Delivery   string          `json:"delivery"`
	Checkpoint string          `json:"checkpoint"`
	Outputs    []string        `json:"outputs"`
	Partitions []planPartition `json:"partitions"`
	Creates    []planTopic     `json:"creates"`
	Writes     []planTopic     `json:"writes"`
	Rights     []planRight     `json:"rights"`
	Notes      []string        `json:"notes"`

	stops error // what a run would end with
}

// planTopic is a topic that a run would create or write, and why.
type planTopic struct {
	Topic string `json:"topic"`
	Why   string `json:"why"`
}

// planMember is who is in the group now.
type planMember struct {
	Member     string `json:"member"`
	Client     string `json:"client"`
	Host       string `json:"host"`
	Partitions int    `json:"partitions"`
}

func newPlanCommand(m *Main, flags *runFlags) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Say what a run would do and need, without doing it",
		Long: "plan asks the cluster, joins no group and writes nothing: where each partition would start and why, how far that is behind,\n" +
			"which topics a run would create and write, and which rights it needs.",
		Example: "  hibana plan -f config.yaml\n  hibana plan -o json -X kafka.bootstrap.servers=broker:9092 -X kafka.group.id=counts",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			write, ok := map[string]func(io.Writer, *plan) error{"table": writePlan, "json": writePlanJSON}[format]
			if !ok {
				return &UsageError{fmt.Errorf("-o %s: accepted: table, json", format)}
			}
			p, err := m.plan(c.Context(), flags)
			if err != nil {
				return err
			}
			return errors.Join(write(c.OutOrStdout(), p), p.stops)
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "table", "`format`: table, json")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func writePlanJSON(w io.Writer, p *plan) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(p)
}

// plan compiles the job and asks the cluster.
func (m *Main) plan(ctx context.Context, flags *runFlags) (*plan, error) {
	config, err := m.load(flags)
	if err != nil {
		return nil, err
	}
	if err := config.checkStart(false); err != nil {
		return nil, &UsageError{err}
	}
	program, err := m.compile(config)
	if err != nil {
		return nil, err
	}
	p := describedPlan(config, program)
	if config.embedded() && m.Network == nil {
		p.embedded(config, program)
		return p, nil
	}
	return p, m.ask(ctx, config, program, p)
}

// compile writes the job down and compiles it; nothing of it runs.
func (m *Main) compile(c *Config) (*streaming.Program, error) {
	engine := &compiled{}
	settings := []streaming.Setting{streaming.WithTopics(c.Topics...), streaming.WithEngine(engine)}
	settings = append(settings, c.stateSettings()...)
	s := streaming.NewContext(c.Interval, settings...)
	if err := s.Define(m.Job); err != nil {
		return nil, err
	}
	handOver(s, m.Behaviours, c.forms(), nil)
	if err := s.Start(); err != nil {
		return nil, startFailure(c, err)
	}
	return engine.program, s.Stop(false)
}

// compiled is an engine that keeps the program and runs nothing.
type compiled struct{ program *streaming.Program }

// Start keeps the program.
func (c *compiled) Start(p *streaming.Program) error {
	c.program = p
	return nil
}

// Stop has nothing to stop.
func (c *compiled) Stop(bool) error { return nil }

// describedPlan is what the configuration and the job say without a cluster.
func describedPlan(c *Config, program *streaming.Program) *plan {
	p := &plan{
		Group: c.group(), Interval: c.Interval.String(), Delivery: deliveryInWords(c.Delivery), Instance: c.Instance,
		Principal: c.Settings.Principal(), Outputs: program.Outputs(), Checkpoint: checkpointInWords(c, program),
		Members: []planMember{}, Partitions: []planPartition{}, Creates: []planTopic{}, Writes: []planTopic{}, Rights: []planRight{}, Notes: []string{},
	}
	if p.Instance == "" {
		host, _ := os.Hostname()
		p.Instance = host + "-N, N the lowest number that is free on this host"
	}
	return p
}

func deliveryInWords(d Delivery) string {
	switch d {
	case AtMostOnce:
		return "at-most-once: offsets are committed before the outputs; a crash loses the batch that runs"
	case ExactlyOnce:
		return "exactly-once: outputs and offsets in one transaction a batch"
	}
	return "at-least-once: offsets are committed after the outputs; a crash repeats the batch that runs, over the same ranges"
}

func checkpointInWords(c *Config, program *streaming.Program) string {
	state := "the job keeps none"
	if program.Stateful() {
		state = "state is saved"
	}
	if topics := program.StatefulTopics(); len(topics) > 0 {
		return "state is kept by partition, in changelog topics, in one transaction with the offsets"
	}
	if c.Checkpoint == "" {
		return "no folder: progress is the group's committed offsets; " + state
	}
	there := "is there"
	if _, err := os.Stat(c.Checkpoint); err != nil {
		there = "would be made"
	}
	return fmt.Sprintf("%s (%s): progress and ledger with the group's committed offsets; state: %s", c.Checkpoint, there, state)
}

// embedded is a plan on a broker that the run itself would start.
func (p *plan) embedded(c *Config, program *streaming.Program) {
	e := c.Embedded
	p.Cluster = fmt.Sprintf("embedded: a run would start a broker on %s, %d partitions a topic", e.Listen, e.Partitions)
	p.Principal, p.State = "none is needed", "no group yet"
	if e.DataDir == "" {
		p.Notes = append(p.Notes, "topics and committed offsets live in memory and end with the program (embedded.data.dir keeps them)")
	} else {
		p.Notes = append(p.Notes, "topics and committed offsets are kept in "+e.DataDir)
	}
	if e.Sample > 0 && len(c.Topics) > 0 {
		p.Writes = append(p.Writes, planTopic{c.Topics[0], fmt.Sprintf("the sample producer, %v events a second", e.Sample)})
	}
	var reads []kafka.Topic
	for _, t := range program.Topics() {
		reads = append(reads, kafka.Topic{Name: t, Partitions: e.Partitions})
		p.Creates = append(p.Creates, planTopic{t, fmt.Sprintf("it is read; %d partitions", e.Partitions)})
	}
	for _, t := range program.Writes() {
		p.Writes = append(p.Writes, planTopic{t, "an output"})
	}
	for _, t := range program.StatefulTopics() {
		name := kafka.ChangelogTopic(c.group(), t)
		p.Creates = append(p.Creates, planTopic{name, fmt.Sprintf("the state of topic %s; %d partitions, compacted", t, e.Partitions)})
		p.Writes = append(p.Writes, planTopic{name, "the state of topic " + t})
	}
	if c.Errors.Tolerate() {
		for _, l := range letterTopics(c, reads) {
			p.Creates = append(p.Creates, planTopic{l.name, fmt.Sprintf("dead letters; %d partitions", l.partitions)})
			p.Writes = append(p.Writes, planTopic{l.name, "dead letters"})
		}
	}
}

// ends notes what a run would end with, nil for nothing; a refusal wins over everything else.
func (p *plan) ends(err error) {
	if err == nil {
		return
	}
	if p.stops == nil || errors.Is(err, messages.ErrRefused) && !errors.Is(p.stops, messages.ErrRefused) {
		p.stops = fmt.Errorf("a run would stop: %w", err)
	}
}
