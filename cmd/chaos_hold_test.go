package cmd_test

import (
	"os"
	"path/filepath"
	"time"
)

// holdFile, set in the environment of a worker, names its hold.
const holdFile = "HIBANA_TEST_HOLD"

// hold is a file by which a test has a worker stay in a window of its job until it is killed: at a random time a kill may hit none, and on a
// slow machine none of many does. The test writes the window's mark into the file, and the worker that stays there takes the file away.
type hold string

func newHold(folder, worker string) hold { return hold(filepath.Join(folder, worker+".hold")) }

// The windows of a job: a kill in the one loses a batch that is committed already, in the other it repeats one that is not yet.
const (
	markBefore = "before the output"
	markBehind = "behind the output"
)

// window is passed by a job in the time in which a kill shows what the delivery does not promise.
func window(mark string) {
	if path := os.Getenv(holdFile); path != "" {
		if wanted, err := os.ReadFile(path); err == nil && string(wanted) == mark && os.Rename(path, path+"ing") == nil {
			select {} // it is killed here
		}
	}
	<-time.After(20 * time.Millisecond)
}

// ask asks the worker to stay at the mark.
func (h hold) ask(mark string) error { return os.WriteFile(string(h), []byte(mark), 0o600) }

// has tells whether the worker stays there.
func (h hold) has() bool {
	_, err := os.Stat(string(h) + "ing")
	return err == nil
}

// end takes the wish back, and tells whether it was granted.
func (h hold) end() bool {
	_ = os.Remove(string(h))
	return os.Remove(string(h)+"ing") == nil
}
