package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
)

// desk is an editor without a terminal: keys go in one by one, and what bubbletea would run for it is run at once.
type desk struct {
	*editor
	t      *testing.T
	screen bytes.Buffer
	lines  []string // executed
	then   Outcome
	fails  error
	offers []Candidate
	quit   bool
	later  []tea.Cmd // not run yet, while holding
	hold   bool
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t}
	past, err := readHistory(filepath.Join(t.TempDir(), "sub", "history"))
	if err != nil {
		t.Fatal(err)
	}
	d.editor = &editor{
		options: TerminalOptions{Prompt: "> ", Hint: "exit leaves"}, screen: &screen{out: &d.screen}, history: past, width: 40,
		ask: func(context.Context, string) ([]Candidate, error) { return d.offers, nil },
		exec: func(ctx context.Context, line string, out, errOut io.Writer) (Outcome, error) {
			d.lines = append(d.lines, line)
			_, _ = fmt.Fprintf(out, "ran %s\n", line)
			if line == "bad" {
				_, _ = fmt.Fprintln(errOut, "it failed")
			}
			return d.then, d.fails
		},
	}
	d.editor.ctx, d.end = context.WithCancel(t.Context())
	return d
}

// keys presses keys: names like "enter" or "ctrl+c" between spaces, anything else is typed.
func (d *desk) keys(names ...string) *desk {
	for _, name := range names {
		d.update(key(name))
	}
	return d
}

func (d *desk) update(m tea.Msg) {
	_, cmd := d.Update(m)
	if d.hold && cmd != nil {
		d.later = append(d.later, cmd)
		return
	}
	d.run(cmd)
}

func (d *desk) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch m := cmd().(type) {
	case nil:
	case tea.QuitMsg:
		d.quit = true
	case tea.BatchMsg:
		for _, c := range m {
			d.run(c)
		}
	default:
		d.update(m)
	}
}

var special = map[string]rune{
	"enter": tea.KeyEnter, "tab": tea.KeyTab, "left": tea.KeyLeft, "right": tea.KeyRight, "up": tea.KeyUp, "down": tea.KeyDown,
	"home": tea.KeyHome, "end": tea.KeyEnd, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "esc": tea.KeyEscape,
}

func key(name string) tea.KeyPressMsg {
	mods := map[string]tea.KeyMod{"ctrl": tea.ModCtrl, "alt": tea.ModAlt, "shift": tea.ModShift}
	var k tea.KeyPressMsg
	rest := name
	for {
		mod, after, ok := strings.Cut(rest, "+")
		if _, known := mods[mod]; !ok || !known || after == "" {
			break
		}
		k.Mod |= mods[mod]
		rest = after
	}
	if code, ok := special[rest]; ok {
		k.Code = code
		return k
	}
	k.Code = []rune(rest)[0]
	if k.Mod == 0 {
		k.Text = rest
	}
	return k
}

