package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// postJob is the post's program: print and count.
func postJob(s *streaming.Context) error {
	events := streaming.Events(s)
	events.Print()
	events.Count().Print()
	return nil
}

// hibana runs Main as the binary does, in an empty folder, and returns what it wrote and its exit code. Nothing may be left of its
// lock and its socket.
func hibana(t *testing.T, job cmd.Job, args ...string) (out, log string, code int) {
	t.Helper()
	t.Chdir(t.TempDir())
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("XDG_RUNTIME_DIR", "")
	var stdout, stderr bytes.Buffer
	m := cmd.Main{Job: job, Args: args, Stdout: &stdout, Stderr: &stderr, Env: []string{"HOME=" + t.TempDir()}}
	code = m.Run()
	if left, err := filepath.Glob(filepath.Join(temp, "*", "*")); len(left) > 0 || err != nil {
		t.Errorf("files were left: %v %v", left, err)
	}
	return stdout.String(), stderr.String(), code
}

var block = regexp.MustCompile(`(?s)-{43}\nTime: (\d+) ms\n-{43}\n(.*?)\n\n|-{43}\nTime: (\d+) ms\n-{43}\n\n`)

// Three batches of each of the two outputs, in Spark's format, one interval apart, and nothing else; no file is left.
func TestE2EThreeBatchesInSparksFormat(t *testing.T) {
	out, log, code := hibana(t, postJob, "--batches", "3", "-X", "interval=300ms", "-X", "embedded.listen=127.0.0.1:0", "-X", "embedded.sample=50/s")
	if code != cmd.ExitOK {
		t.Fatalf("exit code %d\n%s", code, log)
	}
	if rest := block.ReplaceAllString(out, ""); rest != "" {
		t.Errorf("beside the batches stdout holds %q", rest)
	}
	times := regexp.MustCompile(`Time: (\d+) ms`).FindAllStringSubmatch(out, -1)
	if len(times) != 6 {
		t.Fatalf("%d blocks of 6:\n%s", len(times), out)
	}
	first, _ := strconv.Atoi(times[0][1])
	for i, m := range times {
		if at, _ := strconv.Atoi(m[1]); at != first+i/2*300 || at%300 != 0 {
			t.Errorf("block %d has the time %d, the first %d", i, at, first)
		}
	}
	if files, _ := filepath.Glob("*"); len(files) > 0 {
		t.Errorf("files were left: %v", files)
	}
	if lines := strings.Count(log, "\n"); !strings.HasPrefix(log, "hibana ") || lines > 12 {
		t.Errorf("the banner and the log have %d lines:\n%s", lines, log)
	}
}

// cluster is a broker with a topic of its own: the real one that HIBANA_TEST_KAFKA names, or an embedded one beside the program.
type cluster struct {
	brokers, topic string
	options        []kgo.Opt
}

