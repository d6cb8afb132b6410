package cmd

import (
	"io"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"github.com/hibana-stream/hibana/actors/console"
)

// screen is where a run writes: outputs, log, and notes (the banner). When the console owns the terminal, outputs and notes appear
// above its prompt, and the log goes to a file: of that, only what somebody should see is shown there too, warnings and errors.
type screen struct {
	out      io.Writer
	notes    io.Writer
	log      zerolog.Logger
	level    *liveLevel
	path     string // of the log; "" when it goes to stderr
	file     *os.File
	terminal *console.Terminal
}

func newScreen(m *Main, config *Config) (*screen, error) {
	s := &screen{out: m.Stdout, notes: m.Stderr, level: newLiveLevel(config), path: config.Log.File}
	if isTerminal(m.Stdin) && isTerminal(m.Stderr) {
		s.terminal = m.newTerminal("exit, ctrl-D or ctrl-C once more stops the stream; help lists the commands", false)
		s.notes = s.terminal.Stdout()
		if isTerminal(m.Stdout) {
			s.out = s.terminal.Stdout()
		}
		if s.path == "" {
			s.path = ownLog()
		}
	}
	if s.path == "" {
		s.log = newLog(config, s.level, m.Stderr, !m.mayColor())
		return s, nil
	}
	var err error
	if s.file, err = openLog(s.path); err != nil {
		return nil, &UsageError{err}
	}
	s.log = newLog(config, s.level, s.file, true)
	if s.terminal != nil {
		s.log = s.log.Output(zerolog.MultiLevelWriter(logForm(config, s.file, true), alarms{people(s.notes, !m.mayColor())}))
	}
	return s, nil
}

// ownLog is where the log goes while the console owns the terminal: $XDG_STATE_HOME/hibana/hibana.log.
func ownLog() string {
	folder := os.Getenv("XDG_STATE_HOME")
	if folder == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return filepath.Join(os.TempDir(), "hibana.log")
		}
		folder = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(folder, "hibana", "hibana.log")
}

// mostLog is the size at which a log file begins anew; one earlier file is kept.
const mostLog = 16 << 20

func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && info.Size() > mostLog {
		_ = os.Rename(path, path+".1")
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func (s *screen) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}
