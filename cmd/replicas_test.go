package cmd_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		{"2", "2", cmd.ExitFailed, "has 1 replicas in all"}, // which a broker takes for min.insync.replicas then
		{"2", "3", cmd.ExitFailed, "has min.insync.replicas 2"},
		{"1", "all", cmd.ExitOK, ":0:"},
		{"1", "0", cmd.ExitOK, ":0:?"},
	} {
		t.Run(c.acks+" of "+c.replicas, func(t *testing.T) {
			t.Parallel()
			g := newGround(t, 1, map[string]string{"min.insync.replicas": c.replicas})
			r := g.run("-X", "kafka.acks="+c.acks)
			r.says("state\trunning")
			var said bytes.Buffer
			m := cmd.Main{Job: r.job, Args: []string{"repl", "--socket", r.socket, "-o", "table", "-c", "send " + id(0)}, Stdout: &said, Stderr: &said}
			if code := m.Run(); code != c.code || !strings.Contains(said.String(), c.says) {
				t.Errorf("exit %d, want %d: %s", code, c.code, said.String())
			}
			n := 0
			if c.code == cmd.ExitOK {
				n = 1
				r.sees(n)
			}
			r.stop(n)
		})
	}
}

// acks: n that an output's topic cannot give is a mistake in the configuration: it is found at the start, and shown where it stands.
func TestKafkaAcksThatATopicContradictsAreAMistake(t *testing.T) {
	g := newGround(t, 1, map[string]string{"min.insync.replicas": "1"})
	file := filepath.Join(t.TempDir(), "acks.yaml")
	if err := os.WriteFile(file, []byte("kafka:\n  acks: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	job := copying(g.topic, func(context.Context) error { return nil })
	for _, command := range []string{"run", "plan"} {
		args := []string{command, "-f", file, "-X", "kafka.bootstrap.servers=" + g.brokers, "-X", "kafka.group.id=" + g.topic, "-X", "topics=" + g.topic}
		startJob(t, job, args...).ended(t, cmd.ExitUsage, file+":2:9: kafka.acks: 2 asks for 2 replicas in sync", "  acks: 2\n", "^", "raise that, or set acks to all")
	}
}
