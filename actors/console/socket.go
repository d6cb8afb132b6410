package console

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// ErrInUse says that another process answers on a socket.
var ErrInUse = errors.New("another hibana is listening there")

// longestPath is what fits into a Unix socket's address everywhere (macOS has room for 103 bytes, Linux for 107).
const longestPath = 100

// unsafeInPath are the characters that a file name should not have.
var unsafeInPath = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Folder is where the sockets of this user's processes are: in XDG_RUNTIME_DIR if it is set, else in the temporary folder.
func Folder() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "hibana")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("hibana-%d", os.Getuid()))
}

// SocketPath is the usual path of an instance's socket. A name that is too long for an address is cut, and a hash keeps it apart.
func SocketPath(group, instance string) string {
	name := unsafeInPath.ReplaceAllString(group+"."+instance, "_")
	path := filepath.Join(Folder(), name+".sock")
	if over := len(path) - longestPath; over > 0 {
		sum := fmt.Sprintf("~%x", sha256.Sum256([]byte(group+"\x00"+instance)))[:13]
		path = filepath.Join(Folder(), name[:max(len(name)-over-len(sum), 0)]+sum+".sock")
	}
	return path
}

// Sockets are the sockets in the usual folder, of living processes and of dead ones.
func Sockets() []string {
	paths, _ := filepath.Glob(filepath.Join(Folder(), "*.sock"))
	return paths
}

// Listen makes a socket that this user alone may use. The file of a dead process is replaced; a living one is ErrInUse.
// Closing the listener removes the file, and the folder if nothing else is in it.
func Listen(path string) (net.Listener, error) {
	if len(path) > longestPath {
		return nil, fmt.Errorf("the socket's path has %d bytes and may have %d: %s (set console.socket to a shorter one)", len(path), longestPath, path)
	}
	for range 10 { // whoever leaves removes an empty folder, perhaps between our making it and our using it
		l, err := listen(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return l, err
		}
	}
	return listen(path)
}

func listen(path string) (net.Listener, error) {
	if err := prepare(filepath.Dir(path)); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if errors.Is(err, syscall.EADDRINUSE) {
		if err := removeStale(path); err != nil {
			return nil, err
		}
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	}
	if err != nil {
		return nil, fmt.Errorf("the console's socket: %w", err)
	}
	return own(l, path)
}

// prepare makes the usual folder. In a temporary folder somebody else may have made one of that name before: it is not used.
func prepare(folder string) error {
	if folder != Folder() {
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("the console's socket: %w", err)
	}
	info, err := os.Lstat(folder)
	if err == nil && (!info.IsDir() || info.Mode().Perm()&0o077 != 0) {
		return fmt.Errorf("the console's socket: %s must be a folder of this user alone (chmod 700), or set console.socket", folder)
	}
	return err
}

// removeStale removes the socket of a dead process. It first takes the name away and asks afterwards, because another process
// may do the same: whoever finds a living socket under the taken name puts it back.
func removeStale(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s is in the way: it is no socket", path)
	}
	if alive(path) {
		return fmt.Errorf("%s: %w", path, ErrInUse)
	}
	aside := fmt.Sprintf("%s~%d", path, os.Getpid())
	if err := os.Rename(path, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	defer func() { _ = os.Remove(aside) }()
	if alive(aside) {
		_ = os.Link(aside, path)
		return fmt.Errorf("%s: %w", path, ErrInUse)
	}
	return nil
}

// alive tells whether somebody listens. Only a refused connection proves that nobody does.
func alive(path string) bool {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = conn.Close()
		return true
	}
	return !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist)
}

// socket is a listener that removes its own file, never another's that has taken the name since.
type socket struct {
	*net.UnixListener
	path string
	made os.FileInfo
}

func own(l *net.UnixListener, path string) (net.Listener, error) {
	l.SetUnlinkOnClose(false)
	err := os.Chmod(path, 0o600)
	info, statErr := os.Lstat(path)
	if err = errors.Join(err, statErr); err != nil {
		_ = os.Remove(path)
		_ = l.Close()
		return nil, fmt.Errorf("the console's socket: %w", err)
	}
	return &socket{l, path, info}, nil
}

// Close removes the file before it stops listening: who finds the file can connect.
func (s *socket) Close() error {
	if now, err := os.Lstat(s.path); err == nil && os.SameFile(s.made, now) {
		_ = os.Remove(s.path)
	}
	if folder := filepath.Dir(s.path); folder == Folder() {
		_ = os.Remove(folder) // only when it is empty
	}
	return s.UnixListener.Close()
}
