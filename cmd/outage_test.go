package cmd_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// running is a run of the program in this process that goes on until it is stopped, and what it has seen.
type running struct {
	*ground
	socket  string
	signals chan os.Signal
	ended   chan int
	mu      sync.Mutex
	seen    map[string]int
	stderr  locked
}

// locked is a buffer that may be read while it is written.
type locked struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(b)
}

// String is what has been written.
func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}

// run runs a job that counts how often it sees each event.
func (g *ground) run(more ...string) *running {
	g.Helper()
	return g.runJob(nil, more...)
}

// runJob runs a job of the test's own; nil: the one of run.
func (g *ground) runJob(job cmd.Job, more ...string) *running {
	g.Helper()
	return g.runJobThrough(nil, job, more...)
}

// runJobThrough is runJob with another way to the brokers.
func (g *ground) runJobThrough(network []kgo.Opt, job cmd.Job, more ...string) *running {
	g.Helper()
	r := &running{
		ground: g, socket: filepath.Join(g.TempDir(), "s"), signals: make(chan os.Signal, 2), ended: make(chan int, 1), seen: map[string]int{},
	}
	if job == nil {
		job = r.job
	}
	args := append([]string{
		"run", "-X", "kafka.bootstrap.servers=" + g.brokers, "-X", "kafka.group.id=" + g.topic, "-X", "topics=" + g.topic,
		"-X", "interval=100ms", "-X", "log.level=warn", "-X", "kafka.metadata.max.age.ms=1s", "-X", "console.socket=" + r.socket,
	}, more...)
	m := cmd.Main{Job: job, Args: args, Stderr: &r.stderr, Env: os.Environ(), Signals: r.signals, Network: network}
	go func() { r.ended <- m.Run() }()
	g.Cleanup(func() {
		if g.Failed() {
			g.Log(r.stderr.String())
		}
	})
	return r
}

func (r *running) job(s *streaming.Context) error {
	streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, e := range b.Elements() {
			r.seen[e.Content()]++
		}
		return nil
	})
	return nil
}

// patience bounds every wait for something that has to come: no machine is so busy that it takes longer.
const patience = 3 * time.Minute

// sees waits until events 0 to n-1 have been seen; the program must go on meanwhile.
func (r *running) sees(n int) {
	r.Helper()
	r.waits(strconv.Itoa(n)+" events", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i := range n {
			if r.seen[id(i)] == 0 {
				return false
			}
		}
		return true
	})
}

