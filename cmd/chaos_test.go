package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/messages"
)

// chaos kills a worker again and again while events are written, and then lets one drain.
type chaos struct {
	t       *testing.T
	brokers string
	topic   string
	group   string
	out     string
	args    []string
	env     []string // NAME=value, for the workers
	log     sharedLog
	written int
	longer  time.Duration // that workers live: what is restored takes its time
	keys    int           // how many keys the events share in turn; 0: each has its own
	writer  *kafka.Writer
	ends    []time.Time // when each worker was killed or told to stop
	aim     string      // the window that every fourth kill waits for; empty: all are at random times
	hold    hold
}

// sharedLog takes the log of several workers at once.
type sharedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *sharedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *sharedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newChaos uses the real broker that HIBANA_TEST_KAFKA names, or an embedded one in this process, which outlives the workers.
func newChaos(t *testing.T, args ...string) *chaos {
	t.Helper()
	if testing.Short() {
		t.Skip("kills real processes for ten seconds and more: not with -short")
	}
	name := fmt.Sprintf("chaos-%d", rand.Uint32())
	c := &chaos{t: t, topic: name, group: name, out: filepath.Join(t.TempDir(), "out"), args: args, brokers: os.Getenv("HIBANA_TEST_KAFKA")}
	c.hold = newHold(t.TempDir(), name)
	options := []kgo.Opt{kgo.SeedBrokers(c.brokers), kgo.AllowAutoTopicCreation()}
	if c.brokers == "" {
		broker, err := kafka.NewBroker(kafka.BrokerConfig{Listen: "127.0.0.1:0", Partitions: 8, Topics: []string{c.topic}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(broker.Close)
		c.brokers, options = broker.Addr(), broker.ClientOptions()
	} else {
		createTopic(t, c.brokers, c.topic, 8)
	}
	var err error
	if c.writer, err = kafka.NewWriter(options, 0, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.writer.Close(context.Background()) })
	return c
}

// key is the key of event n.
func (c *chaos) key(n int) string {
	if c.keys == 0 {
		return id(n)
	}
	return fmt.Sprintf("key-%d", n%c.keys)
}

func (c *chaos) write(n int) {
	c.t.Helper()
	records := make([]messages.Outgoing, n)
	for i := range records {
		value, _ := messages.NewRichEvent(id(c.written)).MarshalJSON()
		records[i] = messages.NewOutgoing(c.topic, c.key(c.written), true, string(value))
		c.written++
	}
	if err := c.writer.ProduceAll(context.Background(), records); err != nil {
		c.t.Fatal(err)
	}
}

// start starts a worker, and waits until it obeys signals: how soon it is told to stop must not hang on how fast the machine starts a process.
func (c *chaos) start(more ...string) *exec.Cmd {
	c.t.Helper()
	args := append([]string{
		"run", "-X", "kafka.bootstrap.servers=" + c.brokers, "-X", "kafka.group.id=" + c.group, "-X", "topics=" + c.topic,
		"-X", "interval=50ms", "-X", "instance=one", "-X", "log.level=warn",
	}, append(slices.Clone(c.args), more...)...)
	worker := exec.Command(os.Args[0], args...)
	up := filepath.Join(c.t.TempDir(), "up")
	worker.Env = append(append(os.Environ(), workerRole+"="+c.out, holdFile+"="+string(c.hold), upFile+"="+up), c.env...)
	worker.Stderr = &c.log
	if err := worker.Start(); err != nil {
		c.t.Fatal(err)
	}
	for late := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		if _, err := os.Stat(up); err == nil {
			return worker
		}
		if time.Now().After(late) {
			_ = worker.Process.Kill()
			c.t.Fatalf("a worker did not start within %v: %v\n%s", patience, worker.Wait(), c.log.String())
		}
	}
}

// run starts workers and ends each with sig at a random time, and lets the last one drain.
func (c *chaos) run(seed uint64, times int, sig syscall.Signal) {
	c.t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	for n := range times {
		worker := c.start()
		end := time.Now().Add(150*time.Millisecond + rand.N(300*time.Millisecond) + c.longer)
		for time.Now().Before(end) {
			c.writeSome(random)
		}
		if c.aim != "" && n%aimEvery == 0 {
			c.awaitWindow(random)
		}
		_ = worker.Process.Signal(sig)
		err := worker.Wait()
		c.ends = append(c.ends, time.Now())
		if sig == syscall.SIGTERM && err != nil {
			c.t.Fatalf("a worker that was asked to stop ended with %v\n%s", err, c.log.String())
		}
	}
	if err := c.start("--drain").Wait(); err != nil {
		c.t.Fatalf("the last worker ended with %v\n%s", err, c.log.String())
	}
}

func (c *chaos) writeSome(random *rand.Rand) {
	c.t.Helper()
	c.write(20 + random.IntN(20))
	<-time.After(10 * time.Millisecond)
}

// awaitWindow waits until the worker is in the window that is aimed at.
func (c *chaos) awaitWindow(random *rand.Rand) {
	c.t.Helper()
	if err := c.hold.ask(c.aim); err != nil {
		c.t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); !c.hold.has(); c.writeSome(random) {
		if time.Now().After(deadline) {
			c.t.Fatalf("no batch came to %q in two minutes\n%s", c.aim, c.log.String())
		}
	}
	c.hold.end()
}

// kills is how many workers a test kills: fifty on the real broker; twenty beside the embedded one keep the default suite quick.
func kills() int {
	if os.Getenv("HIBANA_TEST_KAFKA") != "" {
		return 50
	}
	return 20
}

func TestKafkaKillsAtLeastOnceLosesNothing(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	c.aim = markBehind
	c.run(1, kills(), syscall.SIGKILL)
	o := c.outcome()
	o.sameAgain(t)
	if o.again > len(c.ends) {
		t.Errorf("%d batches ran again after %d kills", o.again, len(c.ends))
	}
	if o.lost > 0 {
		t.Errorf("%d events were lost", o.lost)
	}
	if o.repeated == 0 {
		t.Error("nothing was repeated: no kill fell between outputs and commit, and this run proves nothing")
	}
}

func TestKafkaKillsAtMostOnceRepeatsNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	c := newChaos(t, "-X", "delivery=at-most-once", "-X", "ledger="+folder)
	c.aim = markBefore
	c.run(2, kills(), syscall.SIGKILL)
	o := c.outcome()
	c.missing(o, folder)
	if o.repeated > 0 {
		t.Errorf("%d events were repeated", o.repeated)
	}
	if o.lost == 0 {
		t.Error("nothing was lost: no kill fell between commit and outputs, and this run proves nothing")
	}
}

func TestKafkaTwentyStopsLoseNothingAndRepeatNothing(t *testing.T) {
	t.Parallel()
	c := newChaos(t)
	c.run(3, 20, syscall.SIGTERM)
	if o := c.outcome(); o.lost+o.repeated > 0 {
		t.Errorf("%d events were lost, %d repeated", o.lost, o.repeated)
	}
}
