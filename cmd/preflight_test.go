package cmd_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// started is what a run said and how it ended.
type started struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// start runs the program in this process with a job that counts, and waits for its end.
func start(t *testing.T, args ...string) started {
	t.Helper()
	return startJob(t, countingJob, args...)
}

func countingJob(s *streaming.Context) error {
	streaming.Events(s).Count().Print()
	return nil
}

func startJob(t *testing.T, job cmd.Job, args ...string) started {
	t.Helper()
	var stdout, stderr bytes.Buffer
	began := time.Now()
	m := cmd.Main{Job: job, Args: args, Stdout: &stdout, Stderr: &stderr, Env: os.Environ()}
	code := m.Run()
	return started{code: code, stdout: stdout.String(), stderr: stderr.String(), took: time.Since(began)}
}

func (s started) ended(t *testing.T, code int, words ...string) {
	t.Helper()
	if s.code != code {
		t.Errorf("exit %d, want %d", s.code, code)
	}
	for _, w := range words {
		if !strings.Contains(s.stderr, w) {
			t.Errorf("nothing says %q", w)
		}
	}
	if t.Failed() {
		t.Logf("%s", s.stderr)
	}
}

// Nobody listens there: the brokers are named within 3 s, and the end is exit code 3.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	s := start(t, "run", "-X", "kafka.bootstrap.servers="+address, "-X", "kafka.group.id=g", "-X", "startup.timeout=600ms")
	s.ended(t, cmd.ExitUnreachable, "waiting (for another", address, "no broker could be reached within 600ms (startup.timeout)")
}

// A broker that accepts and never says a word is told within 3 s as well.
func TestABrokerThatSaysNothing(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	address := listener.Addr().String()
	s := start(t, "run", "-X", "kafka.bootstrap.servers="+address, "-X", "kafka.group.id=g", "-X", "startup.timeout=8s")
	s.ended(t, cmd.ExitUnreachable, "waiting (for another", address, "no answer in time")
}

// A real cluster without a group is a mistake of the configuration, however the program is started.
func TestARealClusterNeedsAGroup(t *testing.T) {
	for _, args := range [][]string{{"run"}, {}} {
		s := start(t, append(args, "-X", "kafka.bootstrap.servers="+freeAddress(t))...)
		s.ended(t, cmd.ExitUsage, "kafka.group.id", "-X kafka.group.id=counts")
	}
}

// A group that is set and empty is shown where it stands; a config.yml is read like a config.yaml, and what it says is no run elsewhere.
func TestAConfigYmlIsRead(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("config.yml", []byte("kafka:\n  bootstrap.servers: broker:9092\n  group.id: ''\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run"}, {}} {
		start(t, args...).ended(t, cmd.ExitUsage, "config.yml:3:13: kafka.group.id: ", "    group.id: ''\n", "kafka: {group.id: counts}")
	}
}

// A job with state and no folder to keep it in is told what to set.
func TestStateNeedsAFolder(t *testing.T) {
	job := func(s *streaming.Context) error {
		streaming.Events(s).CountByWindow(time.Second, time.Second).Print()
		return nil
	}
	startJob(t, job, embedded()...).ended(t, cmd.ExitUsage, "checkpoint: the job keeps state", "-X checkpoint=state")
}

// What the job reads and writes on the embedded broker is created.
func TestTheEmbeddedBrokerGetsTheTopics(t *testing.T) {
	job := func(s *streaming.Context) error {
		events := streaming.DirectStream(s, streaming.String, streaming.String, "orders")
		events.Print()
		return nil
	}
	startJob(t, job, embedded("--drain")...).ended(t, cmd.ExitOK)
}

// embedded are arguments for a run on a broker of its own, on any port.
func embedded(more ...string) []string {
	return append([]string{"-X", "embedded.listen=127.0.0.1:0", "-X", "embedded.sample=0", "-X", "interval=50ms", "-X", "log.level=warn"}, more...)
}

// freeAddress is one where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// A job that keeps state refuses to be the second member, and names the first; what is not built yet is refused, not ignored.
func TestE2EKafkaAStatefulJobRunsAlone(t *testing.T) {
	c := newCluster(t, 2)
	args := func(name string, more ...string) []string {
		return append([]string{
			"run", "-X", "kafka.bootstrap.servers=" + c.brokers, "-X", "kafka.group.id=" + c.topic, "-X", "topics=" + c.topic,
			"-X", "interval=100ms", "-X", "instance=" + name, "-X", "checkpoint=" + t.TempDir(),
		}, more...)
	}
	batch, once := make(chan struct{}), sync.Once{}
	job := func(s *streaming.Context) error {
		streaming.Events(s).CountByWindow(time.Second, time.Second).ForeachBatch(func(context.Context, streaming.Batch[int64]) error {
			once.Do(func() { close(batch) })
			return nil
		})
		return nil
	}
	signals, first := make(chan os.Signal, 1), make(chan int)
	go func() {
		m := cmd.Main{Job: job, Args: args("first"), Env: os.Environ(), Signals: signals}
		first <- m.Run()
	}()
	<-batch
	startJob(t, job, args("second")...).ended(t, cmd.ExitRefused, "hibana-first", "runs in one instance")
	signals <- os.Interrupt
	if code := <-first; code != cmd.ExitOK {
		t.Errorf("the first ended with %d", code)
	}
	startJob(t, job, args("third", "-X", "exchange=topic")...).ended(t, cmd.ExitUsage, "exchange: topic is not there yet")
}

// A group has kept state with its partitions; a run that does not go on with it says so, and one that does says nothing.
func TestStateThatIsLeftBehindIsTold(t *testing.T) {
	c := newCluster(t, 1)
	c.write(t, 10)
	job := func(stateful bool) cmd.Job {
		return func(s *streaming.Context) error {
			pairs := streaming.MapToPair(streaming.Events(s), func(e messages.RichEvent) (string, int) { return e.Content(), 1 })
			if !stateful {
				pairs.Count().Print()
				return nil
			}
			streaming.UpdateStateByKey(pairs, "counts", func(v []int, s streaming.Option[int]) streaming.Option[int] {
				n, _ := s.Get()
				return streaming.Some(n + len(v))
			}).Count().Print()
			return nil
		}
	}
	const told = "is not read"
	for _, run := range []struct {
		stateful bool
		words    string
		args     []string
	}{
		{true, "", []string{"exchange=partition"}},
		{true, "", []string{"exchange=partition"}},
		{true, told + " (exchange: memory)", []string{"exchange=memory", "checkpoint=" + t.TempDir()}},
		{false, told + " (the job keeps none)", nil},
	} {
		args := []string{"run", "--drain", "-X", "kafka.bootstrap.servers=" + c.brokers, "-X", "kafka.group.id=" + c.topic, "-X", "topics=" + c.topic, "-X", "interval=100ms"}
		for _, x := range run.args {
			args = append(args, "-X", x)
		}
		_, log, code := hibana(t, job(run.stateful), args...)
		if code != cmd.ExitOK || strings.Contains(log, told) != (run.words != "") || !strings.Contains(log, run.words) {
			t.Errorf("%v: exit %d\n%s", run, code, log)
		}
	}
}
