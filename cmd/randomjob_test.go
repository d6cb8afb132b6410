//go:build synctests

package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming/streamingtest"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// The kit writes the bytes that the program writes: for random jobs, grown from seeds 1, 2, 3, …, the kit's standard output is that of
// cmd.Main with a broker, a group and a checkpoint folder, given the same records, batch by batch. Twenty jobs (five with -short), or as many as
// HIBANA_TEST_JOBS says.
//
// The program runs in a bubble, where its clock is exact: a batch's records are written inside one interval. Two things the kit
// cannot know. Its times count from 1970: both are compared as the time since the first batch. And the program fires empty batches
// until the test begins to write: the kit is given as many of them, because a window, a slide and a timeout count from the first batch.
//
// Every other job, or so, is stopped between two batches, and started again with what it has saved, the kit with Restart.
//
// Some keep their state by partition in the program (exchange: partition), which the kit does not: then the lines of each block are
// compared sorted. There the slides of windows are counted from 1970, so the kit gets batches ahead of the first to be in step.
//
// The control arm: a job that differs in one constant or one window must write other bytes. Few jobs may be such that none does, because
// what is changed never comes to an output.
func TestRandomJobsWriteTheSameInTheKitAndInTheProgram(t *testing.T) {
	jobs := 20
	if testing.Short() {
		jobs = 5
	}
	if n, err := strconv.Atoi(os.Getenv("HIBANA_TEST_JOBS")); err == nil {
		jobs = n
	}
	var silent []uint64
	for seed := range uint64(jobs) {
		job := grow(seed + 1)
		t.Run(fmt.Sprint(job.seed), func(t *testing.T) {
			t.Log(job)
			written := job.inProgram(t)
			program := sinceTheFirst(t, written)
			job.ahead, job.lead = job.outOfStep(t, written), job.leading(t, program)
			if kit := job.inKit(t); kit != program {
				t.Fatalf("the kit and the program differ:\n%v%s", job, difference(kit, program))
			}
			if !slices.ContainsFunc(job.changed(), func(other randomJob) bool { return other.inKit(t) != program }) {
				silent = append(silent, job.seed)
			}
		})
	}
	if len(silent)*10 > jobs {
		t.Errorf("in %d of %d jobs no change shows in what they write, which proves nothing: seeds %v", len(silent), jobs, silent)
	}
}

// How many intervals the program has before the first record and behind the last one.
const (
	jobLead  = 4
	jobTrail = 6
)

// length is how many batches the program runs.
func (j randomJob) length() int { return jobLead + len(j.batches) + jobTrail }

// runs are the batches of each run of the program: one run, or two with a restart between two batches.
func (j randomJob) runs() []int {
	if j.restart == 0 {
		return []int{j.length()}
	}
	return []int{j.restart, j.length() - j.restart}
}

// inProgram runs the job as the binary does, and gives what it writes.
func (j randomJob) inProgram(t *testing.T) string {
	t.Helper()
	t.Chdir(t.TempDir())
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	nowhere := filepath.Join(temp, "file")
	if err := os.WriteFile(nowhere, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"run", "-X", "interval=" + jobInterval.String(),
		"-X", "kafka.bootstrap.servers=bubble:9092", "-X", "kafka.group.id=jobs", "-X", "log.level=warn", "-X", "instance=one",
		"-X", "console.socket=" + filepath.Join(nowhere, "s"), // a socket stops a bubble's clock
	}
	if j.byPartition {
		args = append(args, "-X", "exchange=partition", "-X", "delivery="+j.delivery)
	} else {
		args = append(args, "-X", "checkpoint="+t.TempDir())
	}
	var stdout, stderr bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		broker, err := kafka.NewBroker(kafka.BrokerConfig{Virtual: true, Partitions: j.partitions, Topics: j.topics})
		if err != nil {
			t.Fatal(err)
		}
		published := make(chan error, 1)
		go func() { published <- j.publish(broker) }()
		for _, batches := range j.runs() {
			m := cmd.Main{Job: j.write, Stdout: &stdout, Stderr: &stderr, Network: broker.ClientOptions()}
			m.Args = append(slices.Clone(args), "--batches", fmt.Sprint(batches))
			if code := m.Run(); code != cmd.ExitOK {
				t.Errorf("exit code %d\n%v%s", code, j, stderr.String())
			}
		}
		if err := <-published; err != nil {
			t.Error(err)
		}
		<-time.After(time.Second) // protoactor's throttle of dead letters sleeps for a moment
		broker.Close()
	})
	return j.sorted(stdout.String())
}

// sorted is the output with the lines of each block sorted, if their order is not the kit's.
func (j randomJob) sorted(out string) string {
	if !j.byPartition {
		return out
	}
	blocks := strings.SplitAfter(out, "\n\n")
	for i, block := range blocks {
		lines := strings.SplitAfter(block, "\n")
		if len(lines) > 4 {
			slices.Sort(lines[3 : len(lines)-2]) // between the frame and the empty line
		}
		blocks[i] = strings.Join(lines, "")
	}
	return strings.Join(blocks, "")
}