func (r *running) waits(what string, good func() bool) {
	r.Helper()
	deadline := time.After(patience)
	for !good() {
		select {
		case code := <-r.ended:
			r.Fatalf("the program ended with %d while %s were waited for", code, what)
		case <-deadline:
			r.Fatalf("no %s within %v", what, patience)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// says waits until the console's status says so.
func (r *running) says(words ...string) {
	r.Helper()
	r.waits(strings.Join(words, ", ")+" in status", func() bool {
		var out bytes.Buffer
		m := cmd.Main{Job: r.job, Args: []string{"repl", "--socket", r.socket, "-c", "status"}, Stdout: &out, Stderr: &out}
		m.Run()
		for _, w := range words {
			if !strings.Contains(out.String(), w) {
				return false
			}
		}
		return true
	})
}

// ends ends the program as Ctrl-C does.
func (r *running) ends(want int) {
	r.Helper()
	r.signals <- syscall.SIGINT
	if code := <-r.ended; code != want {
		r.Errorf("exit %d, want %d", code, want)
	}
}

// stop ends the program as Ctrl-C does; every event must have been seen once.
func (r *running) stop(n int) {
	r.Helper()
	r.ends(cmd.ExitOK)
	for i := range n {
		if r.seen[id(i)] != 1 {
			r.Errorf("%s was seen %d times", id(i), r.seen[id(i)])
		}
	}
}

// fails waits for the end of a program that has to give up.
func (r *running) fails(code int, words ...string) {
	r.Helper()
	select {
	case got := <-r.ended:
		if got != code {
			r.Errorf("exit %d, want %d", got, code)
		}
	case <-time.After(patience):
		r.Fatalf("it goes on after %v", patience)
	}
	for _, w := range words {
		if !strings.Contains(r.stderr.String(), w) {
			r.Errorf("nothing says %q", w)
		}
	}
}

func (g *ground) writeEvents(from, until int, partitions int32) {
	g.Helper()
	for i := from; i < until; i++ {
		g.write(event(int32(i)%partitions, id(i)))
	}
}

// A topic that is deleted in mid-run stops the stream with its name.
func TestKafkaATopicThatIsDeletedStopsTheStream(t *testing.T) {
	t.Parallel()
	g := newGround(t, 2, nil)
	g.writeEvents(0, 20, 2)
	r := g.run()
	r.sees(20)
	if _, err := g.admin.DeleteTopics(t.Context(), g.topic); err != nil {
		t.Fatal(err)
	}
	r.fails(cmd.ExitFailed, g.topic, "deleted")
}

// A topic that is deleted and created again has other records under the same offsets: that stops the stream, too.
func TestKafkaATopicThatIsCreatedAgainStopsTheStream(t *testing.T) {
	t.Parallel()
	g := newGround(t, 2, nil)
	g.writeEvents(0, 20, 2)
	r := g.run()
	r.sees(20)
	if _, err := g.admin.DeleteTopics(t.Context(), g.topic); err != nil {
		t.Fatal(err)
	}
	for { // a real cluster deletes in the background
		if answer, err := g.admin.CreateTopic(t.Context(), 2, 1, nil, g.topic); err == nil && answer.Err == nil {
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	r.fails(cmd.ExitFailed, g.topic, "deleted")
}

// New partitions of a topic are read from their first record on.
func TestKafkaNewPartitionsAreRead(t *testing.T) {
	t.Parallel()
	g := newGround(t, 2, nil)
	g.writeEvents(0, 20, 2)
	r := g.run()
	r.sees(20)
	if _, err := g.admin.CreatePartitions(t.Context(), 3, g.topic); err != nil {
		t.Fatal(err)
	}
	g.told(g.topic, 5)
	var n int
	for n = 20; n < 60; n++ {
		g.writeEvents(n, n+1, 2)
	}
	late, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(g.brokers, ",")...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	for ; n < 100; n++ {
		record := event(int32(n)%5, id(n))
		record.Topic = g.topic
		if err := late.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	r.sees(100)
	r.stop(100)
}

// A topic that comes after the program is waited for, by name.
func TestKafkaAMissingTopicIsWaitedFor(t *testing.T) {
	t.Parallel()
	g := newGround(t, 1, nil)
	missing := *g
	missing.topic += "-late"
	r := missing.run()
	r.waits("word about the topic", func() bool {
		return strings.Contains(r.stderr.String(), "the topic \\\""+missing.topic+"\\\" does not exist")
	})
	missing.create(missing.topic, 1, nil)
	missing.writeEvents(0, 5, 1)
	r.sees(5)
	r.stop(5)
}

// three is a ground on three brokers that a test may kill.
type three struct {
	*ground
	dir string
}

func newThree(t *testing.T) *three {
	t.Helper()
	brokers, dir := os.Getenv("HIBANA_TEST_KAFKA_CLUSTER"), os.Getenv("HIBANA_TEST_KAFKA_CLUSTER_DIR")
	if brokers == "" || dir == "" {
		t.Skip("HIBANA_TEST_KAFKA_CLUSTER is not set")
	}
	g := &ground{T: t, brokers: brokers, topic: "cluster-" + strconv.FormatInt(time.Now().UnixNano(), 36)}
	g.connect()
	// Of a partition that only the next one to be killed has in full, nothing could be read until that is back.
	if err := (&chaosBrokers{addresses: brokers}).inSync(patience); err != nil {
		t.Fatal(err)
	}
	two := "2"
	answer, err := g.admin.CreateTopic(t.Context(), 4, 3, map[string]*string{"min.insync.replicas": &two}, g.topic)
	if err != nil || answer.Err != nil {
		t.Fatal(err, answer.Err)
	}
	g.told(g.topic, 4)
	return &three{g, dir}
}

// brokers kills or restarts brokers, all at once, and waits until it is done.
func (c *three) broker(what string, numbers ...int) {
	c.Helper()
	var work sync.WaitGroup
	for _, n := range numbers {
		work.Go(func() {
			if out, err := exec.Command("../.ci/kafka", what, strconv.Itoa(n), "--dir", c.dir).CombinedOutput(); err != nil {
				c.Errorf("%s %d: %v\n%s", what, n, err, out)
			}
		})
	}
	work.Wait()
}

// eachBroker asks for a run in which every broker is killed, be it in charge of something or not.
const eachBroker = "HIBANA_TEST_EACH_BROKER"

// Of three brokers each is killed in its turn, the coordinator and the controller among them: the run goes on by itself, and
// everything acknowledged is seen.
func TestClusterEachBrokerIsKilledInItsTurn(t *testing.T) {
	if os.Getenv(eachBroker) == "" {
		t.Skip("it takes a minute, and those that lead are killed in any case: " + eachBroker + "=1")
	}
	c := newThree(t)
	c.writeEvents(0, 50, 4)
	r := c.run()
	r.sees(50)
	n := 50
	for broker := 1; broker <= 3; broker++ {
		c.broker("kill", broker)
		began := time.Now()
		c.writeEvents(n, n+50, 4)
		n += 50
		r.sees(n)
		t.Logf("broker %d: everything was seen %v after the kill", broker, time.Since(began).Round(time.Second))
		c.broker("restart", broker)
	}
	r.stop(n)
}

// All brokers are away for thirty seconds: status says what is waited for, and the run goes on by itself.
func TestClusterAllBrokersAreAway(t *testing.T) {
	c := newThree(t)
	c.writeEvents(0, 50, 4)
	r := c.run()
	r.sees(50)
	c.broker("kill", 1, 2, 3)
	away := time.After(30 * time.Second)
	r.says("waiting", "the brokers")
	<-away
	c.broker("restart", 1, 2, 3)
	began := time.Now()
	c.writeEvents(50, 100, 4)
	r.sees(100)
	t.Logf("everything was seen %v after the brokers were back", time.Since(began).Round(time.Second))
	r.stop(100)
}
