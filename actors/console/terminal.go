package console

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"
)

// Editor reads lines from a person until they leave.
type Editor interface {
	// Run edits lines and executes them one after the other. It returns nil when the person has left or ctx has ended, and the
	// error of exec, which says that there is nobody left to talk to.
	Run(ctx context.Context, complete CompleteFunc, exec ExecFunc) error
}

// CompleteFunc lists how a line may go on; Session.Complete and Client.Complete are such functions.
type CompleteFunc func(ctx context.Context, line string) ([]Candidate, error)

// ExecFunc executes a line, and writes whole lines to out and errOut. Its context ends when the person cancels the line.
type ExecFunc func(ctx context.Context, line string, out, errOut io.Writer) (Outcome, error)

// TerminalOptions are what a terminal is made of.
type TerminalOptions struct {
	// In is a terminal, and Out the same one.
	In  io.Reader
	Out io.Writer
	// Env are the NAME=value pairs that describe the terminal: TERM, NO_COLOR and the like; nil is the process's own.
	Env []string
	// Prompt stands before the line.
	Prompt string
	// Hint is what ctrl-C says on an empty line: how to leave. A second ctrl-C leaves.
	Hint string
	// History is the path of the file, "" for none: see HistoryPath.
	History string
	// Color permits color in the editor's own words.
	Color bool
	// Suspend lets ctrl-Z suspend the process; the one that runs the stream should not be.
	Suspend bool
	// Width and Height are the size of what has no size of its own, as in tests; 0 asks the terminal.
	Width, Height int
}

// Terminal is an Editor on a terminal: a line with history and completion at the bottom, everything else above it.
type Terminal struct {
	options TerminalOptions
	screen  *screen
	stdout  *lineWriter
}

var _ Editor = (*Terminal)(nil)

// NewTerminal makes an editor that does not run yet.
func NewTerminal(o TerminalOptions) *Terminal {
	s := &screen{out: o.Out}
	return &Terminal{options: o, screen: s, stdout: &lineWriter{screen: s, tidy: harmless}}
}

// Stdout writes to the terminal without tearing the prompt. It may be used before Run, during it and after it; it writes whole
// lines, without what would move the terminal's cursor. It does not return before the terminal has what was written.
func (t *Terminal) Stdout() io.Writer { return t.stdout }

// Run edits lines until the person leaves or ctx ends. It owns the terminal meanwhile.
func (t *Terminal) Run(ctx context.Context, complete CompleteFunc, exec ExecFunc) error {
	past, err := readHistory(t.options.History)
	m := &editor{options: t.options, screen: t.screen, history: past, ask: complete, exec: exec, width: 80}
	m.ctx, m.end = context.WithCancel(ctx)
	defer m.end()
	program := tea.NewProgram(m, t.programOptions()...)
	defer context.AfterFunc(ctx, program.Quit)()
	ended := t.screen.begin(program)
	if err != nil {
		m.trouble = err.Error()
	}
	_, err = program.Run()
	ended()
	t.stdout.flush()
	return errors.Join(m.failure, readable(err))
}

func (t *Terminal) programOptions() []tea.ProgramOption {
	o := t.options
	all := []tea.ProgramOption{
		tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler(), tea.WithFilter(takePieces),
		tea.WithFPS(30), // it ticks also while nothing happens, and an idle stream should cost next to nothing
	}
	if o.Env != nil {
		all = append(all, tea.WithEnvironment(o.Env))
	}
	if o.Width > 0 {
		all = append(all, tea.WithWindowSize(o.Width, o.Height))
	}
	return all
}

func readable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the line editor: %w", err)
}
