package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// benchRole, set in the environment, makes the test binary one side of a comparison, or the broker between them.
const benchRole = "HIBANA_BENCH_ROLE"

// bench describes a comparison to a child process.
type bench struct {
	Role    string // broker, loop, hibana
	Brokers string
	Topic   string
	Records int
	Args    []string
}

// usage is what a child says of itself.
type usage struct {
	CPU     float64 // seconds, user and system
	RSS     int64   // the most it had resident, bytes
	Records int
}

func benchChild(text string) int {
	var b bench
	if err := json.Unmarshal([]byte(text), &b); err != nil {
		panic(err)
	}
	switch b.Role {
	case "broker":
		return b.broker()
	case "loop":
		return report(b.loop())
	}
	return report(b.hibana())
}

func report(records int) int {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	cpu := float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
	_ = json.NewEncoder(os.Stderr).Encode(usage{CPU: cpu, RSS: r.Maxrss * 1024, Records: records})
	return 0
}

// broker serves until its standard input ends.
func (b bench) broker() int {
	broker, err := kafka.NewBroker(kafka.BrokerConfig{Listen: "127.0.0.1:0", Partitions: 16, RetentionBytes: -1, Topics: []string{b.Topic}})
	if err != nil {
		panic(err)
	}
	fmt.Println(broker.Addr())
	_, _ = os.Stdin.Read(make([]byte, 1))
	return 0
}

// loop is the bound: it polls, and looks at nothing.
func (b bench) loop() int {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Brokers), kgo.ConsumeTopics(b.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	n := 0
	for n < b.Records {
		n += client.PollFetches(context.Background()).NumRecords()
	}
	return n
}

// hibana is the whole program, reading, decoding to RichEvents, and counting.
func (b bench) hibana() int {
	var n int64
	m := cmd.Main{
		Stdout: os.Stdout, Stderr: os.Stdout,
		Job: func(s *streaming.Context) error {
			streaming.Events(s).Count().ForeachBatch(func(_ context.Context, c streaming.Batch[int64]) error {
				n += c.Elements()[0]
				return nil
			})
			return nil
		},
		Args: append([]string{
			"run", "--drain", "-X", "kafka.bootstrap.servers=" + b.Brokers, "-X", "topics=" + b.Topic,
			"-X", fmt.Sprintf("kafka.group.id=bench-%d", os.Getpid()), "-X", "interval=1s", "-X", "log.level=warn",
		}, b.Args...),
	}
	if code := m.Run(); code != 0 {
		panic(fmt.Sprintf("exit code %d", code))
	}
	return int(n)
}

// child runs the test binary in a role, to its end.
func (b bench) child(t testing.TB, role string) usage {
	t.Helper()
	b.Role = role
	text, _ := json.Marshal(b)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), benchRole+"="+string(text))
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", role, err, stdout.String(), stderr.String())
	}
	var u usage
	if err := json.Unmarshal(stderr.Bytes(), &u); err != nil || u.Records != b.Records {
		t.Fatalf("%s counted %d of %d: %v\n%s%s", role, u.Records, b.Records, err, stdout.String(), stderr.String())
	}
	return u
}

// newBench fills a topic of 16 partitions with RichEvents of exactly 100 bytes, on the real broker that HIBANA_TEST_KAFKA
// names, or on an embedded one in a process of its own.
func newBench(t testing.TB, records int) bench {
	t.Helper()
	b := bench{
		Brokers: os.Getenv("HIBANA_TEST_KAFKA"), Topic: fmt.Sprintf("bench-%d", os.Getpid()), Records: records,
		Args: strings.Fields(os.Getenv("HIBANA_BENCH_ARGS")),
	}
	if b.Brokers == "" {
		b.Brokers = b.startBroker(t)
	} else {
		createTopic(t, b.Brokers, b.Topic, 16)
	}
	writer, err := kafka.NewWriter([]kgo.Opt{kgo.SeedBrokers(b.Brokers), kgo.ProducerBatchCompression(kgo.NoCompression())}, 0, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close(context.Background()) }()
	chunk := make([]messages.Outgoing, 10_000)
	for at := 0; at < records; at += len(chunk) {
		for i := range chunk {
			value := fmt.Sprintf(`{"content":"%086d"}`, at+i)
			chunk[i] = messages.NewOutgoing(b.Topic, "", false, value)
		}
		if err := writer.ProduceAll(context.Background(), chunk[:min(len(chunk), records-at)]); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func (b bench) startBroker(t testing.TB) string {
	t.Helper()
	b.Role = "broker"
	text, _ := json.Marshal(b)
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), benchRole+"="+string(text))
	in, _ := c.StdinPipe()
	out, _ := c.StdoutPipe()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = c.Wait() })
	address := make([]byte, 64)
	n, err := out.Read(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(address[:n]))
}

// BenchmarkCountAgainstABareLoop compares CPU time per record: the program against a loop that looks at nothing, each a process
// of its own, in interleaved pairs. The ratio is the median of the pairs. HIBANA_BENCH_RECORDS sets the number of records
// (default one million), HIBANA_BENCH_PAIRS that of the pairs (default 7).
func BenchmarkCountAgainstABareLoop(b *testing.B) {
	comparison := newBench(b, number("HIBANA_BENCH_RECORDS", 1_000_000))
	for range b.N {
		var ratios, loops, hibanas []float64
		var rss []float64
		for range number("HIBANA_BENCH_PAIRS", 7) {
			loop, hibana := comparison.child(b, "loop"), comparison.child(b, "hibana")
			ratios = append(ratios, hibana.CPU/loop.CPU)
			loops, hibanas = append(loops, loop.CPU), append(hibanas, hibana.CPU)
			rss = append(rss, float64(hibana.RSS)/(1<<20))
		}
		perRecord := 1e9 / float64(comparison.Records)
		b.ReportMetric(median(ratios), "ratio")
		b.ReportMetric(median(loops)*perRecord, "loop-ns/record")
		b.ReportMetric(median(hibanas)*perRecord, "hibana-ns/record")
		b.ReportMetric(median(rss), "MiB")
	}
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}
