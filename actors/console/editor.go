package console

import (
	"context"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"
)

// editor is the model of the line at the bottom of a terminal. Its methods are called by one goroutine at a time; what waits, the
// execution of a line and the search for candidates, runs in goroutines of bubbletea's and comes back as a message.
type editor struct {
	options TerminalOptions
	screen  *screen
	history *history
	ask     CompleteFunc
	exec    ExecFunc
	ctx     context.Context
	end     context.CancelFunc

	line    buffer
	menu    menu
	waiting []string           // lines entered while one is under way
	cancel  context.CancelFunc // of the line under way; nil: none is
	width   int
	left    bool
	hinted  bool   // the key before was ctrl-C, and it said how to leave
	printed int    // how often something was printed above the line
	trouble string // what could not be said before the editor ran
	failure error
}

// executed says what became of the line under way.
type executed struct {
	outcome Outcome
	err     error
}

// offered are the candidates for a line, which may have changed since.
type offered struct {
	line       string
	candidates []Candidate
}

// completeWithin is how long candidates may take: after it there are none, and nobody waited.
const completeWithin = 200 * time.Millisecond

// Init says what was wrong with the history, if anything was.
func (e *editor) Init() tea.Cmd {
	if e.trouble == "" {
		return nil
	}
	return e.say(e.trouble)
}

// Update takes one message.
func (e *editor) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	switch m := m.(type) {
	case tea.WindowSizeMsg:
		e.width = m.Width
	case tea.KeyPressMsg:
		return e, e.press(m)
	case tea.PasteMsg:
		e.menu.close()
		e.line.insert(m.Content)
	case offered:
		e.offer(m)
	case executed:
		return e, e.executed(m)
	}
	return e, nil
}

// press handles a key.
func (e *editor) press(k tea.KeyPressMsg) tea.Cmd {
	again := e.hinted
	e.hinted = false
	switch key := k.String(); key {
	case "tab", "shift+tab":
		return e.tab(key == "tab")
	case "enter":
		return e.enter()
	case "esc":
		e.menu.close()
	case "ctrl+c":
		return e.interrupt(again)
	case "ctrl+l":
		return tea.ClearScreen
	case "ctrl+z":
		if e.options.Suspend {
			return tea.Suspend
		}
	case "up", "ctrl+p":
		e.recall(e.history.up)
	case "down", "ctrl+n":
		e.recall(e.history.down)
	default:
		return e.type_(k, key)
	}
	return nil
}

func (e *editor) type_(k tea.KeyPressMsg, key string) tea.Cmd {
	if key == "ctrl+d" && len(e.line.chars) == 0 {
		return e.leave()
	}
	e.menu.close()
	if !e.line.edit(key) && k.Text != "" {
		e.line.insert(k.Text)
	}
	return nil
}

func (e *editor) recall(step func(string) (string, bool)) {
	e.menu.close()
	if line, ok := step(e.line.String()); ok {
		e.line.set(line)
	}
}

// interrupt cancels the line under way, or clears the line, or says how to leave; and leaves when it has just said so.
func (e *editor) interrupt(again bool) tea.Cmd {
	e.menu.close()
	switch {
	case e.cancel != nil:
		e.waiting = nil
		e.cancel()
	case len(e.line.chars) > 0:
		e.line.set("")
	case again:
		return e.leave()
	default:
		e.hinted = true
		return e.say(e.options.Hint)
	}
	return nil
}

// say prints above the line.
func (e *editor) say(text string) tea.Cmd {
	return func() tea.Msg {
		_ = e.screen.print([]string{text})
		return nil
	}
}

// enter takes the line, or the candidate that is marked.
func (e *editor) enter() tea.Cmd {
	if e.menu.marked() {
		e.menu.close()
		return nil
	}
	e.menu.close()
	line := e.line.String()
	e.line.set("")
	if err := e.history.add(line); err != nil && e.trouble == "" {
		e.trouble = err.Error()
		return tea.Batch(e.say(e.trouble), e.execute(line))
	}
	return e.execute(line)
}

// execute runs a line; while another is under way it waits its turn.
func (e *editor) execute(line string) tea.Cmd {
	if e.cancel != nil {
		e.waiting = append(e.waiting, line)
		return nil
	}
	var ctx context.Context
	ctx, e.cancel = context.WithCancel(e.ctx)
	return func() tea.Msg {
		_ = e.screen.print([]string{e.options.Prompt + harmless(line)})
		out := &lineWriter{screen: e.screen, tidy: harmless}
		errOut := &lineWriter{screen: e.screen, tidy: e.alarming}
		defer out.flush()
		defer errOut.flush()
		outcome, err := e.exec(ctx, line, out, errOut)
		return executed{outcome, err}
	}
}

// alarming makes an error's line tell that it is one, also without color.
func (e *editor) alarming(line string) string {
	if line = "! " + harmless(line); e.options.Color {
		line = "\x1b[31m" + line + "\x1b[m"
	}
	return line
}

func (e *editor) executed(m executed) tea.Cmd {
	e.cancel()
	e.cancel = nil
	if m.err != nil {
		if e.ctx.Err() == nil { // else it is the end, and no failure
			e.failure = m.err
		}
		return e.leave()
	}
	if m.outcome.Then == Leave {
		return e.leave()
	}
	if len(e.waiting) == 0 {
		return nil
	}
	next := e.waiting[0]
	e.waiting = e.waiting[1:]
	return e.execute(next)
}

// leave ends the editor, and the line under way.
func (e *editor) leave() tea.Cmd {
	e.left = true
	e.end()
	return tea.Quit
}

var _ io.Writer = (*lineWriter)(nil)
