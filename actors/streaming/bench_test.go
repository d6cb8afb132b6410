package streaming_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// load is what a benchmark runs: records of a number of keys, spread over partitions.
type load struct {
	partitions [][]messages.Raw
	records    int
}

func newLoad(keys, records, partitions int) load {
	random := rand.New(rand.NewPCG(1, 2))
	return keyedLoad(records, partitions, func(int) int { return random.IntN(keys) })
}

// keyedLoad has a record for each of the keys.
func keyedLoad(records, partitions int, key func(i int) int) load {
	l := load{partitions: make([][]messages.Raw, partitions), records: records}
	for i := range records {
		p := i % partitions
		place := messages.Place{TopicPartition: messages.TopicPartition{Topic: "events", Partition: int32(p)}, Offset: int64(len(l.partitions[p]))}
		text := fmt.Sprintf("key-%07d", key(i))
		l.partitions[p] = append(l.partitions[p], messages.NewRecord(place, 0, text, true, `{"content":"`+text+`"}`, true, nil))
	}
	return l
}

// bench is a job driven by hand, as the actors do.
type bench struct {
	program *streaming.Program
	runner  *streaming.Runner
	now     time.Time
	changes int
}

func newBench(b testing.TB, job func(*streaming.Context)) *bench {
	c := streaming.NewContext(time.Second, streaming.WithTopics("events"), streaming.WithSavedState())
	job(c)
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	p := c.Program()
	return &bench{program: p, runner: p.NewRunner(streaming.Env{Stdout: io.Discard}), now: time.UnixMilli(0)}
}

func (j *bench) batch(b testing.TB, l load) {
	j.now = j.now.Add(time.Second)
	var parts []streaming.PartInput
	for i, records := range l.partitions {
		where := messages.TopicPartition{Topic: "events", Partition: int32(i)}
		task := j.program.NewTask(where)
		for len(records) > 0 {
			n := min(len(records), 256) // as the consumers do
			if err := task.Fold(records[:n]); err != nil {
				b.Fatal(err)
			}
			records = records[n:]
		}
		partials, err := task.Finish()
		if err != nil {
			b.Fatal(err)
		}
		parts = append(parts, streaming.PartInput{Range: messages.OffsetRange{TopicPartition: where}, Partials: partials})
	}
	if r := j.runner.Run(context.Background(), j.now, parts); r.Err != nil {
		b.Fatal(r.Err)
	}
	for block := range j.runner.Changes() {
		for range block.All() {
			j.changes++
		}
	}
	j.runner.Commit()
}

// mapLoop is what the jobs are measured against: a loop with one Go map that saves nothing.
func mapLoop(l load, m map[string]int64) {
	for _, records := range l.partitions {
		for i := range records {
			m[records[i].Key()]++
		}
	}
}

func keyOne(r messages.Record[string, string]) (string, int64) { return r.Key(), 1 }

func pairs(c *streaming.Context) streaming.PairStream[string, int64] {
	return streaming.MapToPair(streaming.DirectStream(c, rawString, rawString), keyOne)
}

func rawString(s string) (string, error) { return s, nil }

func add64(a, b int64) int64 { return a + b }

func runningCount(c *streaming.Context) {
	streaming.MapWithState(pairs(c), "count", streaming.StateSpec[string, int64, int64, int64]{
		Function: func(_ time.Time, _ string, v streaming.Option[int64], s *streaming.KeyState[int64]) streaming.Option[int64] {
			n := s.Option().OrElse(0) + v.OrElse(0)
			s.Update(n)
			return streaming.None[int64]()
		},
	}).Print()
}

func updatedCount(c *streaming.Context) {
	streaming.UpdateStateByKey(pairs(c), "count", func(values []int64, s streaming.Option[int64]) streaming.Option[int64] {
		n := s.OrElse(0)
		for _, v := range values {
			n += v
		}
		return streaming.Some(n)
	}).Print()
}

func wordCount(c *streaming.Context) { pairs(c).ReduceByKey(add64).Print() }

// cpu is the processor time that this process has taken, which does not depend on what else the machine is doing as much as the clock does.
func cpu(b testing.TB) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkAgainstAMap prints, for each job, its processor time per record and how often it is that of the loop with a Go map, both
// measured in turns; neither includes Kafka.
func BenchmarkAgainstAMap(b *testing.B) {
	jobs := []struct {
		name string
		keys int
		job  func(*streaming.Context)
	}{
		{"MapWithState-100000-keys", 100_000, runningCount},
		{"UpdateStateByKey-100000-keys", 100_000, updatedCount},
		{"ReduceByKey-1000-keys", 1_000, wordCount},
	}
	for _, j := range jobs {
		b.Run(j.name, func(b *testing.B) {
			l := newLoad(j.keys, 1_000_000, 16)
			engine, m := newBench(b, j.job), map[string]int64{}
			engine.batch(b, l)
			mapLoop(l, m)
			var ours, loop time.Duration
			b.ResetTimer()
			for range b.N {
				start := cpu(b)
				engine.batch(b, l)
				between := cpu(b)
				mapLoop(l, m)
				ours, loop = ours+between-start, loop+cpu(b)-between
			}
			n := float64(b.N * l.records)
			b.ReportMetric(float64(ours.Nanoseconds())/n, "ns/record")
			b.ReportMetric(float64(loop.Nanoseconds())/n, "loop-ns/record")
			b.ReportMetric(float64(ours)/float64(loop), "ratio")
		})
	}
}
