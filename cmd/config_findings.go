package cmd

import (
	"fmt"
	"slices"
	"strings"
)

// Finding is one thing that is wrong with a configuration. No part of it holds a secret.
type Finding struct {
	Origin Origin
	// Key is the setting; "" when the file cannot be read at all.
	Key string
	// Problem says what is wrong, Accepted what would be right, Nearest what was probably meant; the last two may be empty.
	Problem, Accepted, Nearest string
	// Line is the line of the file, secrets masked; "" when it is not from a file.
	Line string
	cut  int // characters in front of Line that are left out
}

// String is the place and the problem, the line with a caret, and the cure.
func (f Finding) String() string {
	text := ""
	if f.Origin.Kind != FromDefault {
		text = f.Origin.String() + ": "
	}
	if f.Key != "" {
		text += f.Key + ": "
	}
	text += f.Problem
	if f.Line != "" {
		text += "\n    " + f.Line + "\n    " + f.caret()
	}
	if f.Accepted != "" {
		text += "\n    accepted: " + f.Accepted
	}
	if f.Nearest != "" {
		text += fmt.Sprintf("\n    did you mean %q?", f.Nearest)
	}
	return text
}

// caret stands under the column; tabs of the line are kept so that it stands there in any terminal.
func (f Finding) caret() string {
	var indent strings.Builder
	for i, r := range []rune(f.Line) {
		if i >= f.Origin.Column-1-f.cut {
			break
		}
		if r != '\t' {
			r = ' '
		}
		indent.WriteRune(r)
	}
	return indent.String() + "^"
}

// mostLine is how much of a line is shown.
const mostLine = 140

// around is the part of a long line that holds the column, and how much is missing in front of it.
func around(line string, column int) (part string, cut int) {
	runes := []rune(line)
	if len(runes) <= mostLine {
		return line, 0
	}
	cut = min(max(column-mostLine/2, 0), len(runes)-mostLine)
	return string(runes[cut : cut+mostLine]), cut
}

// ConfigError is everything that is wrong with a configuration. The program exits with 2 for it.
type ConfigError struct {
	Findings []Finding
}

// Error lists all findings, each with its place first.
func (e *ConfigError) Error() string {
	errors := "1 error"
	if n := len(e.Findings); n != 1 {
		errors = fmt.Sprintf("%d errors", n)
	}
	text := errors + " in the configuration"
	for _, f := range e.Findings {
		text += "\n" + f.String()
	}
	return text
}

// ExitCode is 2, usage or configuration.
func (*ConfigError) ExitCode() int { return ExitUsage }

// Warning is a setting that is accepted and may surprise.
type Warning struct {
	Origin Origin
	Text   string
}

// String is the place and the text.
func (w Warning) String() string {
	if w.Origin.Kind == FromDefault {
		return w.Text
	}
	return w.Origin.String() + ": " + w.Text
}

// inOrder sorts findings as a reader meets them, and drops what is said twice.
func inOrder(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int { return a.Origin.before(b.Origin) })
	return slices.Compact(findings)
}
