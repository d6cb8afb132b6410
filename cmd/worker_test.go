package cmd_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// workerRole, set in the environment, makes the test binary a worker: the program with the job below, so that tests can kill it.
const workerRole = "HIBANA_TEST_WORKER"

func TestMain(m *testing.M) {
	if out := os.Getenv(workerRole); out != "" {
		os.Exit(work(out))
	}
	if loop := os.Getenv(latencyLoop); loop != "" {
		os.Exit(runLatencyLoop(loop))
	}
	if seed := os.Getenv(faultyRole); seed != "" {
		os.Exit(faultyBroker(seed))
	}
	if role := os.Getenv(benchRole); role != "" {
		os.Exit(benchChild(role))
	}
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = parallel.Value.Set(strconv.Itoa(4 * runtime.GOMAXPROCS(0))) // those that are parallel wait for processes and brokers
	}
	goleak.VerifyTestMain(m)
}

// workerJob names the job; "" is the recording one.
const workerJob = "HIBANA_TEST_JOB"

var jobs = map[string]func(*streaming.Context, string) error{"": recordingJob, "state": statefulJob}

// work is the program as a user has it, with a job that writes down what each batch was given.
func work(out string) int {
	limitFiles()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if err := sayUp(); err != nil {
		panic(err)
	}
	m := cmd.Main{
		Job: func(s *streaming.Context) error { return jobs[os.Getenv(workerJob)](s, out) }, Args: os.Args[1:],
		Stdout: os.Stdout, Stderr: os.Stderr, Env: os.Environ(), Signals: signals, Exit: os.Exit,
	}
	return m.Run()
}

// upFile, set in the environment of a worker, names a file that the worker makes when it has come to obey signals.
const upFile = "HIBANA_TEST_UP"

func sayUp() error {
	if path := os.Getenv(upFile); path != "" {
		return os.WriteFile(path, nil, 0o600)
	}
	return nil
}

// line is what the recording job writes for one batch: after it has the events, before the batch is committed.
type line struct {
	Time   int64
	Ranges []lineRange
	IDs    []string
}

type lineRange struct {
	Partition   int32
	From, Until int64
}

// recordingJob appends a line for each batch that moved, between two windows.
func recordingJob(s *streaming.Context, out string) error {
	file, err := os.OpenFile(out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	streaming.Events(s).ForeachBatch(func(_ context.Context, b streaming.Batch[messages.RichEvent]) error {
		l := line{Time: b.Time().UnixMilli()}
		for _, e := range b.Elements() {
			l.IDs = append(l.IDs, e.Content())
		}
		for _, r := range b.OffsetRanges() {
			if r.Count() > 0 {
				l.Ranges = append(l.Ranges, lineRange{r.Partition, r.From, r.Until})
			}
		}
		if len(l.Ranges) == 0 {
			return nil
		}
		text, err := json.Marshal(l)
		if err != nil {
			return err
		}
		window(markBefore)
		if _, err := file.Write(append(text, '\n')); err != nil {
			return err
		}
		window(markBehind)
		return nil
	})
	return nil
}

// lines reads what a worker has written; a kill may have torn the last line.
func lines(t *testing.T, path string) []line {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var all []line
	for _, s := range strings.Split(string(text), "\n") {
		var l line
		if json.Unmarshal([]byte(s), &l) == nil {
			all = append(all, l)
		}
	}
	return all
}

func id(n int) string { return fmt.Sprintf("id-%06d", n) }
