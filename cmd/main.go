package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/hibana-stream/hibana/actors/behaviours"
	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
)

// Job writes a stream down: inputs, operations, outputs. It is called once, before anything starts.
type Job func(*streaming.Context) error

// Main is one run of the program: what it is given instead of the process's own. The zero value of a field is a sensible one.
type Main struct {
	Job Job
	// Behaviours are actors of your own.
	Behaviours []behaviours.Behaviour
	Args       []string // without the program's name
	// Stdin, Stdout and Stderr default to nothing, so that a test sees what it asked for.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Env are NAME=value pairs.
	Env []string
	// Signals are SIGINT and SIGTERM: the first drains, the second exits at once.
	Signals <-chan os.Signal
	// Exit ends the process at once; only a second signal calls it.
	Exit func(code int)
	// Network are client options that reach a broker in a test's own network; they replace bootstrap.servers.
	Network []kafka.Opt
}

// Execute runs the program with a job and with behaviours of your own, if there are any, and exits. It is all that a main function needs.
func Execute(job Job, own ...behaviours.Behaviour) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	m := Main{
		Job: job, Behaviours: own, Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Env: os.Environ(), Signals: signals, Exit: os.Exit,
	}
	os.Exit(m.Run())
}

// Run runs the program and returns the exit code.
func (m *Main) Run() int {
	m.complete()
	if m.Job == nil {
		m.Job = func(*streaming.Context) error { return errNoJob }
	}
	root := m.rootCommand()
	root.SetArgs(m.Args)
	root.SetIn(m.Stdin)
	root.SetOut(m.Stdout)
	root.SetErr(m.Stderr)
	err := root.Execute()
	if err != nil && !errors.Is(err, errReported) {
		fmt.Fprintf(m.Stderr, "hibana: %v\n", err)
	}
	return exitCode(err)
}

// errNoJob is what a program without a job comes to.
var errNoJob = errors.New("no job: cmd.Execute needs a function that writes one down")

// errReported is an error that has been shown to the user already.
var errReported = errors.New("reported")

func (m *Main) complete() {
	if m.Stdin == nil {
		m.Stdin = eof{}
	}
	if m.Stdout == nil {
		m.Stdout = io.Discard
	}
	if m.Stderr == nil {
		m.Stderr = io.Discard
	}
	if _, ok := m.Stderr.(*os.File); !ok { // the log comes from many goroutines
		m.Stderr = zerolog.SyncWriter(m.Stderr)
	}
	if m.Exit == nil {
		m.Exit = func(int) {}
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// version is the module's version, "devel" for a build from a working tree.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
