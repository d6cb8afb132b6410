package cmd

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/hibana-stream/hibana/actors/console"
)

// replHost is a stream that listens on a socket, as far as repl can tell.
type replHost struct {
	*fakeControl
	path string
	end  func()
}

// newReplHost listens on the usual path of an instance, in a folder of the test's own.
func newReplHost(t *testing.T, group, instance string) *replHost {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	h := &replHost{fakeControl: newFakeControl(), path: console.SocketPath(group, instance)}
	h.end = sync.OnceFunc(func() {
		cancel()
		work.Wait()
	})
	h.ended = cancel
	t.Cleanup(h.end)
	quiet := actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })
	c, err := console.New(console.Config{
		Root: actor.NewActorSystem(quiet).Root, Interpreter: interpreter{h.fakeControl},
		Go: func(f func(context.Context)) { work.Go(func() { f(ctx) }) },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := console.Listen(h.path)
	if err != nil {
		t.Fatal(err)
	}
	work.Go(func() { _ = c.Serve(ctx, l) })
	return h
}

// runtimeFolder gives the test its own sockets, under a path that is short enough for them.
func runtimeFolder(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "hb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
}

// repl runs hibana repl and returns what it wrote, and its exit code.
func repl(t *testing.T, stdin string, args ...string) (out, errOut string, code int) {
	t.Helper()
	return replFrom(t, strings.NewReader(stdin), args...)
}

func replFrom(t *testing.T, stdin io.Reader, args ...string) (out, errOut string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	m := &Main{Args: args, Stdin: stdin, Stdout: &o, Stderr: &e}
	m.complete()
	c := newReplCommand(m, &runFlags{})
	c.SetArgs(append([]string{}, args...))
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetFlagErrorFunc(flagError)
	err := c.Execute()
	if err != nil && !strings.Contains(err.Error(), errReported.Error()) {
		_, _ = fmt.Fprintf(&e, "hibana: %v\n", err)
	}
	return o.String(), e.String(), exitCode(err)
}

func TestReplRunsCommands(t *testing.T) {
	runtimeFolder(t)
	h := newReplHost(t, "g", "host-0")
	out, errOut, code := repl(t, "", "-c", "send one", "-c", "send two", "-o", "json")
	want := `{"place":"events:2:41","topic":"events","partition":2,"offset":41}` + "\n"
	if out != want+want || errOut != "" || code != 0 {
		t.Errorf("%d\n%s%s", code, out, errOut)
	}
	if len(h.said) != 2 {
		t.Errorf("%v", h.said)
	}
}

// Into a pipe the results are for programs; -o of a line wins over that of the program.
func TestReplWritesTSVIntoAPipe(t *testing.T) {
	runtimeFolder(t)
	newReplHost(t, "g", "host-0")
	out, _, _ := repl(t, "actors\n# a comment\n\nsend x -o table\nexit\nsend never\n")
	want := "path\naggregator\naggregator/events-2\naggregator/events-10\nconsole\nconsole/session-1\ngreeter\nproducer\nevents:2:41\n"
	if out != want {
		t.Errorf("%q", out)
	}
}

// A script ends at its first error, which names the file and the line, and its code is the program's.
func TestReplScriptEndsAtItsFirstError(t *testing.T) {
	runtimeFolder(t)
	h := newReplHost(t, "g", "host-0")
	path := filepath.Join(t.TempDir(), "steer.hibana")
	if err := os.WriteFile(path, []byte("send one\n\n# next\npuase\nsend two\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errOut, code := repl(t, "", path)
	if want := path + ":4: unknown command \"puase\" (did you mean pause?); help lists the commands\n"; errOut != want || code != ExitUsage {
		t.Errorf("%d %s", code, errOut)
	}
	if len(h.said) != 1 {
		t.Errorf("it went on: %v", h.said)
	}
	if _, errOut, code := repl(t, "send hi\nbatch 9\n"); !strings.HasPrefix(errOut, "stdin:2: no batch 9") || code != ExitFailed {
		t.Errorf("%d %s", code, errOut)
	}
}

func TestReplStops(t *testing.T) {
	runtimeFolder(t)
	for _, args := range [][]string{{"-c", "stop"}, {"-c", "stop", "--wait"}, {"-c", "stop --now --wait"}} {
		h := newReplHost(t, "g", "host-0")
		out, errOut, code := repl(t, "", args...)
		if !strings.HasPrefix(out, "command\tstop\n") || errOut != "" || code != 0 {
			t.Errorf("%v: %d %s%s", args, code, out, errOut)
		}
		h.end()
		if _, err := os.Lstat(h.path); err == nil {
			t.Error("the socket is still there")
		}
	}
}

func TestReplFindsTheRunningHibana(t *testing.T) {
	runtimeFolder(t)
	_, errOut, code := repl(t, "", "-c", "status")
	if want := "hibana: no running hibana found in " + filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "hibana", "*.sock") +
		"; start one with hibana, or name its socket with --socket PATH\n"; errOut != want || code != ExitUnreachable {
		t.Errorf("%d %s", code, errOut)
	}
	a, b := newReplHost(t, "g", "host-0"), newReplHost(t, "g", "host-1")
	_, errOut, code = repl(t, "", "-c", "status")
	if !strings.Contains(errOut, "2 hibanas are running") || !strings.Contains(errOut, "--socket "+a.path+"\n") || code != ExitUsage {
		t.Errorf("%d %s", code, errOut)
	}
	if _, errOut, code := repl(t, "", "-c", "send x", "--socket", b.path); code != 0 || len(b.said) != 1 {
		t.Errorf("%d %s", code, errOut)
	}
	a.end()
	if _, errOut, code := repl(t, "", "-c", "send x"); code != 0 || len(b.said) != 2 {
		t.Errorf("%d %s", code, errOut)
	}
	if _, errOut, code := repl(t, "", "-c", "send x", "--socket", a.path); code != ExitUnreachable || !strings.Contains(errOut, a.path) {
		t.Errorf("%d %s", code, errOut)
	}
}

func TestReplGivesACommandUp(t *testing.T) {
	runtimeFolder(t)
	h := newReplHost(t, "g", "host-0")
	h.mute = true
	_, errOut, code := repl(t, "", "-c", "send x", "--timeout", "50ms")
	if errOut != "hibana: no answer within 50ms: context deadline exceeded\n" || code != ExitTimeout {
		t.Errorf("%d %s", code, errOut)
	}
}

// A hibana that ends in the middle of a script is not there for the rest.
func TestReplSaysWhenTheOtherSideEnds(t *testing.T) {
	runtimeFolder(t)
	h := newReplHost(t, "g", "host-0")
	between := readerFunc(func(p []byte) (int, error) {
		h.end()
		return copy(p, "send y\n"), io.EOF
	})
	_, errOut, code := replFrom(t, io.MultiReader(strings.NewReader("send x\n"), between))
	if !strings.HasPrefix(errOut, "stdin:2: the connection ended") || code != ExitUnreachable || len(h.said) != 1 {
		t.Errorf("%d %s %v", code, errOut, h.said)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestReplRefusesWrongUsage(t *testing.T) {
	runtimeFolder(t)
	for _, c := range []struct{ want, args string }{
		{"hibana: unknown output format \"yml\"; the formats are table, json, tsv\n", "-o yml"},
		{"hibana: either -c or a SCRIPT, not both\n", "-c status script"},
		{"hibana: the script: open none.hibana: no such file or directory\n", "none.hibana"},
	} {
		newReplHost(t, "g", "host-0").end()
		h := newReplHost(t, "g", "host-0")
		if _, errOut, code := repl(t, "", strings.Fields(c.args)...); errOut != c.want || code != ExitUsage {
			t.Errorf("%s: %d %s", c.args, code, errOut)
		}
		h.end()
	}
}