func newCluster(t *testing.T, partitions int) cluster {
	t.Helper()
	c := cluster{brokers: os.Getenv("HIBANA_TEST_KAFKA"), topic: fmt.Sprintf("e2e-%d", rand.Uint32())}
	if c.brokers == "" {
		broker, err := kafka.NewBroker(kafka.BrokerConfig{Listen: "127.0.0.1:0", Partitions: partitions, Topics: []string{c.topic}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(broker.Close)
		c.brokers, c.options = broker.Addr(), broker.ClientOptions()
		return c
	}
	createTopic(t, c.brokers, c.topic, partitions)
	c.options = []kgo.Opt{kgo.SeedBrokers(c.brokers)}
	return c
}

func (c cluster) write(t *testing.T, n int) {
	t.Helper()
	writer, err := kafka.NewWriter(c.options, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close(context.Background()) }()
	for at := 0; at < n; at += 5000 {
		records := make([]messages.Outgoing, min(5000, n-at))
		for i := range records {
			records[i] = messages.NewOutgoing(c.topic, id(at+i), true, fmt.Sprintf(`{"content":%q}`, id(at+i)))
		}
		if err := writer.ProduceAll(context.Background(), records); err != nil {
			t.Fatal(err)
		}
	}
}

// drain runs the post's program until the topic is drained and returns the sum of the counts that it printed.
func (c cluster) drain(t *testing.T, group string, more ...string) (sum, code int, log string) {
	t.Helper()
	out, log, code := hibana(t, postJob, append([]string{
		"run", "--drain", "-X", "kafka.bootstrap.servers=" + c.brokers, "-X", "kafka.group.id=" + group,
		"-X", "topics=[" + c.topic + "]", "-X", "interval=500ms",
	}, more...)...)
	return counted(out), code, log
}

// counted is the sum of the counts that were printed: how many batches there were hangs on the machine.
func counted(out string) (sum int) {
	for line := range strings.SplitSeq(out, "\n") {
		if n, err := strconv.Atoi(line); err == nil {
			sum += n
		}
	}
	return sum
}

// A group reads what it has not read; a new group obeys auto.offset.reset; anything that is no reset is refused.
func TestE2EKafkaGroupsAndResets(t *testing.T) {
	c := newCluster(t, 4)
	c.write(t, 100_000)
	group := c.topic + "-a"
	for _, step := range []struct {
		group, reset string
		sum, code    int
	}{
		{group, "smallest", 100_000, cmd.ExitOK},
		{group, "smallest", 0, cmd.ExitOK},
		{c.topic + "-b", "greatest", 0, cmd.ExitOK},
		{c.topic + "-c", "earliest", 100_000, cmd.ExitOK},
		{c.topic + "-d", "none", 0, cmd.ExitFailed},
		{c.topic + "-e", "bogus", 0, cmd.ExitUsage},
	} {
		sum, code, log := c.drain(t, step.group, "-X", "kafka.auto.offset.reset="+step.reset)
		if sum != step.sum || code != step.code {
			t.Errorf("%s with %s: counted %d of %d, exit code %d of %d\n%s", step.group, step.reset, sum, step.sum, code, step.code, log)
		}
		if step.code != cmd.ExitOK && !strings.Contains(log, "none") {
			t.Errorf("%s: the error does not say what is accepted: %s", step.reset, log)
		}
	}
	c.lagIsZero(t, group)
}

// A group that began at the end has a place there: what comes while nobody reads is read by its next start.
func TestE2EKafkaAGroupThatBeganAtTheEndMissesNothing(t *testing.T) {
	c := newCluster(t, 2)
	c.write(t, 100)
	for i, want := range []int{0, 100} {
		if sum, code, log := c.drain(t, c.topic, "-X", "kafka.auto.offset.reset=latest"); sum != want || code != cmd.ExitOK {
			t.Fatalf("start %d counted %d of %d, exit code %d\n%s", i, sum, want, code, log)
		}
		c.write(t, 100)
	}
}

// A topic written in transactions, one of them aborted, drains, and its lag ends at zero.
func TestE2EKafkaATransactionalTopicDrains(t *testing.T) {
	c := newCluster(t, 2)
	client, err := kgo.NewClient(append(c.options, kgo.TransactionalID(c.topic))...)
	if err != nil {
		t.Fatal(err)
	}
	for i, commit := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for n := range 50 {
			value := fmt.Sprintf(`{"content":"%d-%d"}`, i, n)
			if err := client.ProduceSync(context.Background(), &kgo.Record{Topic: c.topic, Value: []byte(value), Partition: int32(n % 2)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.EndTransaction(context.Background(), commit); err != nil {
			t.Fatal(err)
		}
	}
	client.Close()
	if sum, code, log := c.drain(t, c.topic, "-X", "kafka.isolation.level=read_committed"); sum != 100 || code != cmd.ExitOK {
		t.Errorf("counted %d of 100, exit code %d\n%s", sum, code, log)
	}
	c.lagIsZero(t, c.topic)
}

// lagIsZero checks, with the broker's own word, that the group stands at the end of every partition.
func (c cluster) lagIsZero(t *testing.T, group string) {
	t.Helper()
	client, err := kgo.NewClient(c.options...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	lags, err := lag(client, group)
	if err != nil {
		t.Fatal(err)
	}
	for tp, n := range lags {
		if n != 0 {
			t.Errorf("the lag of %s is %d", tp, n)
		}
	}
	if len(lags) == 0 {
		t.Error("the group has committed nothing")
	}
}

// A plain main, as the post has it: start, then await termination.
func TestE2EAnUnreachableBrokerIsExitThree(t *testing.T) {
	_, log, code := hibana(t, postJob, "run", "-X", "kafka.bootstrap.servers=127.0.0.1:1", "-X", "kafka.group.id=g", "-X", "startup.timeout=2s")
	if code != cmd.ExitUnreachable || !strings.Contains(log, "127.0.0.1:1") {
		t.Errorf("exit code %d\n%s", code, log)
	}
}

// A pattern reads every topic whose whole name it matches.
func TestE2EKafkaAPatternNamesTheTopics(t *testing.T) {
	c := newCluster(t, 2)
	c.write(t, 300)
	out, log, code := hibana(t, postJob, "run", "--drain", "-X", "kafka.bootstrap.servers="+c.brokers, "-X", "kafka.group.id="+c.topic,
		"-X", "pattern="+c.topic[:len(c.topic)-1]+".", "-X", "interval=500ms")
	if sum := counted(out); code != cmd.ExitOK || sum != 300 {
		t.Errorf("counted %d of 300, exit code %d\n%s\n%s", sum, code, out, log)
	}
}
