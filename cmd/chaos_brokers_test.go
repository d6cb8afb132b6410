package cmd_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// chaosBrokers are three real brokers, which are killed and restarted through .ci/kafka.
type chaosBrokers struct {
	addresses string
	dir       string
	killed    atomic.Int64
}

// brokerCycle is about how long it takes until a broker that was killed is back with all its replicas.
const brokerCycle = 30 * time.Second

// newChaosBrokers takes the brokers that HIBANA_TEST_KAFKA_CLUSTER names, or starts three.
func newChaosBrokers(t *testing.T, port int) *chaosBrokers {
	t.Helper()
	c := &chaosBrokers{addresses: os.Getenv("HIBANA_TEST_KAFKA_CLUSTER"), dir: os.Getenv("HIBANA_TEST_KAFKA_CLUSTER_DIR")}
	if c.addresses != "" && c.dir != "" {
		return c
	}
	c.dir = t.TempDir()
	start := exec.Command("../.ci/kafka", "start", "--brokers", "3", "--dir", c.dir, "--port", strconv.Itoa(port))
	start.Stderr = os.Stderr
	out, err := start.Output()
	if err != nil {
		t.Fatalf(".ci/kafka start: %v", err)
	}
	c.addresses = strings.TrimSpace(string(out))
	t.Cleanup(func() { _ = c.script("stop") })
	return c
}

func (c *chaosBrokers) script(args ...string) error {
	out, err := exec.Command("../.ci/kafka", append(args, "--dir", c.dir)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf(".ci/kafka %v: %w\n%s", args, err, out)
	}
	return nil
}

// destroy kills brokers in turn, each as soon as all replicas of everything are in sync after the one before, until n have been killed
// or the context ends.
func (c *chaosBrokers) destroy(ctx context.Context, seed uint64, n int) error {
	random := rand.New(rand.NewPCG(seed, 3))
	for range n {
		wait := 2*time.Second + time.Duration(random.Int64N(int64(3*time.Second)))
		down := time.Second + time.Duration(random.Int64N(int64(7*time.Second)))
		broker := strconv.Itoa(1 + random.IntN(3))
		if !pause(ctx, wait) {
			return nil
		}
		if err := c.script("kill", broker); err != nil {
			return err
		}
		c.killed.Add(1)
		pause(ctx, down)
		if err := c.script("restart", broker); err != nil {
			return err
		}
		if err := c.inSync(chaosPatience); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// inSync waits until every partition has all its replicas again.
func (c *chaosBrokers) inSync(within time.Duration) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(c.addresses, ",")...))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for {
		topics, err := kadm.NewClient(client).ListTopicsWithInternal(ctx)
		if err == nil && complete(topics) {
			return nil
		}
		if !pause(ctx, 200*time.Millisecond) {
			return fmt.Errorf("the replicas were not in sync within %v: %v", within, err)
		}
	}
}

func complete(topics kadm.TopicDetails) bool {
	ok := true
	topics.EachPartition(func(p kadm.PartitionDetail) { ok = ok && p.Err == nil && len(p.ISR) == len(p.Replicas) })
	return ok
}
