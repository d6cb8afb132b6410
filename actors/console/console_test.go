package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers a line with itself. The line "wait" waits for its context, "panic" panics, "hold" waits for held.
type echo struct {
	begun chan string   // takes the lines that wait
	held  chan struct{} // lets "hold" go on
}

func newEcho() *echo { return &echo{begun: make(chan string, 10), held: make(chan struct{})} }

func (e *echo) Execute(ctx context.Context, line Line, out, errOut io.Writer) Outcome {
	switch line.Text {
	case "wait":
		e.begun <- line.Text
		<-ctx.Done()
		_, _ = fmt.Fprintln(errOut, "ended")
		return Outcome{Code: 1}
	case "hold":
		e.begun <- line.Text
		<-e.held
	case "panic":
		panic("boom")
	case "exit":
		return Outcome{Then: Leave}
	case "end":
		e.begun <- line.Text
		return Outcome{Then: End}
	case "fail":
		_, _ = fmt.Fprintln(errOut, "it failed")
		return Outcome{Code: 3}
	}
	_, _ = fmt.Fprintln(out, line.Text, line.Output)
	return Outcome{}
}

func (e *echo) Complete(_ context.Context, line string) []Candidate {
	return []Candidate{{Text: line + "1", Description: "first"}, {Text: line + "2"}}
}

// stream stands for the streaming context: it starts goroutines and ends them.
type stream struct {
	*Console
	*echo
	work sync.WaitGroup
	ctx  context.Context
	end  func()
}

func newStream(t *testing.T) *stream {
	t.Helper()
	s := &stream{echo: newEcho()}
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(context.Background())
	s.end = func() {
		cancel()
		s.work.Wait()
	}
	t.Cleanup(s.end)
	var err error
	s.Console, err = New(Config{
		Root: newSystem().Root, Interpreter: s.echo,
		Go: func(f func(context.Context)) { s.work.Go(func() { f(s.ctx) }) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// newSystem is a quiet one. When a client leaves at the very moment the console ends, its session may be stopped twice, the second
// time in vain; protoactor then keeps a goroutine for as long as it counts such letters, by default longer than goleak waits.
func newSystem() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithDeadLetterThrottleInterval(time.Millisecond),
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
}

// do executes a line and returns what it said.
func do(t *testing.T, s interface {
	Do(context.Context, Line, io.Writer, io.Writer) (Outcome, error)
}, line string) (string, Outcome) {
	t.Helper()
	var out bytes.Buffer
	o, err := s.Do(t.Context(), Line{Text: line, Output: "json"}, &out, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), o
}

// One after the other: what a session is given comes back in its order, with its code.
func TestSessionAnswersLinesInOrder(t *testing.T) {
	s, err := newStream(t).Open()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		line := fmt.Sprint("line ", i)
		if out, o := do(t, s, line); out != line+" json\n" || o.Code != 0 {
			t.Errorf("%q %+v", out, o)
		}
	}
	if out, o := do(t, s, "fail"); out != "it failed\n" || o.Code != 3 {
		t.Errorf("%q %+v", out, o)
	}
	if _, o := do(t, s, "exit"); o.Then != Leave {
		t.Errorf("%+v", o)
	}
}

// A command that panics fails, and the session goes on.
func TestSessionSurvivesAPanic(t *testing.T) {
	s, err := newStream(t).Open()
	if err != nil {
		t.Fatal(err)
	}
	if out, o := do(t, s, "panic"); !strings.Contains(out, "boom") || o.Code != 1 {
		t.Errorf("%q %+v", out, o)
	}
	if out, _ := do(t, s, "again"); out != "again json\n" {
		t.Errorf("%q", out)
	}
}

func TestSessionCancelsTheLineUnderWay(t *testing.T) {
	c := newStream(t)
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-c.begun
		cancel()
	}()
	var out bytes.Buffer
	if _, err := s.Do(ctx, Line{Text: "wait"}, &out, &out); !errors.Is(err, context.Canceled) || out.String() != "ended\n" {
		t.Errorf("%v %q", err, out.String())
	}
	if out, _ := do(t, s, "next"); out != "next json\n" {
		t.Errorf("%q", out)
	}
}

// Who types ahead asks for candidates while a line is under way.
func TestSessionCompletesWhileALineIsUnderWay(t *testing.T) {
	c := newStream(t)
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = s.Do(ctx, Line{Text: "wait"}, io.Discard, io.Discard)
	}()
	<-c.begun
	candidates, err := s.Complete(t.Context(), "x")
	if err != nil || len(candidates) != 2 || candidates[0] != (Candidate{Text: "x1", Description: "first"}) {
		t.Errorf("%v %v", candidates, err)
	}
	cancel()
	<-ended
}

func TestConsoleRefusesMoreThanItsSessions(t *testing.T) {
	c := newStream(t)
	for range mostSessions {
		if _, err := c.Open(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Open(); !errors.Is(err, errFull) {
		t.Errorf("%v", err)
	}
}

// A session that is closed makes room for another, and cancels its line.
func TestSessionClosedCancelsItsLine(t *testing.T) {
	c := newStream(t)
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		var out bytes.Buffer
		_, _ = s.Do(c.ctx, Line{Text: "wait"}, &out, &out)
		said <- out.String()
	}()
	<-c.begun
	s.Close()
	if got := <-said; got != "ended\n" {
		t.Errorf("%q", got)
	}
}
