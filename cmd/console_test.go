package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibana-stream/hibana/actors/console"
	"github.com/hibana-stream/hibana/messages"
)

var updateGolden = flag.Bool("update-golden", false, "write the golden files of the console anew")

// Every command in every format. The clock is synctest's, so that an uptime is always the same.
func TestConsoleShowsCommandsInThreeFormats(t *testing.T) {
	lines := []string{
		"status", "actors", "batches", "batches -n 1", "batch last", "batch 18:36:10", "batch 1763836570000",
		"send hello world", "send --key ann --topic orders 'two  spaces'", "tell greeter '{\"name\":\"ann\"}'",
		"pause", "resume", "rate 500", "rate 0 --wait", "rate", "log debug", "log", "stop", "stop --now", "help", "help send",
	}
	for _, format := range outputFormats {
		var all strings.Builder
		for _, line := range lines {
			out, errOut := inBubble(t, console.Line{Text: line, Output: format})
			_, _ = fmt.Fprintf(&all, "> %s\n%s%s\n", line, out, errOut)
		}
		golden(t, filepath.Join("testdata", "console", format+".txt"), all.String())
	}
}

func inBubble(t *testing.T, line console.Line) (out, errOut string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { out, errOut, _ = typed(t.Context(), newFakeControl(), line) })
	return out, errOut
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *updateGolden {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -run %s -update-golden writes it anew):\n%s", path, t.Name(), got)
	}
}

// Whoever reads help types its examples: each command has two, and they work.
func TestConsoleExamplesWork(t *testing.T) {
	for _, c := range newConsoleCommand(newFakeControl()).Commands() {
		lines := examples(c)
		if len(lines) != 2 {
			t.Errorf("%s has %d examples, and two are wanted", c.Name(), len(lines))
		}
		for _, line := range lines {
			synctest.Test(t, func(t *testing.T) {
				if _, errOut, outcome := typed(t.Context(), newFakeControl(), console.Line{Text: line}); outcome.Code != 0 {
					t.Errorf("%s: %d: %s", line, outcome.Code, errOut)
				}
			})
		}
	}
}

// A mistake is named with what was meant and what to type next, and its code is that of usage.
func TestConsoleMistakesNameTheNearest(t *testing.T) {
	for line, want := range map[string]string{
		"puase":               "unknown command \"puase\" (did you mean pause?); help lists the commands",
		"status -o jsn":       "unknown output format \"jsn\" (did you mean json?); the formats are table, json, tsv",
		"batches --lats 3":    "batches: unknown flag: --lats (did you mean --last?); help batches shows its flags",
		"batches -n x":        "batches: --last takes a whole number, such as 3, and got \"x\"; help batches shows its flags",
		"rate -5":             "rate: -5 is below 0, which no number here may be; help rate shows its usage",
		"batch":               "batch: TIME is missing; batches lists the times",
		"send":                "send: TEXT is missing; send hello publishes an event",
		"send -1 degree":      "send: unknown shorthand flag: '1' in -1; text that begins with a dash goes behind --; help send shows its flags",
		"send 'open":          "a quote is not closed; text with a quote in it goes between quotes of the other kind",
		"tell greeter {a:1}":  "tell: this is no JSON: {a:1}; put single quotes around it, as in tell greeter '{\"a\":1}'",
		"help me":             "unknown command \"me\"; help lists the commands",
		"status now":          "status takes no argument, and got \"now\"; help status shows its usage",
		"batches --last=-1":   "batches: -n -1 is negative; -n 0 lists all that are remembered",
		"rate fast":           "rate: \"fast\" is not a rate; accepted: a number of records a second, such as 1000 (or 1000/s); 0 for no limit",
		"rate 1 2":            "rate takes one N, not 2: a number of records a second, such as 1000",
		"log debgu":           "log: \"debgu\" is not known (did you mean debug?); accepted: trace, debug, info, warn, error",
		"log a b":             "log takes one LEVEL, not 2: one of trace, debug, info, warn, error",
		"batch last and more": "batch takes one TIME, not 3; batches lists the times",
	} {
		_, got, outcome := typed(t.Context(), newFakeControl(), console.Line{Text: line})
		if strings.TrimSpace(got) != want || outcome.Code != ExitUsage {
			t.Errorf("%s: code %d:\n got %s\nwant %s", line, outcome.Code, got, want)
		}
	}
}