// publish writes each batch's records inside an interval, in two parts, so that they do not come in one fetch.
func (j randomJob) publish(broker *kafka.Broker) error {
	writer, err := kafka.NewWriter(broker.ClientOptions(), 0, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	<-time.After(jobLead*jobInterval + jobInterval/4)
	for _, batch := range j.batches {
		for _, part := range [][]messages.Outgoing{batch[:len(batch)/3], batch[len(batch)/3:]} {
			if err := writer.ProduceAll(context.Background(), part); err != nil {
				return err
			}
			<-time.After(jobInterval / 2)
		}
	}
	return writer.Close(context.Background())
}

// outOfStep is how many batches the kit has to run ahead, so that its slides are those of an output whose slides count from 1970.
func (j randomJob) outOfStep(t *testing.T, written string) int {
	t.Helper()
	first, err := strconv.Atoi(timeLine.FindStringSubmatch(written)[1])
	if err != nil {
		t.Fatal(err)
	}
	if !j.byPartition {
		return 0
	}
	return (first/1000 - 1) % longestSlide
}

// longestSlide is a multiple of all slides that a random job has, in intervals.
const longestSlide = 4

// leading is how many empty batches the program has run before the first of the job's. The first block of each batch counts its records.
func (j randomJob) leading(t *testing.T, program string) int {
	t.Helper()
	first := slices.IndexFunc(j.batches, func(b []messages.Outgoing) bool { return len(b) > 0 })
	var counted []string // times
	for _, block := range countBlock.FindAllStringSubmatch(program, -1) {
		if at, count := block[1], block[2]; !slices.Contains(counted, at) {
			if counted = append(counted, at); count != "0" && first >= 0 {
				return len(counted) - 1 - first
			}
		}
	}
	t.Fatalf("no records at all:\n%v%s", j, program)
	return 0
}

// countBlock is a block and its first line.
var countBlock = regexp.MustCompile(`Time: (\d+) ms\n-+\n(.*)\n`)

// options are those of the kit: a watermark covers all partitions, or each has its own, which no sorting of lines makes the same. Otherwise a
// kit that does not divide is the stronger check of what is kept by partition.
func (j randomJob) options() []streamingtest.Option {
	if j.byPartition && slices.ContainsFunc(j.steps, func(s jobStep) bool { return s.watermark }) {
		return []streamingtest.Option{streamingtest.WithStateByPartition()}
	}
	return nil
}

// inKit runs the job in the kit.
func (j randomJob) inKit(t *testing.T) string {
	t.Helper()
	k := streamingtest.New(t, jobInterval, j.options()...)
	topics := map[string]*streamingtest.TopicSource{}
	for _, topic := range j.topics {
		topics[topic] = streamingtest.Topic(k, topic, j.partitions)
	}
	if err := j.write(k.Context()); err != nil {
		t.Fatal(err)
	}
	for range j.ahead {
		k.Tick()
	}
	before := len(k.Stdout())
	for i := range j.length() {
		if i > 0 && i == j.restart {
			k.Restart(t)
		}
		if b := i - j.lead; b >= 0 && b < len(j.batches) {
			for _, r := range j.batches[b] {
				key, _ := r.Key()
				value, _ := r.Value()
				topics[r.Topic()].Feed(key, value)
			}
		}
		k.Tick()
	}
	if k.Err() != nil {
		t.Fatalf("%v in the kit:\n%v", k.Err(), j)
	}
	return j.sorted(sinceTheFirst(t, k.Stdout()[before:]))
}

var timeLine = regexp.MustCompile(`(?m)^Time: (\d+) ms$`)

// sinceTheFirst is the output with its times counted from the first batch's.
func sinceTheFirst(t *testing.T, out string) string {
	t.Helper()
	first := timeLine.FindStringSubmatch(out)
	if first == nil {
		t.Fatalf("no batch in %q", out)
	}
	zero, _ := strconv.ParseInt(first[1], 10, 64)
	return timeLine.ReplaceAllStringFunc(out, func(line string) string {
		at, _ := strconv.ParseInt(timeLine.FindStringSubmatch(line)[1], 10, 64)
		return fmt.Sprintf("Time: %d ms", at-zero)
	})
}

// difference shows where two outputs part, and both from there on.
func difference(kit, program string) string {
	kits, programs := strings.SplitAfter(kit, "\n"), strings.SplitAfter(program, "\n")
	i := 0
	for i < min(len(kits), len(programs)) && kits[i] == programs[i] {
		i++
	}
	i = max(0, i-8)
	until := func(n int) int { return min(n, i+40) }
	return fmt.Sprintf("from line %d on, kit:\n%s\nprogram:\n%s", i+1,
		strings.Join(kits[i:until(len(kits))], ""), strings.Join(programs[i:until(len(programs))], ""))
}
