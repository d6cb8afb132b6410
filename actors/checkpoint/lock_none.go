//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd)

package checkpoint

import (
	"errors"
	"os"
)

// flock refuses: without a lock that dies with its process, two instances could write one state.
func flock(*os.File) error { return errors.New("this system has no file locks that hibana knows") }
