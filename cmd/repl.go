package cmd

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/actors/console"
	"github.com/hibana-stream/hibana/messages"
)

// replFlags are the flags of hibana repl.
type replFlags struct {
	*runFlags
	commands []string
	output   string
	wait     bool
	socket   string
	timeout  time.Duration
}

// newReplCommand is hibana repl: the console of a stream that another process runs.
func newReplCommand(m *Main, flags *runFlags) *cobra.Command {
	f := &replFlags{runFlags: flags}
	c := &cobra.Command{
		Use:   "repl [SCRIPT]",
		Short: "Steer a running stream: a console, one command, or a script of them",
		Long: "repl attaches to a hibana that runs on this host as this user. On a terminal it is a console with history and completion;\n" +
			"with -c, with a SCRIPT, or with lines on stdin it runs commands and ends at the first that fails.\n" +
			"Codes: 0 ok, 1 a command failed, 2 usage, 3 no running hibana, 4 timeout, 5 refused.",
		Example: "  hibana repl\n  hibana repl -c status -o json\n  hibana repl -c pause --wait\n  printf 'send one\\nsend two\\n' | hibana repl",
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE:    func(_ *cobra.Command, args []string) error { return m.repl(f, args) },
	}
	c.Flags().StringArrayVarP(&f.commands, "command", "c", nil, "run this `command`; may be repeated")
	c.Flags().StringVarP(&f.output, "output", "o", "", "`format` of the results: table, json or tsv (default: table on a terminal, else tsv)")
	c.Flags().BoolVar(&f.wait, "wait", false, "return when a command has taken effect, not when it is accepted")
	c.Flags().StringVar(&f.socket, "socket", "", "the `path` of the running hibana's socket (default: the configuration's, or the only one)")
	c.Flags().DurationVar(&f.timeout, "timeout", 5*time.Minute, "give a command up after this `duration`")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(outputFormats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// repl attaches, and runs what it is given.
func (m *Main) repl(f *replFlags, args []string) error {
	if f.output != "" && !slices.Contains(outputFormats, f.output) {
		return &UsageError{unknownFormat(f.output)}
	}
	if len(f.commands) > 0 && len(args) > 0 {
		return &UsageError{errors.New("either -c or a SCRIPT, not both")}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	path, err := m.findSocket(ctx, f)
	if err != nil {
		return err
	}
	client, err := attach(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if len(f.commands) == 0 && len(args) == 0 && isTerminal(m.Stdin) && (isTerminal(m.Stdout) || isTerminal(m.Stderr)) {
		return m.replTerminal(ctx, f, client, path)
	}
	return m.replScript(ctx, f, client, args)
}

// attach connects; the error says what a person can do about it.
func attach(ctx context.Context, path string) (*console.Client, error) {
	client, err := console.Dial(ctx, path)
	switch {
	case err == nil:
		return client, nil
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return nil, fmt.Errorf("%s: %w: the socket belongs to another user, and only that user may attach", path, messages.ErrRefused)
	}
	return nil, &unreachableError{fmt.Sprintf("no hibana is running behind %s: %v", path, err)}
}

// unreachableError is messages.ErrUnreachable to a script, without its words, which are about brokers.
type unreachableError struct{ text string }

func (e *unreachableError) Error() string { return e.text }

// Is makes the exit code that of something that cannot be reached.
func (e *unreachableError) Is(target error) bool { return target == messages.ErrUnreachable }

// line is how the results should look, whatever the text.
func (m *Main) line(f *replFlags) console.Line {
	l := console.Line{Output: f.output, Wait: f.wait, Color: isTerminal(m.Stdout) && m.mayColor()}
	if l.Output == "" && isTerminal(m.Stdout) {
		l.Output = "table"
	}
	if l.Output == "" {
		l.Output = "tsv"
	}
	return l
}

// mayColor follows NO_COLOR (no-color.org) and terminals that have none.
func (m *Main) mayColor() bool { return m.getenv("NO_COLOR") == "" && m.getenv("TERM") != "dumb" }

func (m *Main) getenv(name string) string {
	for _, e := range slices.Backward(m.Env) {
		if len(e) > len(name) && e[len(name)] == '=' && e[:len(name)] == name {
			return e[len(name)+1:]
		}
	}
	return ""
}
