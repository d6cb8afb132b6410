package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/hibana-stream/hibana/actors/console"
)

// lineSession executes lines: a session of this process, or a client of another one's.
type lineSession interface {
	Do(ctx context.Context, line console.Line, out, errOut io.Writer) (console.Outcome, error)
	Complete(ctx context.Context, line string) ([]console.Candidate, error)
}

// newTerminal is an editor on the terminal that stdin is. Out is that terminal too, or stdout's place in it when stdout is not.
func (m *Main) newTerminal(hint string, suspend bool) *console.Terminal {
	out := m.Stdout
	if !isTerminal(out) {
		out = m.Stderr
	}
	history, err := console.HistoryPath()
	if err != nil {
		history = ""
	}
	return console.NewTerminal(console.TerminalOptions{
		In: m.Stdin, Out: out, Env: m.Env, Prompt: "hibana> ", Hint: hint, History: history, Color: m.mayColor(), Suspend: suspend,
	})
}

// edit lets a person type lines until they leave. Results go to the terminal, or to stdout when that is somewhere else.
// A line that is cancelled is told so; only a session that is gone ends the editor.
func (m *Main) edit(ctx context.Context, t console.Editor, s lineSession, like console.Line) error {
	return t.Run(ctx, s.Complete, func(ctx context.Context, text string, out, errOut io.Writer) (console.Outcome, error) {
		if !isTerminal(m.Stdout) {
			out = m.Stdout
		}
		like.Text = text
		outcome, err := s.Do(ctx, like, out, errOut)
		if err != nil && ctx.Err() != nil && !errors.Is(err, console.ErrGone) {
			_, _ = fmt.Fprintln(errOut, "cancelled")
			return console.Outcome{}, nil
		}
		return outcome, err
	})
}

// runConsole is the console in the terminal that hibana was started in. It returns when the person has left or ctx has ended.
func (m *Main) runConsole(ctx context.Context, c *console.Console, t console.Editor) error {
	s, err := c.Open()
	if err != nil {
		return err
	}
	defer s.Close()
	return m.edit(ctx, t, s, console.Line{Output: "table", Color: m.mayColor()})
}

// replTerminal is the console of another process's stream.
func (m *Main) replTerminal(ctx context.Context, f *replFlags, client *console.Client, path string) error {
	t := m.newTerminal("exit, ctrl-D or ctrl-C once more leaves, and the stream goes on; stop ends it", true)
	_, _ = fmt.Fprintf(m.Stderr, "attached to %s; help lists the commands, exit leaves\n", path)
	err := m.edit(ctx, t, remote{client, f}, m.line(f))
	switch {
	case errors.Is(err, console.ErrGone):
		return &unreachableError{err.Error()}
	case err != nil:
		return err
	}
	return nil
}

// remote leaves when the stream of the other process has ended as the line wanted, and gives a line up in time.
type remote struct {
	*console.Client
	flags *replFlags
}

// Do executes a line.
func (r remote) Do(ctx context.Context, line console.Line, out, errOut io.Writer) (console.Outcome, error) {
	late, cancel := context.WithTimeout(ctx, r.flags.timeout)
	defer cancel()
	outcome, err := r.Client.Do(late, line, out, errOut)
	switch {
	case err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		_, _ = fmt.Fprintf(errOut, "no answer within %v\n", r.flags.timeout)
		return console.Outcome{Code: ExitTimeout}, nil
	case outcome.Then == console.End:
		outcome.Then = console.Leave
	}
	return outcome, err
}
