package kafka

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/hibana-stream/hibana/messages"
)

// Passes tells whether an error of Admin's may be gone when the question is asked again: nobody was there, or a broker is busy with
// itself. What a cluster refuses stays refused.
func Passes(err error) bool {
	var code *kerr.Error
	switch {
	case errors.Is(err, messages.ErrRefused):
		return false
	case errors.Is(err, messages.ErrUnreachable):
		return true
	}
	return errors.As(err, &code) && code.Retriable
}
