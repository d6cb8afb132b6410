package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hibana-stream/hibana/actors/console"
	"github.com/hibana-stream/hibana/messages"
)

// script is where lines come from when nobody types them.
type script struct {
	name  string // of the file, "" for -c
	lines *bufio.Scanner
	at    int
}

// longestScriptLine is as long as a session accepts, less what the wire adds.
const longestScriptLine = 512 << 10

func newScript(name string, r io.Reader) *script {
	s := &script{name: name, lines: bufio.NewScanner(r)}
	s.lines.Buffer(nil, longestScriptLine)
	return s
}

// next is the next line that is not empty.
func (s *script) next() (string, bool) {
	for s.lines.Scan() {
		s.at++
		if line := strings.TrimSpace(s.lines.Text()); line != "" {
			return line, true
		}
	}
	return "", false
}

// place is what an error's line begins with.
func (s *script) place() string {
	if s.name == "" {
		return "hibana: "
	}
	return fmt.Sprintf("%s:%d: ", s.name, s.at)
}

// replScript runs lines until one fails. A signal ends it at once, also while it waits for a line.
func (m *Main) replScript(ctx context.Context, f *replFlags, client *console.Client, args []string) error {
	defer context.AfterFunc(ctx, func() {
		_ = client.Close()
		m.Exit(ExitInterrupted)
	})()
	s, closeFile, err := m.openScript(f, args)
	if err != nil {
		return err
	}
	defer closeFile()
	for {
		line, ok := s.next()
		if !ok {
			return s.readError()
		}
		leave, err := m.replLine(ctx, f, client, s, line)
		if err != nil || leave {
			return err
		}
	}
}

func (m *Main) openScript(f *replFlags, args []string) (s *script, closeFile func(), err error) {
	switch {
	case len(f.commands) > 0:
		return newScript("", strings.NewReader(strings.Join(f.commands, "\n"))), func() {}, nil
	case len(args) == 0 || args[0] == "-":
		return newScript("stdin", m.Stdin), func() {}, nil
	}
	file, err := os.Open(args[0])
	if err != nil {
		return nil, nil, &UsageError{fmt.Errorf("the script: %w", err)}
	}
	return newScript(args[0], file), func() { _ = file.Close() }, nil
}

func (s *script) readError() error {
	if err := s.lines.Err(); err != nil {
		s.at++
		return fmt.Errorf("%s%w", s.place(), err)
	}
	return nil
}

// replLine runs one line; leave says that the script should end without a failure.
func (m *Main) replLine(ctx context.Context, f *replFlags, client *console.Client, s *script, text string) (leave bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("no answer within %v: %w", f.timeout, context.DeadlineExceeded))
	defer cancel()
	line := m.line(f)
	line.Text = text
	outcome, err := client.Do(ctx, line, m.Stdout, &placeWriter{out: m.Stderr, place: s.place()})
	if errors.Is(err, console.ErrGone) {
		err = &unreachableError{err.Error()}
	}
	if err != nil {
		_, _ = fmt.Fprintf(m.Stderr, "%s%v\n", s.place(), err)
		return false, errors.Join(errReported, err)
	}
	return outcome.Then != console.Stay, codeError(outcome.Code)
}

// codeError is an error that has been shown, and that gives the program this exit code.
func codeError(code int) error {
	switch code {
	case ExitOK:
		return nil
	case ExitUsage:
		return &UsageError{errReported}
	case ExitUnreachable:
		return errors.Join(errReported, messages.ErrUnreachable)
	case ExitTimeout:
		return errors.Join(errReported, context.DeadlineExceeded)
	case ExitRefused:
		return errors.Join(errReported, messages.ErrRefused)
	}
	return errReported
}

// placeWriter begins every message with where it comes from: FILE:LINE: for a script.
type placeWriter struct {
	out    io.Writer
	place  string
	inLine bool
}

func (w *placeWriter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if !w.inLine {
			line = w.place + line
		}
		if _, err := io.WriteString(w.out, line); err != nil {
			return 0, err
		}
		w.inLine = !strings.HasSuffix(line, "\n")
	}
	return len(p), nil
}
