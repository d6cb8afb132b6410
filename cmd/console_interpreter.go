package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/shlex"
	"github.com/spf13/cobra"

	"github.com/hibana-stream/hibana/actors/console"
)

// interpreter executes the console's lines with a command tree that is made anew for each of them.
type interpreter struct{ control Control }

// errLeave and errEnd are no failures: they tell the session what comes next.
var (
	errLeave = errors.New("leave")
	errEnd   = errors.New("end")
)

// Execute runs one line.
func (i interpreter) Execute(ctx context.Context, line console.Line, out, errOut io.Writer) console.Outcome {
	words, err := shlex.Split(line.Text)
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "a quote is not closed; text with a quote in it goes between quotes of the other kind")
		return console.Outcome{Code: ExitUsage}
	}
	if len(words) == 0 {
		return console.Outcome{}
	}
	root := newConsoleCommand(i.control)
	presetFlags(root, line)
	root.SetArgs(questionIsHelp(words))
	root.SetOut(out)
	root.SetErr(errOut)
	return outcomeOf(root.ExecuteContext(ctx), errOut)
}

func outcomeOf(err error, errOut io.Writer) console.Outcome {
	switch {
	case err == nil:
		return console.Outcome{}
	case errors.Is(err, errLeave):
		return console.Outcome{Then: console.Leave}
	case errors.Is(err, errEnd):
		return console.Outcome{Then: console.End}
	case errors.Is(err, context.Canceled):
		return console.Outcome{Code: ExitFailed} // who cancelled the line knows
	case err == context.DeadlineExceeded: // the bare one says nothing to a person
		err = errNoAnswer
	}
	_, _ = fmt.Fprintln(errOut, err)
	return console.Outcome{Code: exitCode(err)}
}

// presetFlags makes what the session wants the default of the line's flags.
func presetFlags(root *cobra.Command, line console.Line) {
	if line.Output != "" {
		_ = root.PersistentFlags().Lookup("output").Value.Set(line.Output)
	}
	_ = root.PersistentFlags().Lookup("color").Value.Set(strconv.FormatBool(line.Color))
	for _, c := range root.Commands() {
		if wait := c.Flags().Lookup("wait"); wait != nil {
			_ = wait.Value.Set(strconv.FormatBool(line.Wait))
		}
	}
}

// questionIsHelp lets a question mark ask for help: alone, or behind a command.
func questionIsHelp(words []string) []string {
	last := len(words) - 1
	switch {
	case words[last] != "?":
		return words
	case last == 0:
		return []string{"help"}
	}
	return append(words[:last:last], "--help")
}

// Complete asks the same tree, through the hidden command that shells use.
func (i interpreter) Complete(ctx context.Context, line string) []console.Candidate {
	words, err := shlex.Split(line)
	if err != nil {
		return nil // inside of quotes: text, which nobody can guess
	}
	if line == "" || strings.HasSuffix(line, " ") {
		words = append(words, "")
	}
	var out bytes.Buffer
	root := newConsoleCommand(i.control)
	root.SetArgs(append([]string{cobra.ShellCompRequestCmd}, words...))
	root.SetOut(&out)
	root.SetErr(io.Discard)
	if root.ExecuteContext(ctx) != nil {
		return nil
	}
	return candidates(out.String(), words[len(words)-1])
}

// candidates reads cobra's answer: a candidate a line, a tab before its description, and a directive at the end. Those that do
// not begin as the word does are left out, and the value of --flag=value is completed with its flag.
func candidates(answer, word string) []console.Candidate {
	var all []console.Candidate
	lines := strings.Split(strings.TrimRight(answer, "\n"), "\n")
	directive, _ := strconv.Atoi(strings.TrimPrefix(lines[len(lines)-1], ":"))
	more := cobra.ShellCompDirective(directive)&cobra.ShellCompDirectiveNoSpace != 0
	flag := ""
	if name, _, isValue := strings.Cut(word, "="); isValue && strings.HasPrefix(word, "--") {
		flag = name + "="
	}
	for _, line := range lines[:len(lines)-1] {
		text, description, _ := strings.Cut(line, "\t")
		if text = flag + text; strings.HasPrefix(text, word) {
			all = append(all, console.Candidate{Text: text, Description: description, More: more || strings.HasSuffix(text, "=")})
		}
	}
	return all
}
