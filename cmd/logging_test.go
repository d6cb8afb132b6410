package cmd

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// The console changes the level: the next line obeys, also in loggers that were made before, and for those who log through slog.
func TestLevelOfTheLogChangesAtOnce(t *testing.T) {
	var out bytes.Buffer
	c := &Config{Log: LogConfig{Level: "warn"}}
	level := newLiveLevel(c)
	log := newLog(c, level, &out, true)
	part, other := log.With().Str("part", "x").Logger(), slogOf(log)
	say := func() string {
		out.Reset()
		part.Debug().Msg("one")
		part.Warn().Msg("two")
		other.Debug("three")
		other.Info("four")
		var said []string
		for line := range strings.Lines(out.String()) {
			said = append(said, line[strings.LastIndex(line, `:"`)+2:len(line)-3])
		}
		return strings.Join(said, " ")
	}
	if got := say(); got != "two" || level.String() != "warn" {
		t.Errorf("at warn: %s", got)
	}
	level.set("debug")
	if got := say(); got != "one two three four" {
		t.Errorf("at debug: %s", got)
	}
	level.set("error")
	if got := say(); got != "" {
		t.Errorf("at error: %s", got)
	}
}

// While the brokers are away a client tells of every connection that fails: the log gets a few of these lines, a terminal none.
func TestTheClientsOwnLinesAreFew(t *testing.T) {
	var file, terminal bytes.Buffer
	c := &Config{Log: LogConfig{Level: "info"}}
	log := newLog(c, newLiveLevel(c), io.Discard, true).Output(zerolog.MultiLevelWriter(&file, alarms{&terminal}))
	client := slogOf(clientLog(log))
	for range 100 {
		client.Warn("unable to open connection")
		client.Info("connected")
	}
	log.Warn().Msg("waiting for the brokers")
	log.Info().Msg("assigned")
	if n := strings.Count(file.String(), "unable"); n < 1 || n > 10 || strings.Contains(file.String(), "connected") {
		t.Errorf("%d of 100 lines:\n%s", n, file.String())
	}
	if got := terminal.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "waiting for the brokers") || !strings.Contains(file.String(), "assigned") {
		t.Errorf("the terminal shows\n%s", got)
	}
}
