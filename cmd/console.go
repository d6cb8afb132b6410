package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/messages"
)

// Control is what the console's commands act on: a running stream. Its methods may be called by several goroutines at once and
// return an error of ctx when ctx ends before the answer is there.
type Control interface {
	// Status is where the stream stands.
	Status(ctx context.Context) (messages.Status, error)
	// Batches are the last n batches, all that are remembered for n = 0.
	Batches(ctx context.Context, n int) (messages.Batches, error)
	// Actors are the paths of the living actors.
	Actors() []string
	// Publish sends an event and waits for its delivery report.
	Publish(ctx context.Context, m messages.Publish) (messages.Delivered, error)
	// Pause stops (on) or resumes the stream, and says at which batch's boundary.
	Pause(ctx context.Context, on bool) (messages.Accepted, error)
	// Limit changes how many records a second each partition may give, 0 for no limit, and says from which batch on.
	Limit(ctx context.Context, perSecond float64) (messages.Accepted, error)
	// LogLevel is the level of the log, one of zerolog's words; SetLogLevel changes it at once.
	LogLevel() string
	SetLogLevel(level string)
	// Stop asks the stream to end and does not wait: gracefully it finishes and commits what it has read.
	Stop(graceful bool)
	// Topics are the topics that the job reads; the first is where send sends.
	Topics() []string
	// Tell sends JSON to a behaviour's actor and returns its answer.
	Tell(ctx context.Context, name, json string) (string, error)
}

// What is waited for, and how long.
const (
	answerWithin  = 5 * time.Second  // an answer of the stream
	publishWithin = 30 * time.Second // a delivery report
	waitWithin    = 2 * time.Minute  // something to take effect
)

// newConsoleCommand is the console's command tree. Flags keep their values, so every line gets a tree of its own.
func newConsoleCommand(c Control) *cobra.Command {
	root := &cobra.Command{
		Use: "hibana", Short: "Commands to steer a running stream",
		Args: cobra.ArbitraryArgs, RunE: unknownCommand,
		SilenceUsage: true, SilenceErrors: true, DisableSuggestions: true,
		PersistentPreRunE: checkOutput,
	}
	root.PersistentFlags().StringP("output", "o", "table", "`format` of the results: table, json or tsv")
	root.PersistentFlags().Bool("color", false, "color the results")
	_ = root.PersistentFlags().MarkHidden("color")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(outputFormats, cobra.ShellCompDirectiveNoFileComp))
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(helpCommand())
	root.SetHelpFunc(func(c *cobra.Command, _ []string) { _ = showHelp(c) })
	root.AddCommand(statusCommand(c), actorsCommand(c), batchesCommand(c), batchCommand(c), sendCommand(c), tellCommand(c),
		pauseCommand(c), resumeCommand(c), rateCommand(c), logCommand(c), stopCommand(c), versionCommand(), exitCommand())
	return root
}

func unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return showHelp(c)
	}
	return &UsageError{fmt.Errorf("unknown command %q%s; help lists the commands", args[0], didYouMean(args[0], commandNames(c)))}
}

func commandNames(c *cobra.Command) []string {
	var names []string
	for _, sub := range c.Root().Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return names
}

// answering bounds a command's question to the stream.
func answering(c *cobra.Command) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(c.Context(), answerWithin, errNoAnswer)
}

var errNoAnswer = fmt.Errorf("the stream did not answer within %v: %w", answerWithin, context.DeadlineExceeded)
