package console

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// menu lists candidates under the line.
type menu struct {
	candidates []Candidate
	mark       int    // of the candidate that is in the line; -1 is none
	before     string // the line up to the word that is completed
}

// mostShown bounds the candidates on the screen; the others come when the mark reaches them.
const mostShown = 8

func (m *menu) open() bool { return len(m.candidates) > 0 }

func (m *menu) marked() bool { return m.open() && m.mark >= 0 }

func (m *menu) close() { *m = menu{mark: -1} }

// step moves the mark, around the end.
func (m *menu) step(by int) Candidate {
	n := len(m.candidates)
	if m.mark < 0 && by < 0 {
		m.mark = 0
	}
	m.mark = (m.mark + by + n) % n
	return m.candidates[m.mark]
}

// tab asks for candidates, or goes on to the next one of those that are shown.
func (e *editor) tab(forward bool) tea.Cmd {
	if e.menu.open() {
		by := 1
		if !forward {
			by = -1
		}
		e.line.set(e.menu.before + e.menu.step(by).Text)
		return nil
	}
	line, ask, within := strings.Join(e.line.chars[:e.line.cursor], ""), e.ask, e.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(within, completeWithin)
		defer cancel()
		candidates, err := ask(ctx, line)
		if err != nil {
			return nil
		}
		return offered{line, candidates}
	}
}

// offer completes the line as far as all candidates agree, and shows them when there are several.
func (e *editor) offer(m offered) {
	if m.line != e.line.String() || len(m.candidates) == 0 || e.left {
		return
	}
	before := m.line[:strings.LastIndexByte(m.line, ' ')+1]
	if len(m.candidates) == 1 {
		end := " "
		if m.candidates[0].More {
			end = ""
		}
		e.line.set(before + m.candidates[0].Text + end)
		return
	}
	if common := commonStart(m.candidates); len(common) > len(m.line)-len(before) {
		e.line.set(before + common)
	}
	e.menu = menu{candidates: m.candidates, mark: -1, before: before}
}

func commonStart(all []Candidate) string {
	common := all[0].Text
	for _, c := range all[1:] {
		for !strings.HasPrefix(c.Text, common) {
			common = common[:len(common)-1]
		}
	}
	return strings.ToValidUTF8(common, "")
}

// rows are what is shown: the part of the list around the mark, and how many more there are.
func (m *menu) rows(width int) []string {
	from := max(min(m.mark-mostShown/2, len(m.candidates)-mostShown), 0)
	until := min(from+mostShown, len(m.candidates))
	words := 0
	for _, c := range m.candidates[from:until] {
		words = max(words, ansi.StringWidth(c.Text))
	}
	var rows []string
	for i, c := range m.candidates[from:until] {
		sign := "  "
		if from+i == m.mark {
			sign = "> "
		}
		space := strings.Repeat(" ", words-ansi.StringWidth(c.Text)+2)
		rows = append(rows, ansi.Truncate(strings.TrimRight(sign+c.Text+space+c.Description, " "), width, "…"))
	}
	if hidden := len(m.candidates) - len(rows); hidden > 0 {
		rows = append(rows, fmt.Sprintf("  … %d more", hidden))
	}
	return rows
}

// View draws the line with its prompt, and the menu under it.
func (e *editor) View() tea.View {
	if e.left || e.ctx.Err() != nil {
		return tea.NewView("")
	}
	prompt := e.options.Prompt
	visible, column := e.line.window(max(e.width-ansi.StringWidth(prompt)-1, 1))
	rows := append([]string{prompt + visible}, e.menu.rows(max(e.width-1, 1))...)
	view := tea.NewView(strings.Join(rows, "\n") + e.redrawn())
	view.Cursor = tea.NewCursor(ansi.StringWidth(prompt)+column, 0)
	return view
}

// redrawn is nothing that can be seen. bubbletea leaves the cursor at the start of the line when it has printed above it, and puts
// it back only with a view that differs from the last one.
func (e *editor) redrawn() string { return strings.Repeat("\x1b[m", e.printed%2) }
