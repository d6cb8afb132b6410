package cmd

import (
	"context"
	"errors"

	"github.com/hibana-stream/hibana/messages"
)

// Exit codes of the program.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitUsage       = 2 // usage or configuration
	ExitUnreachable = 3
	ExitTimeout     = 4
	ExitRefused     = 5
	ExitInterrupted = 130 // a second signal
)

// A UsageError is a mistake in the command line or in the configuration.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *UsageError) Unwrap() error { return e.Err }

// exitCode is what an error means to a script.
func exitCode(err error) int {
	var usage *UsageError
	var config *ConfigError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &usage), errors.As(err, &config):
		return ExitUsage
	case errors.Is(err, messages.ErrUnreachable):
		return ExitUnreachable
	case errors.Is(err, context.DeadlineExceeded):
		return ExitTimeout
	case errors.Is(err, messages.ErrRefused):
		return ExitRefused
	}
	return ExitFailed
}
