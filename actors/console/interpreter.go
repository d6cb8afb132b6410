package console

import (
	"context"
	"io"
)

// Interpreter executes lines. It is called from goroutines, by several sessions at once, and may block until ctx ends.
type Interpreter interface {
	// Execute runs one line. Results go to out, errors to err, both as whole lines.
	Execute(ctx context.Context, line Line, out, err io.Writer) Outcome
	// Complete lists what may stand at the end of an unfinished line.
	Complete(ctx context.Context, line string) []Candidate
}

// Line is a line of commands and how its results should look.
type Line struct {
	// Text is the line: words as a shell would split them. An empty line and a comment (#) do nothing.
	Text string `json:"line,omitempty"`
	// Output is table, json or tsv; "" is table. A flag on the line wins.
	Output string `json:"output,omitempty"`
	// Color permits escape sequences in the results.
	Color bool `json:"color,omitempty"`
	// Wait makes commands return when what they began is in effect, not when it is accepted.
	Wait bool `json:"wait,omitempty"`
}

// Outcome is what became of a line.
type Outcome struct {
	// Code is the exit code that the line would give a script: 0 is success.
	Code int `json:"code"`
	// Then is what the caller should do next.
	Then Then `json:"then,omitempty"`
}

// Then says what follows a line.
type Then string

const (
	// Stay lets the next line come.
	Stay Then = ""
	// Leave ends the session, as the line asked for.
	Leave Then = "leave"
	// End says that the line is complete when the stream has ended, which ends the session too.
	End Then = "end"
)

// Candidate is one way to complete a line.
type Candidate struct {
	// Text replaces the last word of the line.
	Text string `json:"text"`
	// Description is a few words, or "".
	Description string `json:"description,omitempty"`
	// More says that the word goes on: no space should follow it.
	More bool `json:"more,omitempty"`
}