func (d *desk) want(what, got, want string) {
	d.t.Helper()
	if got != want {
		d.t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestEditorExecutesWhatIsEntered(t *testing.T) {
	d := newDesk(t).keys("status", "enter", "bad", "enter")
	d.want("screen", d.screen.String(), "> status\nran status\n> bad\nran bad\n! it failed\n")
	d.want("line", d.line.String(), "")
}

// Lines typed while one is under way wait their turn; ctrl-C ends that one and forgets them.
func TestEditorQueuesLines(t *testing.T) {
	d := newDesk(t)
	d.hold = true
	d.keys("one", "enter", "two", "enter", "three", "enter")
	d.hold = false
	for _, cmd := range d.later {
		d.run(cmd)
	}
	d.want("lines", strings.Join(d.lines, " "), "one two three")

	d.hold, d.later, d.lines = true, nil, nil
	d.keys("four", "enter", "five", "enter", "ctrl+c")
	d.hold = false
	for _, cmd := range d.later {
		d.run(cmd)
	}
	d.want("lines after ctrl-C", strings.Join(d.lines, " "), "four")
}

func TestEditorInterruptClearsThenSaysHowToLeave(t *testing.T) {
	d := newDesk(t).keys("abc", "ctrl+c")
	d.want("line", d.line.String(), "")
	d.want("screen", d.screen.String(), "")
	d.keys("ctrl+c")
	d.want("screen", d.screen.String(), "exit leaves\n")
	d.keys("a", "ctrl+c", "ctrl+c")
	if d.quit {
		t.Error("ctrl-C left, and it was not the second in a row")
	}
	d.keys("ctrl+c")
	if !d.quit {
		t.Error("the second ctrl-C in a row did not leave")
	}
}

func TestEditorLeaves(t *testing.T) {
	if !newDesk(t).keys("ctrl+d").quit {
		t.Error("ctrl-D on an empty line does not leave")
	}
	if d := newDesk(t).keys("ab", "left", "ctrl+d"); d.quit || d.line.String() != "a" {
		t.Errorf("ctrl-D in a line: %v %q", d.quit, d.line.String())
	}
	d := newDesk(t)
	d.then = Outcome{Then: Leave}
	if !d.keys("exit", "enter").quit {
		t.Error("exit does not leave")
	}
	d = newDesk(t)
	d.fails = errors.New("gone")
	if !d.keys("x", "enter").quit || d.failure == nil {
		t.Error("a session that is gone does not end the editor")
	}
	d.want("view", d.View().Content, "")
}

func TestEditorCompletes(t *testing.T) {
	d := newDesk(t)
	d.offers = []Candidate{{Text: "status", Description: "where it stands"}, {Text: "stop", Description: "end it"}}
	d.keys("s", "tab")
	d.want("common start", d.line.String(), "st")
	d.want("menu", d.View().Content, "> st\n  status  where it stands\n  stop    end it")
	d.keys("tab", "tab")
	d.want("second", d.View().Content, "> stop\n  status  where it stands\n> stop    end it")
	d.keys("tab")
	d.want("around", d.line.String(), "status")
	d.keys("shift+tab")
	d.want("back", d.line.String(), "stop")
	d.keys("enter")
	d.want("accepted", d.View().Content, "> stop")
	if len(d.lines) > 0 {
		t.Errorf("enter in the menu executed %v", d.lines)
	}
	d.offers = d.offers[:1]
	d.keys("ctrl+u", "send x sta", "tab")
	d.want("the only one", d.line.String(), "send x status ")
}

// Candidates that come late, for a line that has changed, are not wanted any more.
func TestEditorForgetsLateCandidates(t *testing.T) {
	d := newDesk(t)
	d.offers = []Candidate{{Text: "status"}}
	d.hold = true
	d.keys("s", "tab", "e")
	d.run(d.later[0])
	d.want("line", d.line.String(), "se")
}

func TestEditorRecallsHistory(t *testing.T) {
	d := newDesk(t).keys("send a", "enter", "status", "enter", "status", "enter", "send b", "enter", " secret", "enter")
	d.keys("up", "up", "up", "up")
	d.want("oldest", d.line.String(), "send a")
	d.keys("down")
	d.want("newer", d.line.String(), "status")
	d.keys("ctrl+u", "ctrl+c", "down", "down", "down", "ctrl+u", "send", "up")
	d.want("with prefix", d.line.String(), "send b")
	d.keys("up")
	d.want("with prefix again", d.line.String(), "send a")
	d.keys("down", "down")
	d.want("draft", d.line.String(), "send")
}

func TestEditorPastesOneLine(t *testing.T) {
	d := newDesk(t)
	d.update(tea.PasteMsg{Content: "send a\nb\tc"})
	d.want("line", d.line.String(), "send a b c")
}

// A line that is longer than the terminal shows the part around the cursor.
func TestEditorShowsThePartAroundTheCursor(t *testing.T) {
	d := newDesk(t)
	d.update(tea.WindowSizeMsg{Width: 12, Height: 5})
	d.keys("0123456789日本")
	view := d.View()
	d.want("end", view.Content, "> 6789日本")
	if view.Cursor.X != 10 {
		t.Errorf("cursor at %d", view.Cursor.X)
	}
	d.keys("home")
	d.want("begin", d.View().Content, "> 012345678")
}
