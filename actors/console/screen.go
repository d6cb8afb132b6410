package console

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// screen writes whole lines to a terminal: above the prompt while an editor runs there, and plainly before and after.
type screen struct {
	out     io.Writer
	mu      sync.Mutex
	program *tea.Program
	ended   chan struct{} // closed when program has given the terminal back
}

// piece is text on its way to the editor, and how the sender learns that it has arrived.
type piece struct {
	text  string
	taken chan struct{}
}

// mostRows bounds the rows that are inserted above the prompt at once: all of them must fit on the screen.
const mostRows = 8

// print writes whole lines, in the order of the calls, and returns when the terminal has them.
func (s *screen) print(lines []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(lines) > 0 {
		n, rows := 0, 0
		for n < len(lines) && (n == 0 || rows < mostRows) {
			rows += 1 + ansi.StringWidth(lines[n])/80
			n++
		}
		if text := strings.Join(lines[:n], "\n"); !s.above(text) {
			if _, err := io.WriteString(s.out, text+"\n"); err != nil {
				return err
			}
		}
		lines = lines[n:]
	}
	return nil
}

// above hands text to the editor. False says that there is none, or that it ended first: nothing is lost between the two.
func (s *screen) above(text string) bool {
	if s.program == nil {
		return false
	}
	p := piece{text, make(chan struct{})}
	s.program.Send(p)
	select {
	case <-p.taken:
		return true
	case <-s.ended:
	}
	s.program = nil
	select {
	case <-p.taken:
		return true
	default:
		return false
	}
}

// begin lets an editor own the terminal.
func (s *screen) begin(p *tea.Program) (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.program, s.ended = p, make(chan struct{})
	ended := s.ended
	return func() { close(ended) }
}

// takePieces is the editor's filter: it runs in the editor's loop, where the order of pieces is that of their arrival.
func takePieces(model tea.Model, m tea.Msg) tea.Msg {
	p, ok := m.(piece)
	if !ok {
		return m
	}
	close(p.taken)
	model.(*editor).printed++
	if p.text == "" {
		p.text = " " // an empty text would not be a line
	}
	return tea.Println(p.text)()
}

// lineWriter writes to a screen line by line; it keeps what is not a whole line yet.
type lineWriter struct {
	screen *screen
	tidy   func(string) string
	mu     sync.Mutex
	rest   []byte
}

// Write prints the lines that p completes.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	end := bytes.LastIndexByte(w.rest, '\n')
	if end < 0 {
		return len(p), nil
	}
	lines := strings.Split(string(w.rest[:end]), "\n")
	w.rest = append(w.rest[:0], w.rest[end+1:]...)
	for i := range lines {
		lines[i] = w.tidy(lines[i])
	}
	return len(p), w.screen.print(lines)
}

// flush prints what has no line end.
func (w *lineWriter) flush() {
	w.mu.Lock()
	incomplete := len(w.rest) > 0
	w.mu.Unlock()
	if incomplete {
		_, _ = w.Write([]byte{'\n'})
	}
}

// colors are the escape sequences that may pass: they change how text looks and nothing else.
var colors = regexp.MustCompile(`\x1b\[[0-9;:]*m`)

// harmless makes a line safe beside a prompt: tabs become spaces, and of what would move the cursor only the text is left.
func harmless(line string) string {
	if !strings.ContainsFunc(line, unicode.IsControl) {
		return line
	}
	var b strings.Builder
	from := 0
	for _, at := range colors.FindAllStringIndex(line, -1) {
		plainText(&b, line[from:at[0]])
		b.WriteString(line[at[0]:at[1]])
		from = at[1]
	}
	plainText(&b, line[from:])
	return b.String()
}

func plainText(b *strings.Builder, text string) {
	for _, r := range ansi.Strip(strings.ReplaceAll(text, "\t", "\x00")) {
		switch {
		case r == 0:
			b.WriteString(strings.Repeat(" ", 8-ansi.StringWidth(b.String())%8))
		case !unicode.IsControl(r):
			b.WriteRune(r)
		}
	}
}
