package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
)

// instance is this process's name among the members of its group, and the claim to it on this host.
type instance struct {
	name string
	file *os.File
}

// mostInstances is how many slots of one group a host has.
const mostInstances = 256

// unsafeInName are the characters that neither a file name nor a client id should have.
var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// claimInstance claims a name: the one that is configured, or the host's name with the lowest slot that is free on this host.
// A name that another process of this host has is an error; on another host the group finds it out.
func claimInstance(group, name string) (*instance, error) {
	if name != "" {
		i, err := claim(group, name)
		if errors.Is(err, errTaken) {
			return nil, &UsageError{fmt.Errorf("instance %q of group %q is running on this host already; give this one another name with -X instance=NAME", name, group)}
		}
		return i, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("no host name (set instance): %w", err)
	}
	for slot := range mostInstances {
		i, err := claim(group, fmt.Sprintf("%s-%d", host, slot))
		if !errors.Is(err, errTaken) {
			return i, err
		}
	}
	return nil, fmt.Errorf("all %d instance names of group %q are taken on this host", mostInstances, group)
}

var errTaken = errors.New("the name is taken")

// claim locks a file in the temporary folder. The kernel gives the lock back when the process dies, however it dies.
func claim(group, name string) (*instance, error) {
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("hibana-%d", os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, unsafeInName.ReplaceAllString(group+"."+name, "_")+".lock")
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			_ = file.Close()
			return nil, errTaken
		}
		if sameFile(file, path) {
			return &instance{name: name, file: file}, nil
		}
		_ = file.Close() // its last owner removed it between our open and our lock
	}
}

func sameFile(file *os.File, path string) bool {
	mine, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

// release gives the name back and leaves no file.
func (i *instance) release() {
	if i == nil || i.file == nil {
		return
	}
	_ = os.Remove(i.file.Name())
	_ = os.Remove(filepath.Dir(i.file.Name())) // only when it is empty
	_ = i.file.Close()
	i.file = nil
}
