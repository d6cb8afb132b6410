package cmd_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// member is one instance of an arm: a name, and the process that has it now.
type member struct {
	arm     *arm
	name    string
	lives   int
	process *exec.Cmd
	ended   chan struct{} // closed when process is gone
	wanted  bool          // it should be running
	frozen  bool
}

// aim waits until the member stays where the mode has its window, and tells whether it does: a kill then is one between commit and
// output, or between output and commit. A member that has no partitions for so long never gets there.
func (m *member) aim(mark string) bool {
	if err := m.hold().ask(mark); err != nil {
		return false
	}
	for late := time.Now().Add(5 * time.Second); m.alive() && !m.hold().has() && time.Now().Before(late); {
		<-time.After(5 * time.Millisecond)
	}
	return m.hold().end()
}

func (m *member) hold() hold { return newHold(m.arm.dir, m.name) }

func (m *member) folder() string { return filepath.Join(m.arm.dir, m.name) }

func (m *member) up() string { return filepath.Join(m.arm.dir, m.name+".up") }

func (m *member) logFile() string { return filepath.Join(m.arm.dir, m.name+".log") }

// life names the process that runs now.
func (m *member) life() string { return fmt.Sprintf("%s.%d", m.name, m.lives) }

// start starts the member, if it does not run.
func (m *member) start(more ...string) error {
	m.wanted = true
	if m.alive() {
		return nil
	}
	m.lives++
	_ = os.Remove(m.up())
	log, err := os.OpenFile(m.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	fmt.Fprintf(log, "--- %s %s\n", m.life(), time.Now().Format("15:04:05.000"))
	worker := exec.Command(os.Args[0], append(m.arm.args(m), more...)...)
	worker.Env = append(slices.Clone(os.Environ()), workerRole+"=-", workerJob+"="+m.arm.set.job(), copyTo+"="+m.arm.out, workerLife+"="+m.life(), holdFile+"="+string(m.hold()), upFile+"="+m.up())
	worker.Stderr = log
	if err := worker.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	m.process, m.ended = worker, ended
	go func() {
		_ = worker.Wait()
		close(ended)
	}()
	return nil
}

// alive tells whether the process is there, maybe frozen.
func (m *member) alive() bool {
	if m.process == nil {
		return false
	}
	select {
	case <-m.ended:
		return false
	default:
		return true
	}
}

func (m *member) signal(s syscall.Signal) {
	if m.alive() {
		_ = m.process.Process.Signal(s)
	}
}

// kill ends the process at once, and tells whether there was one.
func (m *member) kill() bool {
	m.wanted, m.frozen = false, false
	if !m.alive() {
		return false
	}
	m.signal(syscall.SIGKILL)
	<-m.ended
	return true
}

// leave asks the process to end, and does not wait for that; only until it obeys: before, it would end as if it had been killed.
func (m *member) leave() {
	m.wanted = false
	for _, err := os.Stat(m.up()); err != nil && m.alive(); _, err = os.Stat(m.up()) {
		<-time.After(5 * time.Millisecond)
	}
	m.signal(syscall.SIGTERM)
}

// left waits for the end of a process that was asked to, and complains of one that does not end well.
func (m *member) left(within time.Duration) error {
	if m.process == nil {
		return nil
	}
	select {
	case <-m.ended:
	case <-time.After(within):
		m.kill()
		return fmt.Errorf("%s did not end within %v of being asked to", m.life(), within)
	}
	if code := m.process.ProcessState.ExitCode(); code > 0 {
		return fmt.Errorf("%s ended with exit code %d: %s", m.life(), code, m.lastWords())
	}
	return nil
}

// lastWords are the end of the member's log.
func (m *member) lastWords() string {
	text, _ := os.ReadFile(m.logFile())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}
