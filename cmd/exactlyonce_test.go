package cmd_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// copyTo names the topic that the copying job writes to.
const copyTo = "HIBANA_TEST_COPY_TO"

func init() { jobs["copy"] = copyingJob }

// copyingJob copies records to another topic under one of seven keys, and then sleeps: the window between outputs and commit is real.
func copyingJob(s *streaming.Context, _ string) error {
	records := streaming.DirectStream(s, streaming.String, streaming.String, s.Topics()...)
	streaming.MapToPair(records, func(r messages.Record[string, string]) (string, string) {
		return fmt.Sprintf("%d", r.Partition()), fmt.Sprintf("%s %09d", r.Key(), r.Offset())
	}).ToKafka(os.Getenv(copyTo), streaming.EncodeString, streaming.EncodeString)
	records.ForeachBatch(func(_ context.Context, b streaming.Batch[messages.Record[string, string]]) error {
		if len(b.Elements()) > 0 {
			<-time.After(20 * time.Millisecond)
		}
		return nil
	})
	return nil
}

// newCopying is a chaos whose workers copy to a topic.
func newCopying(t *testing.T, args ...string) (*chaos, string) {
	t.Helper()
	c := newChaos(t, args...)
	to := c.topic + "-out"
	c.env = []string{workerJob + "=copy", copyTo + "=" + to}
	createTopic(t, c.brokers, to, 4)
	return c, to
}

// copied is what a reader of committed records finds.
type copied struct{ lost, repeated, disordered int }

// read reads the copy until every event is there, or nothing new has come for ten seconds, and then for one more second.
func (c *chaos) read(to string) copied {
	c.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.brokers), kgo.ConsumeTopics(to), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200*time.Millisecond))
	if err != nil {
		c.t.Fatal(err)
	}
	defer client.Close()
	started := time.Now()
	var o copied
	seen, last := map[string]int{}, map[string]string{}
	for patience := 10 * time.Second; ; {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		fetches := client.PollFetches(ctx)
		cancel()
		fetches.EachRecord(func(r *kgo.Record) {
			id, offset, _ := strings.Cut(string(r.Value), " ")
			seen[id]++
			if offset < last[string(r.Key)] {
				o.disordered++
			}
			last[string(r.Key)] = offset
		})
		if len(seen) == c.written {
			patience = time.Second
		}
		if fetches.NumRecords() == 0 {
			break
		}
	}
	for n := range c.written {
		switch times := seen[id(n)]; {
		case times == 0:
			o.lost++
		case times > 1:
			o.repeated++
		}
	}
	c.t.Logf("%d events: %d lost, %d repeated, %d out of order; read in %v", c.written, o.lost, o.repeated, o.disordered, time.Since(started))
	return o
}

// Fifty kills of a job from Kafka to Kafka, each in the midst of things: a reader of committed records finds every event once,
// and each partition's in order.
func TestKafkaFiftyKillsExactlyOnce(t *testing.T) {
	t.Parallel()
	c, to := newCopying(t, "-X", "delivery=exactly-once")
	c.run(5, kills(), syscall.SIGKILL)
	if o := c.read(to); o != (copied{}) {
		t.Errorf("%+v\n%s", o, c.log.String())
	}
}

// The control arm: the same job and the same kills at least once. Without repeats here, the test above would prove nothing.
func TestKafkaFiftyKillsOfTheSameJobRepeatAtLeastOnce(t *testing.T) {
	t.Parallel()
	c, to := newCopying(t)
	c.run(5, kills(), syscall.SIGKILL)
	if o := c.read(to); o.lost > 0 || o.repeated == 0 {
		t.Errorf("%+v: something must repeat, and nothing may be lost", o)
	}
}

// A member is stopped in the midst of things for longer than its session lasts, another takes its partitions over, and the first
// wakes up: it holds a batch, maybe with its records written already, in the belief that the partitions are its own. Nothing of that
// may count.
func TestKafkaSleeperChangesNothing(t *testing.T) {
	t.Parallel()
	c, to := newCopying(t, "-X", "delivery=exactly-once", "-X", "kafka.session.timeout.ms=6000", "-X", "kafka.transaction.timeout.ms=5000",
		"-X", "kafka.heartbeat.interval.ms=1000")
	random := rand.New(rand.NewPCG(6, 0))
	for range 3 {
		sleeper := c.start("-X", "instance=sleeper")
		c.writeFor(time.Second+time.Duration(random.IntN(500))*time.Millisecond, 50)
		_ = sleeper.Process.Signal(syscall.SIGSTOP)
		other := c.start("-X", "instance=other")
		c.writeFor(9*time.Second, 20)
		_ = sleeper.Process.Signal(syscall.SIGCONT)
		c.writeFor(3*time.Second, 20)
		for _, worker := range []*exec.Cmd{other, sleeper} {
			_ = worker.Process.Signal(syscall.SIGTERM)
			if err := worker.Wait(); err != nil {
				t.Fatalf("a member ended with %v\n%s", err, c.log.String())
			}
		}
	}
	if err := c.start("--drain").Wait(); err != nil {
		t.Fatalf("the last worker ended with %v\n%s", err, c.log.String())
	}
	if o := c.read(to); o != (copied{}) {
		t.Errorf("%+v\n%s", o, c.log.String())
	}
}

// writeFor writes n events every 20 ms.
func (c *chaos) writeFor(d time.Duration, n int) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		c.write(n)
		<-time.After(20 * time.Millisecond)
	}
}
