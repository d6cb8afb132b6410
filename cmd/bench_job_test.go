package cmd_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

const benchInterval = time.Second

// job writes a job down; result tells, after the end, how many records its results account for.
type job func(s *streaming.Context) (result func() int)

// workloads are what is compared, by name.
var workloads = map[string]workload{
	"count":        {loop: loopCount, job: jobCount},
	"runningCount": {loop: loopRunningCount, job: jobRunningCount, args: []string{"-X", "checkpoint=*"}},
	"updatedCount": {loop: loopRunningCount, job: jobUpdatedCount, args: []string{"-X", "checkpoint=*"}},
	"wordCount":    {loop: loopWordCount, job: jobWordCount},
}

// hibana is the whole program with a job, from Kafka to its results. A * in an argument stands for a folder of its own.
func (b bench) hibana(w workload) int {
	folder, err := os.MkdirTemp("", "hibana-bench")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	var result func() int
	m := cmd.Main{
		Stdout: os.Stdout, Stderr: os.Stdout,
		Job: func(s *streaming.Context) error { result = w.job(s); return nil },
		Args: []string{
			"run", "--drain", "-X", "kafka.bootstrap.servers=" + b.Brokers, "-X", "topics=" + b.Topic,
			"-X", fmt.Sprintf("kafka.group.id=bench-%d", os.Getpid()), "-X", fmt.Sprint("interval=", benchInterval), "-X", "log.level=warn",
		},
	}
	for _, a := range append(w.args, b.Args...) {
		m.Args = append(m.Args, strings.ReplaceAll(a, "*", folder))
	}
	if code := m.Run(); code != 0 {
		panic(fmt.Sprintf("exit code %d", code))
	}
	return result()
}

// jobCount is the post's job: print and count.
func jobCount(s *streaming.Context) func() int {
	events := streaming.Events(s)
	events.Print()
	return summed(events.Count())
}

// jobRunningCount gives the count so far for each record, and prints the first ten of a batch.
func jobRunningCount(s *streaming.Context) func() int {
	counts := streaming.MapWithState(byKey(s), "counts", streaming.StateSpec[string, int64, int64, streaming.Pair[string, int64]]{
		Function: func(_ time.Time, key string, one streaming.Option[int64], state *streaming.KeyState[int64]) streaming.Option[streaming.Pair[string, int64]] {
			n := state.Option().OrElse(0) + one.OrElse(0)
			state.Update(n)
			return streaming.Some(streaming.Pair[string, int64]{Key: key, Value: n})
		},
	})
	counts.Print()
	return summed(counts.Count())
}

// jobUpdatedCount gives the counts of all keys in every batch. The last sum is the number of all records.
func jobUpdatedCount(s *streaming.Context) func() int {
	counts := streaming.UpdateStateByKey(byKey(s), "counts", func(ones []int64, state streaming.Option[int64]) streaming.Option[int64] {
		return streaming.Some(state.OrElse(0) + int64(len(ones)))
	})
	counts.Print()
	var last int64
	sum := streaming.Map(counts.Stream, func(p streaming.Pair[string, int64]) int64 { return p.Value }).Reduce(plus64)
	sum.ForeachBatch(func(_ context.Context, b streaming.Batch[int64]) error {
		for _, n := range b.Elements() {
			last = n
		}
		return nil
	})
	return func() int { return int(last) }
}

// jobWordCount counts the words of each batch.
func jobWordCount(s *streaming.Context) func() int {
	words := streaming.FlatMap(streaming.Events(s), func(e messages.RichEvent) []string { return strings.Fields(e.Content()) })
	counts := streaming.MapToPair(words, func(word string) (string, int64) { return word, 1 }).ReduceByKey(plus64)
	counts.Print()
	result := summed(streaming.Map(counts.Stream, func(p streaming.Pair[string, int64]) int64 { return p.Value }))
	return func() int { return result() / benchPerEvent }
}

func byKey(s *streaming.Context) streaming.PairStream[string, int64] {
	events := streaming.DirectStream(s, streaming.String, streaming.RichEvent)
	return streaming.MapToPair(events, func(r messages.Record[string, messages.RichEvent]) (string, int64) { return r.Key(), 1 })
}

// summed is the sum over all batches.
func summed(of streaming.Stream[int64]) func() int {
	var sum int64
	of.ForeachBatch(func(_ context.Context, b streaming.Batch[int64]) error {
		for _, n := range b.Elements() {
			sum += n
		}
		measured.passed(int(sum))
		return nil
	})
	return func() int { return int(sum) }
}

func plus64(a, b int64) int64 { return a + b }
