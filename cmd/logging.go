package cmd

import (
	"io"
	"log/slog"
	"os"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// newLog makes the log: for people on a terminal, JSON lines otherwise, unless log.format says which.
func newLog(c *Config, w io.Writer, noColor bool) zerolog.Logger {
	level, err := zerolog.ParseLevel(c.Log.Level)
	if err != nil {
		level = zerolog.InfoLevel
	}
	if c.Log.Format == "console" || c.Log.Format == "auto" && isTerminal(w) {
		w = zerolog.ConsoleWriter{Out: w, NoColor: noColor || !isTerminal(w), TimeFormat: "15:04:05"}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}

// isTerminal tells whether a reader or writer is a terminal.
func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// slogOf is the log for libraries that speak slog.
func slogOf(l zerolog.Logger) *slog.Logger { return slog.New(zerolog.NewSlogHandler(l)) }
