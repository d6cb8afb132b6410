package streaming

import (
	"fmt"
	"time"
)

// wrapped names the operation in an error that does not name one yet.
func wrapped(n *node, err error) error {
	if err == nil || named(err) != nil {
		return err
	}
	return &OpError{Op: n.op, Place: n.place, Err: err}
}

// timeError is a failure of Spark's that ends in the batch's time.
type timeError struct {
	text string
	at   time.Time
}

func (e *timeError) Error() string { return fmt.Sprintf("%s %d ms", e.text, e.at.UnixMilli()) }
