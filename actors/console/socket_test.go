package console

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestListenIsForThisUserAlone(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", folder(t))
	path := SocketPath("g", "i")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	file, _ := os.Lstat(path)
	dir, _ := os.Lstat(filepath.Dir(path))
	if file.Mode().Perm() != 0o600 || dir.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", file.Mode(), dir.Mode())
	}
	if got := Sockets(); len(got) != 1 || got[0] != path {
		t.Errorf("%v", got)
	}
	_ = l.Close()
	if _, err := os.Lstat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty folder is still there: %v", err)
	}
}

// A process that was killed leaves its socket: the next one takes the name.
func TestListenReplacesTheSocketOfADeadProcess(t *testing.T) {
	path := filepath.Join(folder(t), "s")
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	_ = stale.Close()
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if left, _ := filepath.Glob(path + "*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A process that lives keeps its socket, and the error names it.
func TestListenLeavesALivingSocketAlone(t *testing.T) {
	path := filepath.Join(folder(t), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if _, err := Listen(path); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// Whoever took the name meanwhile keeps it: a listener removes its own file only.
func TestListenerRemovesItsOwnFileOnly(t *testing.T) {
	path := filepath.Join(folder(t), "s")
	first, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	second, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	_ = first.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the other's socket is gone: %v", err)
	}
}

func TestListenRefusesWhatItCannotUse(t *testing.T) {
	dir := folder(t)
	plain := filepath.Join(dir, "file")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(plain); err == nil || !strings.Contains(err.Error(), "it is no socket") {
		t.Errorf("%v", err)
	}
	if _, err := os.Lstat(plain); err != nil {
		t.Errorf("the file is gone: %v", err)
	}
	if _, err := Listen(filepath.Join(dir, strings.Repeat("x", 100))); err == nil || !strings.Contains(err.Error(), "console.socket") {
		t.Errorf("%v", err)
	}
	t.Setenv("XDG_RUNTIME_DIR", dir)
	if err := os.Mkdir(Folder(), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(SocketPath("g", "i")); err == nil || !strings.Contains(err.Error(), "of this user alone") {
		t.Errorf("%v", err)
	}
}

// Long names are cut to what an address has room for, and stay different.
func TestSocketPathFitsIntoAnAddress(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/1000")
	long := strings.Repeat("group", 30)
	a, b := SocketPath(long, "host-0"), SocketPath(long, "host-1")
	if len(a) != longestPath || a == b {
		t.Errorf("%d %s %s", len(a), a, b)
	}
	if got := SocketPath("a/b c", "host-0"); got != "/run/user/1000/hibana/a_b_c.host-0.sock" {
		t.Error(got)
	}
}
