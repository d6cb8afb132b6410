package checkpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// lockName is the file that the holder of a folder keeps locked. It is never removed: whoever removes a lock file
// lets a third process lock a new one of the same name beside the second.
const lockName = "lock"

// lock takes the folder for one holder; closing the file, or dying, gives it back.
func lock(dir, name string) (*os.File, error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err != nil {
		defer func() { _ = f.Close() }()
		return nil, fmt.Errorf("the checkpoint folder %s is %w by %s (%v)", dir, ErrInUse, holder(path), err)
	}
	// Who holds it is for people; a failure to write it down changes nothing.
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "instance %s, process %d\n", name, os.Getpid())
	}
	return f, nil
}

// holder reads who wrote the lock file.
func holder(path string) string {
	text, err := os.ReadFile(path)
	if who := strings.TrimSpace(string(text)); err == nil && who != "" {
		return who
	}
	return "another process"
}
