package console

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// mostHistory bounds the lines that are kept.
const mostHistory = 10_000

// HistoryPath is the usual place of the history: in XDG_STATE_HOME, else in the home folder's .local/state.
func HistoryPath() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("no place for the history: %w", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "hibana", "history"), nil
}

// history are the lines entered, the oldest first, and how far up somebody has gone. It is kept in a file that several consoles
// append to; each reads it once, at its start.
type history struct {
	path  string
	lines []string
	at    int    // len(lines) is the line being edited
	draft string // that line, while another is shown
}

// readHistory reads the file; a file that is not there yet is an empty history. It shortens a file that has grown too long.
func readHistory(path string) (*history, error) {
	h := &history{path: path}
	if path == "" {
		return h, nil
	}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return h, fmt.Errorf("the history: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		h.lines = append(h.lines, strings.TrimRight(line, "\n"))
	}
	if over := len(h.lines) - mostHistory; over > mostHistory/10 {
		h.lines = h.lines[over:]
		err = replaceFile(path, strings.Join(h.lines, "\n")+"\n")
	} else {
		err = nil
	}
	h.at = len(h.lines)
	return h, err
}

func replaceFile(path, content string) error {
	next := path + ".new"
	if err := os.WriteFile(next, []byte(content), 0o600); err != nil {
		return fmt.Errorf("the history: %w", err)
	}
	return os.Rename(next, path)
}

// add keeps a line. An empty one, one that begins with a space, and the same as the last one are not kept.
func (h *history) add(line string) error {
	h.draft = ""
	if line != "" && line[0] != ' ' && (len(h.lines) == 0 || h.lines[len(h.lines)-1] != line) {
		h.lines = append(h.lines, line)
		h.at = len(h.lines)
		return h.save(line)
	}
	h.at = len(h.lines)
	return nil
}

func (h *history) save(line string) error {
	if h.path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return fmt.Errorf("the history is not kept: %w", err)
	}
	file, err := os.OpenFile(h.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("the history is not kept: %w", err)
	}
	_, err = file.WriteString(line + "\n")
	return errors.Join(err, file.Close())
}

// up goes to the next older line that begins as the draft does; down comes back. False: there is none.
func (h *history) up(current string) (string, bool) {
	if h.at == len(h.lines) {
		h.draft = current
	}
	for at := h.at - 1; at >= 0; at-- {
		if h.offers(at, current) {
			h.at = at
			return h.lines[at], true
		}
	}
	return "", false
}

func (h *history) down(current string) (string, bool) {
	if h.at == len(h.lines) {
		return "", false
	}
	for at := h.at + 1; at < len(h.lines); at++ {
		if h.offers(at, current) {
			h.at = at
			return h.lines[at], true
		}
	}
	h.at = len(h.lines)
	return h.draft, true
}

func (h *history) offers(at int, current string) bool {
	return strings.HasPrefix(h.lines[at], h.draft) && h.lines[at] != current
}
