package cmd_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/cmd"
)

// acks: n holds for whatever is written, also by a person: a topic whose min.insync.replicas is less is refused at the first record.
func TestKafkaAcksOfNAreCheckedForTopicsNobodyHasNamed(t *testing.T) {
	for _, c := range []struct {
		replicas, acks string
		code           int
		says           string
	}{
		{"1", "2", cmd.ExitFailed, "acks: 2 asks for 2 replicas in sync"},
		{"2", "2", cmd.ExitOK, ":0:"},
		{"2", "3", cmd.ExitFailed, "has min.insync.replicas 2"},
		{"1", "0", cmd.ExitOK, ":0:?"},
	} {
		t.Run(c.acks+" of "+c.replicas, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, 1, map[string]string{"min.insync.replicas": c.replicas})
			r := g.run("-X", "kafka.acks="+c.acks)
			r.says(20*time.Second, "state\trunning")
			var said bytes.Buffer
			m := cmd.Main{Job: r.job, Args: []string{"repl", "--socket", r.socket, "-o", "table", "-c", "send " + id(0)}, Stdout: &said, Stderr: &said}
			if code := m.Run(); code != c.code || !strings.Contains(said.String(), c.says) {
				t.Errorf("exit %d, want %d: %s", code, c.code, said.String())
			}
			n := 0
			if c.code == cmd.ExitOK {
				n = 1
				r.sees(n, 20*time.Second)
			}
			r.stop(n)
		})
	}
}
