package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// didYouMean is "" or a remark in brackets that names the nearest candidate.
func didYouMean(wrong string, candidates []string) string {
	if near := nearestWord(wrong, candidates); near != "" {
		return fmt.Sprintf(" (did you mean %s?)", near)
	}
	return ""
}

// nearestWord is the candidate that a word begins, or the one the fewest edits away: two letters in the wrong order are two edits.
// Words of commands are few and short, so it guesses more freely than nearestOf does for the many keys of the configuration.
func nearestWord(wrong string, candidates []string) string {
	bare := strings.TrimLeft(wrong, "-")
	best, least := "", min(max(len(bare)/3, 2), len(bare)-1)+1
	for _, c := range candidates {
		word := strings.TrimLeft(c, "-")
		d := levenshtein.Distance(bare, word, nil)
		if bare != "" && strings.HasPrefix(word, bare) {
			d = 0
		}
		if d < least {
			best, least = c, d
		}
	}
	return best
}

// oneArg wants one argument, and says what it is and how to find one.
func oneArg(name, hint string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return &UsageError{fmt.Errorf("%s: %s is missing; %s", c.Name(), name, hint)}
		case 1:
			return nil
		}
		return &UsageError{fmt.Errorf("%s takes one %s, not %d; %s", c.Name(), name, len(args), hint)}
	}
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &UsageError{fmt.Errorf("%s takes no argument, and got %q; help %s shows its usage", c.Name(), args[0], c.Name())}
}

// flagError names the flag that was perhaps meant.
func flagError(c *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		err = wrongValue(value)
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return &UsageError{fmt.Errorf("%s: %w; help %s shows its flags", c.Name(), err, c.Name())}
	}
	hint := didYouMean(unknown.GetSpecifiedName(), flagNames(c))
	digits := unknown.GetSpecifiedShortnames()
	switch _, noNumber := strconv.Atoi(digits); {
	case c.Name() == "send" || c.Name() == "tell":
		hint += "; text that begins with a dash goes behind --"
	case noNumber == nil:
		return &UsageError{fmt.Errorf("%s: -%s is below 0, which no number here may be; help %s shows its usage", c.Name(), digits, c.Name())}
	}
	return &UsageError{fmt.Errorf("%s: %w%s; help %s shows its flags", c.Name(), err, hint, c.Name())}
}

func flagNames(c *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	}
	c.LocalFlags().VisitAll(add)
	c.InheritedFlags().VisitAll(add)
	return names
}
