package cmd_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/checkpoint"
)

// Eight partitions, one to four instances, twenty joins and leaves while events are written: the ledgers of all instances, read
// together, are contiguous up to the committed offsets, and every event was counted once: nobody was killed.
func TestKafkaTwentyJoinsAndLeaves(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	c := newChaos(t, "-X", "ledger="+folder, "-X", "interval=100ms")
	random := rand.New(rand.NewPCG(4, 0))
	var members []*exec.Cmd
	join := func(n int) { members = append(members, c.start("-X", fmt.Sprintf("instance=m%d", n))) }
	leave := func(i int) {
		_ = members[i].Process.Signal(syscall.SIGTERM)
		if err := members[i].Wait(); err != nil {
			t.Fatalf("a member that was asked to leave ended with %v\n%s", err, c.log.String())
		}
		members = slices.Delete(members, i, i+1)
	}
	join(0)
	for step := 1; step <= 20; step++ {
		for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
			c.write(250)
			<-time.After(50 * time.Millisecond)
		}
		if len(members) == 1 || len(members) < 4 && random.IntN(2) == 0 {
			join(step)
		} else {
			leave(random.IntN(len(members)))
		}
	}
	for len(members) > 0 {
		leave(0)
	}
	if err := c.start("--drain", "-X", "instance=last").Wait(); err != nil {
		t.Fatalf("the last member ended with %v\n%s", err, c.log.String())
	}
	if o := c.outcome(); o.lost+o.repeated > 0 {
		t.Errorf("%d events were lost, %d repeated", o.lost, o.repeated)
	}
	c.contiguous(folder)
}

// contiguous checks the ledgers of all instances, read together.
func (c *chaos) contiguous(folder string) {
	c.t.Helper()
	history, err := checkpoint.Read(folder)
	if err != nil {
		c.t.Fatal(err)
	}
	reports, _ := history.Complete(c.group)
	if verdict := checkpoint.Verify(reports, nil); !verdict.OK() || len(verdict.Partitions) == 0 {
		c.t.Errorf("the ledgers are not contiguous:\n%v", verdict)
	}
}
