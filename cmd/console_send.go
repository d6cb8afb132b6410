package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/messages"
)

func sendCommand(c Control) *cobra.Command {
	var topic, key string
	var raw bool
	cmd := &cobra.Command{
		Use: "send TEXT…", Short: "Publish an event and say where it stands",
		Long: "send publishes an event with the text as its content and answers topic:partition:offset once the broker has it.\n" +
			"Words are joined by one space; quotes keep other spaces, and text that begins with a dash goes behind --.\n" +
			"With --raw the text is the record's value as it is.",
		Example: "  send hello world\n  send --raw --topic events --key ann '{\"content\":\"hello\"}'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &UsageError{fmt.Errorf("send: TEXT is missing; send hello publishes an event")}
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			text := strings.Join(args, " ")
			m := messages.Publish{Topic: topic, Key: key, HasKey: cmd.Flags().Changed("key"), Event: messages.NewRichEvent(text)}
			if raw {
				m.Value, m.HasValue = text, true
			}
			return send(cmd, c, m)
		},
	}
	cmd.Flags().StringVarP(&topic, "topic", "t", "", "the `topic`; without it the first that the job reads")
	cmd.Flags().StringVarP(&key, "key", "k", "", "the event's `key`, which may be empty; without it the event has none")
	cmd.Flags().BoolVar(&raw, "raw", false, "the text is the record's value, and no event's content")
	_ = cmd.RegisterFlagCompletionFunc("topic", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return c.Topics(), cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.RegisterFlagCompletionFunc("key", cobra.NoFileCompletions)
	return cmd
}

func send(cmd *cobra.Command, c Control, m messages.Publish) error {
	topics := c.Topics()
	if m.Topic == "" {
		if len(topics) == 0 {
			return &UsageError{fmt.Errorf("send: the job reads no topic; name one with --topic")}
		}
		m.Topic = topics[0]
	}
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), publishWithin, errNotAcknowledged)
	defer cancel()
	d, err := c.Publish(ctx, m)
	if err == nil {
		err = d.Err
	}
	if ctx.Err() != nil && cmd.Context().Err() == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("topic %s: %w%s", m.Topic, err, otherTopic(m.Topic, topics))
	}
	if other := otherTopic(m.Topic, topics); other != "" {
		cmd.PrintErrf("sent, but not to a topic of the job%s\n", other)
	}
	return show(cmd, answer{sentence: d.Place.String(), fields: []field{
		{"place", "", phrase(d.Place.String())}, {"topic", "", phrase(d.Place.Topic)},
		{"partition", "", count(d.Place.Partition)}, {"offset", "", count(d.Place.Offset)},
	}})
}

var errNotAcknowledged = fmt.Errorf("not acknowledged within %v, it may still arrive: %w", publishWithin, context.DeadlineExceeded)

// otherTopic helps when a topic is perhaps misspelt: any topic of the cluster may be sent to.
func otherTopic(topic string, topics []string) string {
	if slices.Contains(topics, topic) || len(topics) == 0 {
		return ""
	}
	return fmt.Sprintf("%s; the job reads %s", didYouMean(topic, topics), strings.Join(topics, ", "))
}

func tellCommand(c Control) *cobra.Command {
	return &cobra.Command{
		Use: "tell NAME [JSON]", Short: "Send a message to one of your actors and show its answer",
		Long: "tell sends a JSON value, {} if none is given, to the behaviour actor of that name, and shows what it answers.\n" +
			"Quotes keep the JSON whole: single ones around it, double ones in it.",
		Example: "  tell greeter '{\"name\":\"ann\"}'\n  tell greeter",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &UsageError{fmt.Errorf("tell: NAME is missing; actors lists the actors")}
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return c.Actors(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return tell(cmd, c, args[0], strings.Join(args[1:], " "))
		},
	}
}

func tell(cmd *cobra.Command, c Control, name, message string) error {
	if message == "" {
		message = "{}"
	}
	if !json.Valid([]byte(message)) {
		return &UsageError{fmt.Errorf("tell: this is no JSON: %s; put single quotes around it, as in tell %s '{\"a\":1}'", message, name)}
	}
	ctx, cancel := answering(cmd)
	defer cancel()
	said, err := c.Tell(ctx, name, message)
	if err != nil {
		return fmt.Errorf("%s: %w%s", name, err, otherActor(name, c.Actors()))
	}
	value := any(said)
	if json.Valid([]byte(said)) {
		value = json.RawMessage(said)
	}
	return show(cmd, answer{sentence: strings.TrimRight(said, "\n"), fields: []field{{"answer", "", cell{value, said}}}})
}

func otherActor(name string, actors []string) string {
	if slices.Contains(actors, name) {
		return ""
	}
	return didYouMean(name, actors)
}
