package cmd

import (
	"io"
	"log/slog"
	"os"
	"sync/atomic"

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
