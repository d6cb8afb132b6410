package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageArgs makes a wrong number of arguments a mistake of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &UsageError{err}
		}
		return nil
	}
}

// noArguments is for commands that take none: a word behind hibana, or behind one that only has commands, is a misspelt command.
func noArguments(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case !c.HasSubCommands():
		return &UsageError{fmt.Errorf("%s takes no argument, and got %q; %s --help shows its usage", c.CommandPath(), args[0], c.CommandPath())}
	}
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	behind := ""
	if c.HasParent() { // the program's own name stands before every error
		behind = c.CommandPath() + ": "
	}
	return &UsageError{fmt.Errorf("%sunknown command %q%s; %s --help lists the commands", behind, args[0], didYouMean(args[0], names), c.CommandPath())}
}

// wrongFlag says which flag was perhaps meant, or what the flag takes.
func wrongFlag(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		err = fmt.Errorf("%w%s; %s --help shows its flags", err, didYouMean(unknown.GetSpecifiedName(), flagNames(c)), c.CommandPath())
	case errors.As(err, &value):
		err = wrongValue(value)
	}
	return &UsageError{err}
}

// wrongValue says what the flag takes.
func wrongValue(err *pflag.InvalidValueError) error {
	if takes := flagTakes[err.GetFlag().Value.Type()]; takes != "" {
		return fmt.Errorf("--%s takes %s, and got %q", err.GetFlag().Name, takes, err.GetValue())
	}
	return err
}

// flagTakes puts the types of flags in words.
var flagTakes = map[string]string{
	"int": "a whole number, such as 3", "duration": "a duration, such as 500ms, 10s or 1m30s", "bool": "true or false",
}
