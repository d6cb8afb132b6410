package cmd

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// newLog makes the log: for people on a terminal, JSON lines otherwise, unless log.format says which. Level is asked for every line.
func newLog(c *Config, level *liveLevel, w io.Writer, noColor bool) zerolog.Logger {
	// A sampler decides before a line is made, and copies of the logger have it too.
	return zerolog.New(logForm(c, w, noColor)).Level(zerolog.TraceLevel).With().Timestamp().Logger().Sample(level)
}

func logForm(c *Config, w io.Writer, noColor bool) io.Writer {
	if c.Log.Format == "console" || c.Log.Format == "auto" && isTerminal(w) {
		return people(w, noColor || !isTerminal(w))
	}
	return w
}

// people is the form of the log for reading.
func people(w io.Writer, noColor bool) io.Writer {
	return zerolog.ConsoleWriter{Out: w, NoColor: noColor, TimeFormat: "15:04:05"}
}

// clientMark is the field of the Kafka clients' own lines. They are for the file: the source says in one sentence what is waited for.
const clientMark = "client"

// clientLog is the log of a Kafka client: its warnings and errors, and few of them. While brokers are away it tells of every connection.
func clientLog(l zerolog.Logger) zerolog.Logger {
	few := &zerolog.BurstSampler{Burst: 5, Period: 10 * time.Second}
	return l.Level(max(l.GetLevel(), zerolog.WarnLevel)).With().Bool(clientMark, true).Logger().Hook(zerolog.HookFunc(func(e *zerolog.Event, level zerolog.Level, _ string) {
		if !few.Sample(level) {
			e.Discard()
		}
	}))
}

// alarms are the lines that somebody at the terminal should see: warnings and errors, in the form for reading.
type alarms struct{ to io.Writer }

// Write is for lines without a level, which there are none of.
func (a alarms) Write(line []byte) (int, error) { return a.to.Write(line) }

// WriteLevel writes the lines that matter.
func (a alarms) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	if level < zerolog.WarnLevel || bytes.Contains(line, []byte(`"`+clientMark+`":true`)) {
		return len(line), nil
	}
	return a.to.Write(line)
}

// liveLevel is log.level, which the console changes while the stream runs.
type liveLevel struct{ least atomic.Int32 }

func newLiveLevel(c *Config) *liveLevel {
	l := &liveLevel{}
	l.set(c.Log.Level)
	return l
}

// Sample tells whether a line of this level is written.
func (l *liveLevel) Sample(level zerolog.Level) bool { return int32(level) >= l.least.Load() }

func (l *liveLevel) set(word string) {
	level, err := zerolog.ParseLevel(word)
	if err != nil {
		level = zerolog.InfoLevel // the configuration and the console know the words
	}
	l.least.Store(int32(level))
}

// String is zerolog's word for the level.
func (l *liveLevel) String() string { return zerolog.Level(l.least.Load()).String() }

// isTerminal tells whether a reader or writer is a terminal.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// slogOf is the log for libraries that speak slog.
func slogOf(l zerolog.Logger) *slog.Logger { return slog.New(zerolog.NewSlogHandler(l)) }
