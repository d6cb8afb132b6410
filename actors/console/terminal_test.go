package console

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// glass is what a terminal was sent; wait returns when a text has come.
type glass struct {
	mu   sync.Mutex
	sent bytes.Buffer
	news chan struct{}
}

func newGlass() *glass { return &glass{news: make(chan struct{}, 1)} }

func (g *glass) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case g.news <- struct{}{}:
	default:
	}
	return g.sent.Write(p)
}

func (g *glass) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return ansi.Strip(g.sent.String())
}

func (g *glass) wait(text string) {
	for !strings.Contains(g.String(), text) {
		<-g.news
	}
}

func newPipeTerminal(t *testing.T) (tm *Terminal, keys io.Writer, g *glass) {
	t.Helper()
	in, keys := io.Pipe()
	t.Cleanup(func() { _ = in.Close() })
	g = newGlass()
	return NewTerminal(TerminalOptions{
		In: in, Out: g, Env: []string{"TERM=xterm"}, Prompt: "> ", Hint: "exit leaves", Width: 80, Height: 24,
	}), keys, g
}

func noCandidates(context.Context, string) ([]Candidate, error) { return nil, nil }

// The stream prints before, while and after somebody types: every line arrives, once and in order.
func TestTerminalLosesNoOutput(t *testing.T) {
	tm, keys, g := newPipeTerminal(t)
	const all = 300
	running := make(chan struct{})
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for i := range all {
			if i == all/3 {
				<-running
			}
			_, _ = fmt.Fprintf(tm.Stdout(), "<%d>\n", i)
		}
	}()
	go func() {
		_, _ = fmt.Fprint(keys, "go\r")
		g.wait("ran go")
		_, _ = fmt.Fprint(keys, "\x04")
	}()
	err := tm.Run(t.Context(), noCandidates, func(_ context.Context, line string, out, _ io.Writer) (Outcome, error) {
		close(running)
		_, _ = fmt.Fprintln(out, "ran", line)
		return Outcome{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-printed
	at := 0
	for i := range all {
		next := strings.Index(g.String()[at:], fmt.Sprintf("<%d>", i))
		if next < 0 {
			t.Fatalf("line %d is missing behind %q", i, g.String()[:at])
		}
		at += next
	}
	if n := strings.Count(g.String(), "<"); n != all {
		t.Errorf("%d lines, want %d", n, all)
	}
}

// The end of the stream ends the editor, whatever it does.
func TestTerminalEndsWithItsContext(t *testing.T) {
	tm, keys, _ := newPipeTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _, _ = fmt.Fprint(keys, "wait\r") }()
	err := tm.Run(ctx, noCandidates, func(ctx context.Context, _ string, _, _ io.Writer) (Outcome, error) {
		cancel()
		<-ctx.Done()
		return Outcome{}, ctx.Err()
	})
	if err != nil {
		t.Errorf("%v", err)
	}
}

func TestTerminalOfAnEndedContextDoesNotRun(t *testing.T) {
	tm, _, _ := newPipeTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tm.Run(ctx, noCandidates, nil); err != nil {
		t.Errorf("%v", err)
	}
}

func TestTerminalPrintsAnIncompleteLastLine(t *testing.T) {
	tm, keys, g := newPipeTerminal(t)
	go func() { _, _ = fmt.Fprint(keys, "\x04") }()
	_, _ = fmt.Fprint(tm.Stdout(), "no line end")
	if err := tm.Run(t.Context(), noCandidates, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(g.String(), "no line end\n") {
		t.Errorf("%q", g.String())
	}
}
