//go:build synctests

package cmd_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// downtimeWidth is that of the windows in seconds: longer than the program is down.
const downtimeWidth = 8

// downtimeJob names each of its outputs, so that their blocks are told apart. Batches of it are a second apart.
func downtimeJob(s *streaming.Context) error {
	keys := streaming.MapToPair(streaming.DirectStream(s, streaming.String, streaming.String), func(r messages.Record[string, string]) (string, int) { return r.Key(), 1 })
	const width, slide, timeout = downtimeWidth * time.Second, 2 * time.Second, 5 * time.Second
	named(keys, "batch")
	named(keys.ReduceByKeyAndWindow(plus, width, time.Second), "window")
	named(keys.ReduceByKeyAndWindowInverse(plus, minus, width, slide, func(_ string, n int) bool { return n > 0 }), "every other")
	named(streaming.UpdateStateByKey(keys, "state", func(values []int, total streaming.Option[int]) streaming.Option[int] {
		return streaming.Some(total.OrElse(0) + len(values))
	}), "state")
	named(streaming.PairStream[string, int]{Stream: streaming.MapWithState(keys, "idle", streaming.StateSpec[string, int, int, streaming.Pair[string, int]]{
		Timeout: timeout,
		Function: func(_ time.Time, key string, _ streaming.Option[int], calls *streaming.KeyState[int]) streaming.Option[streaming.Pair[string, int]] {
			if calls.IsTimingOut() {
				return streaming.Some(streaming.Pair[string, int]{Key: key, Value: calls.Get()})
			}
			calls.Update(calls.Option().OrElse(0) + 1)
			return streaming.None[streaming.Pair[string, int]]()
		},
	}).Stream}, "idle")
	return nil
}

// named prints every pair behind the output's name, and the name alone first, so that an empty block has it too.
func named(p streaming.PairStream[string, int], name string) {
	streaming.MapPartitions(p.Stream.Repartition(1), func(pairs []streaming.Pair[string, int]) []string {
		out := []string{name}
		for _, p := range pairs {
			out = append(out, fmt.Sprint(p.Key, "=", p.Value))
		}
		slices.Sort(out[1:])
		return []string{strings.Join(out, " ")}
	}).Print()
}

// The program is stopped for several intervals and started again from its checkpoint, or its changelog. No batch is made up for: what came
// meanwhile is in the first batch, under its time. A window is what came in its width, and not so many batches; slides keep their step;
// a key that was idle meanwhile times out; and the state goes on. The control arm is a model whose windows are so many batches.
func TestWindowsAndStateBehindADowntime(t *testing.T) {
	for name, arguments := range map[string][]string{
		"checkpoint": {"-X", "checkpoint=" + t.TempDir()},
		"changelog":  {"-X", "exchange=partition"},
	} {
		t.Run(name, func(t *testing.T) {
			got := stoppedForAWhile(t, arguments)
			if text := strings.Join(got, "\n"); !strings.Contains(text, ": idle once=1") {
				t.Errorf("no key times out, which proves nothing:\n%s", text)
			}
			if want := downtimeModel(got, false, name == "changelog"); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if slices.Equal(got, downtimeModel(got, true, name == "changelog")) {
				t.Error("windows of so many batches do not differ, which proves nothing")
			}
		})
	}
}

