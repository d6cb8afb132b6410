package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
)

// fileLimit, set in the environment of a worker, is the most that one of its files may grow to, in bytes: its disk is full then.
const fileLimit = "HIBANA_TEST_FILE_LIMIT"

// Which of the two files of a checkpoint is full first must not hang on how fast the machine is, nor on how few bytes a change takes: of
// these, the first has a state that grows by kilobytes more in every batch, the second one that hardly grows.
func init() {
	jobs["heavy"] = func(s *streaming.Context, out string) error { return totalsJob(s, out, lastTwo, 40) }
	jobs["light"] = func(s *streaming.Context, out string) error { return totalsJob(s, out, nothing, 0) }
}

func nothing(string) string { return "" }

// limitFiles obeys it.
func limitFiles() {
	var n uint64
	if _, err := fmt.Sscan(os.Getenv(fileLimit), &n); err != nil {
		return
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
		panic(err)
	}
}

// The disk of the checkpoint is full in mid-run: the program ends with the file and the reason, nothing is committed that is not
// saved, and when there is room again the state is exact.
func TestKafkaAFullDiskAtTheCheckpoint(t *testing.T) {
	for _, test := range []struct {
		job  string
		key  func(id string) string
		full string // the file
	}{
		{"heavy", lastTwo, "/state-"},
		{"light", nothing, ".ledger.jsonl"},
	} {
		t.Run(test.job, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "checkpoint")
			c := newChaos(t, "-X", "checkpoint="+folder, "-X", "interval=200ms", "-X", "failure.retries=2", "-X", "failure.backoff=50ms")
			c.env = append(c.env, workerJob+"="+test.job, fileLimit+"=40000")
			worker := c.start()
			ended := make(chan struct{})
			go func() {
				_ = worker.Wait()
				close(ended)
			}()
			deadline := time.After(patience)
			for full := false; !full; {
				c.write(50)
				select {
				case <-ended:
					full = true
				case <-deadline:
					_ = worker.Process.Kill()
					t.Fatalf("the disk is never full\n%s", c.log.String())
				case <-time.After(10 * time.Millisecond):
				}
			}
			said := lastLine(c.log.String())
			if code := worker.ProcessState.ExitCode(); code != 1 || !strings.Contains(said, folder) || !strings.Contains(said, test.full) || !strings.Contains(said, "file too large") {
				t.Errorf("exit code %d\n%s", code, c.log.String())
			}
			c.env = c.env[:len(c.env)-1]
			if err := c.start("--drain").Wait(); err != nil {
				t.Fatalf("with room again: %v\n%s", err, c.log.String())
			}
			c.totalsAreExact(test.key)
		})
	}
}

// totalsAreExact checks what the stateful job wrote last.
func (c *chaos) totalsAreExact(key func(id string) string) {
	c.t.Helper()
	text, err := os.ReadFile(c.out)
	if err != nil {
		c.t.Fatal(err)
	}
	var totals map[string]int
	if err := json.Unmarshal(text, &totals); err != nil {
		c.t.Fatal(err)
	}
	want := map[string]int{}
	for n := range c.written {
		want[key(id(n))]++
	}
	for k, n := range want {
		if totals[k] != n {
			c.t.Errorf("key %s has %d of %d", k, totals[k], n)
		}
	}
	c.t.Logf("%d events, %d keys", c.written, len(totals))
}

// A checkpoint folder is one instance's: another one that is started on it ends with the name of the first, which goes on.
func TestKafkaACheckpointFolderOfTwoInstances(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "checkpoint")
	c := newChaos(t, "-X", "checkpoint="+folder)
	c.env = append(c.env, workerJob+"=state")
	first := c.start()
	for _, err := os.Stat(c.out); err != nil; _, err = os.Stat(c.out) { // it has run a batch
		c.write(10)
		<-time.After(20 * time.Millisecond)
	}
	second := c.start("-X", "instance=two", "-X", "kafka.group.id="+c.group+"-two")
	_ = second.Wait()
	log := c.log.String()
	if code := second.ProcessState.ExitCode(); code == 0 || !strings.Contains(log, folder) || !strings.Contains(log, "in use by instance one") {
		t.Errorf("exit code %d\n%s", code, log)
	}
	c.write(10)
	_ = first.Process.Signal(syscall.SIGTERM)
	if err := first.Wait(); err != nil {
		t.Errorf("the first ended with %v\n%s", err, c.log.String())
	}
	if err := c.start("--drain").Wait(); err != nil {
		t.Errorf("%v\n%s", err, c.log.String())
	}
	c.totalsAreExact(lastTwo)
}
