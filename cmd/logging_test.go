package cmd

import (
	"bytes"
	"strings"
	"testing"
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