// stoppedForAWhile runs the job twice, five seconds apart, and gives one line "seconds: output" for each block that it wrote.
func stoppedForAWhile(t *testing.T, arguments []string) (blocks []string) {
	t.Chdir(t.TempDir())
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	args := append([]string{
		"run", "--batches", "9", "-X", "interval=1s", "-X", "kafka.bootstrap.servers=bubble:9092", "-X", "kafka.group.id=down",
		"-X", "log.level=warn", "-X", "instance=one", "-X", "console.socket=" + filepath.Join("/dev/null", "s"), // a socket stops a bubble's clock
	}, arguments...)
	var stdout, stderr bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		broker, err := kafka.NewBroker(kafka.BrokerConfig{Virtual: true, Partitions: 2, Topics: []string{"events"}})
		if err != nil {
			t.Fatal(err)
		}
		writer, err := kafka.NewWriter(broker.ClientOptions(), 0, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		run := func() {
			m := cmd.Main{Job: downtimeJob, Stdout: &stdout, Stderr: &stderr, Network: broker.ClientOptions(), Args: args}
			if code := m.Run(); code != cmd.ExitOK {
				t.Errorf("exit code %d\n%s", code, stderr.String())
			}
		}
		written := make(chan struct{})
		go func() {
			defer close(written)
			<-time.After(time.Second / 4)
			for i := range 24 { // a key each second, also while the program is down
				key := string(rune('a' + i*i%5))
				if i == 7 {
					key = "once" // it will have been idle for too long
				}
				record := messages.NewOutgoing("events", key, true, "x")
				if err := writer.ProduceAll(context.Background(), []messages.Outgoing{record}); err != nil {
					t.Error(err)
				}
				<-time.After(time.Second)
			}
		}()
		run()
		<-time.After(5 * time.Second)
		run()
		<-written
		if err := writer.Close(context.Background()); err != nil {
			t.Error(err)
		}
		<-time.After(time.Second) // protoactor's throttle of dead letters sleeps for a moment
		broker.Close()
	})
	for _, b := range countBlock.FindAllStringSubmatch(stdout.String(), -1) {
		ms, _ := strconv.Atoi(b[1])
		blocks = append(blocks, fmt.Sprint(ms/1000, ": ", b[2]))
	}
	return blocks
}

// secondOf is a batch: its time, and how often each key came in it.
type secondOf struct {
	second int
	keys   map[string]int
}

// batchesAmong are the batches that the job has told of, in the blocks of its first output.
func batchesAmong(blocks []string) (batches []secondOf, told []string) {
	for _, b := range blocks {
		at, text, ok := strings.Cut(b, ": batch")
		if !ok {
			continue
		}
		second, _ := strconv.Atoi(at)
		keys := map[string]int{}
		for _, pair := range strings.Fields(text) {
			key, _, _ := strings.Cut(pair, "=")
			keys[key]++
		}
		batches, told = append(batches, secondOf{second, keys}), append(told, b)
	}
	return batches, told
}

// downtimeModel is what the job has to write for the batches that are among the blocks; the defect is that windows are so many batches.
func downtimeModel(blocks []string, defect, from1970 bool) (want []string) {
	batches, told := batchesAmong(blocks)
	zero := batches[0].second - 1
	if from1970 {
		zero = 0
	}
	state, calls, seen := map[string]int{}, map[string]int{}, map[string]int{}
	for i, b := range batches {
		window, idle := map[string]int{}, map[string]int{}
		for j, other := range batches[:i+1] {
			if in := b.second-other.second < downtimeWidth; in && !defect || defect && i-j < downtimeWidth {
				add(window, other.keys)
			}
		}
		for key, at := range seen {
			if b.second-at > 5 && b.keys[key] == 0 {
				idle[key] = calls[key]
				delete(seen, key)
				delete(calls, key)
			}
		}
		for key := range b.keys {
			seen[key] = b.second
		}
		add(state, b.keys)
		add(calls, b.keys)
		want = append(want, told[i], b.line("window", window))
		if (b.second-zero)%2 == 0 {
			want = append(want, b.line("every other", window))
		}
		want = append(want, b.line("state", state), b.line("idle", idle))
	}
	return want
}

// line is the block of an output.
func (b secondOf) line(name string, keys map[string]int) string {
	var pairs []string
	for key, n := range keys {
		pairs = append(pairs, fmt.Sprint(" ", key, "=", n))
	}
	slices.Sort(pairs)
	return fmt.Sprint(b.second, ": ", name, strings.Join(pairs, ""))
}

func add(to, from map[string]int) {
	for key, n := range from {
		to[key] += n
	}
}