// What fails on the stream's side has its own codes, which scripts tell apart.
func TestConsoleFailuresHaveCodes(t *testing.T) {
	for _, c := range []struct {
		name, line, want string
		fails            error
		mute             bool
		code             int
	}{
		{"unreachable", "send hi", "topic events: no broker could be reached", messages.ErrUnreachable, false, ExitUnreachable},
		{"refused", "send hi", "topic events: refused", messages.ErrRefused, false, ExitRefused},
		{"misspelt topic", "send -t evnts hi", "topic evnts: boom (did you mean events?); the job reads events, orders", errors.New("boom"), false, ExitFailed},
		{"no answer", "status", "the stream did not answer within 5s: context deadline exceeded", nil, true, ExitTimeout},
		{"no delivery report", "send hi", "topic events: not acknowledged within 30s, it may still arrive: context deadline exceeded", nil, true, ExitTimeout},
		{"no such batch", "batch 9", "no batch 9; remembered are 1 (18:36:10) to 2 (18:36:12), and batches lists them", nil, false, ExitFailed},
		{"no such actor", "tell greter", "greter: there is no such actor (did you mean greeter?)", nil, false, ExitFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				control := newFakeControl()
				control.fails, control.mute = c.fails, c.mute
				_, got, outcome := typed(t.Context(), control, console.Line{Text: c.line})
				if strings.TrimSpace(got) != c.want || outcome.Code != c.code {
					t.Errorf("code %d, want %d:\n got %s\nwant %s", outcome.Code, c.code, got, c.want)
				}
			})
		})
	}
}

// A batch is found by whatever was shown of it.
func TestConsoleFindsABatchByEachOfItsNames(t *testing.T) {
	for _, name := range []string{"2", "last", "18:36:12", "1795372572000", "2026-11-22T18:36:12Z", "2026-11-22T19:36:12+01:00"} {
		out, errOut, _ := typed(t.Context(), newFakeControl(), console.Line{Text: "batch " + name, Output: "json"})
		if !strings.HasPrefix(out, `{"batch":2,`) {
			t.Errorf("batch %s: %s%s", name, out, errOut)
		}
	}
}

// pause --wait asks until the stream stands still; without it, the command is back at once.
func TestConsoleWaitReturnsWhenInEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		control, begin := newFakeControl(), time.Now()
		typed(t.Context(), control, console.Line{Text: "pause"})
		if waited := time.Since(begin); waited != 0 {
			t.Errorf("pause took %v", waited)
		}
		if _, errOut, _ := typed(t.Context(), control, console.Line{Text: "pause", Wait: true}); errOut != "" || control.polls >= 0 {
			t.Errorf("pause --wait returned while the stream ran: %s", errOut)
		}
	})
}

func TestConsoleWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		control := newFakeControl()
		control.polls = 1 << 30
		control.paused = true
		if err := await(ctx, func(ctx context.Context) (bool, error) {
			return inEffect(ctx, control, true, messages.Accepted{Batch: 9})
		}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestConsoleSendsWhatWasTyped(t *testing.T) {
	control := newFakeControl()
	for _, line := range []string{"send a  b", "send 'a  b' --key ''", "send -t orders -- -1"} {
		if _, errOut, _ := typed(t.Context(), control, console.Line{Text: line}); errOut != "" {
			t.Errorf("%s: %s", line, errOut)
		}
	}
	want := `publish events "" false a b|publish events "" true a  b|publish orders "" false -1`
	if got := strings.Join(control.said, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Any topic may be sent to; one that the job does not read was perhaps meant otherwise.
func TestConsoleNotesATopicThatTheJobDoesNotRead(t *testing.T) {
	out, errOut, o := typed(t.Context(), newFakeControl(), console.Line{Text: "send -t evnts hi"})
	want := "sent, but not to a topic of the job (did you mean events?); the job reads events, orders\n"
	if out != "evnts:2:41\n" || errOut != want || o.Code != 0 {
		t.Errorf("%d %q %q", o.Code, out, errOut)
	}
}

func TestConsoleCompletes(t *testing.T) {
	for line, want := range map[string]string{
		"":                "actors|batch|batches|exit|help|log|pause|rate|resume|send|status|stop|tell|version",
		"sta":             "status",
		"send --t":        "--topic",
		"send --topic ":   "events|orders",
		"send --topic o":  "orders",
		"status -o ":      "table|json|tsv",
		"batch ":          "last|18:36:10|18:36:12",
		"help pa":         "pause",
		"tell gr":         "greeter",
		"send 'an open ":  "",
		"pause --w":       "--wait",
		"send --topic=or": "--topic=orders",
		"rate 1":          "100|1000|10000",
		"rate 5 ":         "",
		"log ":            "trace|debug|info|warn|error",
		"nothing of ours": "",
	} {
		var got []string
		for _, c := range (interpreter{newFakeControl()}).Complete(t.Context(), line) {
			got = append(got, c.Text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: got %v, want %s", line, got, want)
		}
	}
}

func TestConsoleExitLeavesAndStopEnds(t *testing.T) {
	for line, want := range map[string]console.Then{"exit": console.Leave, "quit": console.Leave, "stop": console.Stay, "stop --wait": console.End, "# a comment": console.Stay, "": console.Stay} {
		if _, errOut, o := typed(t.Context(), newFakeControl(), console.Line{Text: line}); o.Then != want || o.Code != 0 {
			t.Errorf("%s: %+v %s", line, o, errOut)
		}
	}
}
