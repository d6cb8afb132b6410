package cmd_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

func init() { jobs["count"] = numberingJob }

// numberingJob numbers the events of each key, for ever, and writes each with its number; before the commit there is a window.
func numberingJob(s *streaming.Context, _ string) error {
	records := streaming.DirectStream(s, streaming.String, streaming.RichEvent)
	pairs := streaming.MapToPair(records, func(r messages.Record[string, messages.RichEvent]) (string, string) {
		return r.Key(), r.Value().Content()
	})
	type numbered = streaming.Pair[string, string]
	counted := streaming.MapWithState(pairs, "counts", streaming.StateSpec[string, string, int, numbered]{
		Function: func(_ time.Time, key string, id streaming.Option[string], state *streaming.KeyState[int]) streaming.Option[numbered] {
			n, _ := state.Option().Get()
			state.Update(n + 1)
			content, _ := id.Get()
			return streaming.Some(numbered{Key: key, Value: fmt.Sprintf("%s %d", content, n+1)})
		},
	})
	streaming.PairStream[string, string]{Stream: counted.Stream}.ToKafka(os.Getenv(copyTo), streaming.EncodeString, streaming.EncodeString)
	eachWindow(counted.Stream, markBehind)
	return nil
}

// newCounting is a chaos whose workers number events by key, and keep the numbers by partition.
func newCounting(t *testing.T, args ...string) (*chaos, string) {
	t.Helper()
	c := newChaos(t, append([]string{"-X", "exchange=partition"}, args...)...)
	to := c.topic + "-out"
	c.keys, c.longer, c.env = 100, 200*time.Millisecond, []string{workerJob + "=count", copyTo + "=" + to}
	createTopic(t, c.brokers, to, 4)
	return c, to
}

// numbered is what a reader of committed records finds: the numbers of each key, in their order.
type numbered struct {
	lost, repeated, disordered int
	last                       map[string]int
}

// readNumbers reads what numberingJob has written.
func (c *chaos) readNumbers(to string) numbered {
	c.t.Helper()
	o := numbered{last: map[string]int{}}
	seen := map[string]int{}
	c.readAll(to, func(r *kgo.Record) bool {
		id, number, _ := strings.Cut(string(r.Value), " ")
		n, _ := strconv.Atoi(number)
		seen[id]++
		if key := string(r.Key); n == o.last[key]+1 {
			o.last[key] = n
		} else {
			o.disordered++
		}
		return len(seen) == c.written
	})
	for n := range c.written {
		switch times := seen[id(n)]; {
		case times == 0:
			o.lost++
		case times > 1:
			o.repeated++
		}
	}
	c.t.Logf("%d events: %d lost, %d repeated, %d numbers out of order", c.written, o.lost, o.repeated, o.disordered)
	return o
}

// exact tells whether every event has been written once, with its key's next number.
func (c *chaos) exact(o numbered) {
	c.t.Helper()
	if o.lost+o.repeated+o.disordered > 0 {
		c.t.Errorf("%d lost, %d repeated, %d out of order\n%s", o.lost, o.repeated, o.disordered, c.log.String())
	}
	for k := range c.keys {
		if want := (c.written + c.keys - 1 - k) / c.keys; o.last[c.key(k)] != want {
			c.t.Errorf("the last number of key %s is %d, want %d", c.key(k), o.last[c.key(k)], want)
		}
	}
}

// readAll reads committed records until take has what it wants, or nothing new has come for a minute, and then for one more second.
func (c *chaos) readAll(topic string, take func(*kgo.Record) (complete bool)) {
	c.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(c.brokers, ",")...), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200*time.Millisecond))
	if err != nil {
		c.t.Fatal(err)
	}
	defer client.Close()
	for patience := time.Minute; ; {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		fetches := client.PollFetches(ctx)
		over := ctx.Err() != nil
		cancel()
		fetches.EachRecord(func(r *kgo.Record) {
			if take(r) {
				patience = time.Second
			}
		})
		if over && fetches.NumRecords() == 0 { // a poll may also return with an error that passes
			return
		}
	}
}

// State by key, kills at any time: every event is there once, with the number that follows its key's last, so the state is exact.
func TestKafkaKillsOfKeyedStateExactlyOnce(t *testing.T) {
	t.Parallel()
	c, to := newCounting(t, "-X", "delivery=exactly-once")
	c.run(7, kills(), syscall.SIGKILL)
	c.exact(c.readNumbers(to))
}

// The control arm: at least once events repeat, and yet no number is lost or given twice to different events: state is exact there, too.
func TestKafkaKillsOfKeyedStateAtLeastOnce(t *testing.T) {
	t.Parallel()
	c, to := newCounting(t)
	c.aim = markBehind
	c.run(7, kills(), syscall.SIGKILL)
	o := c.readNumbers(to)
	if o.lost > 0 || o.repeated == 0 {
		t.Errorf("%d lost, %d repeated: something must repeat, and nothing may be lost\n%s", o.lost, o.repeated, c.log.String())
	}
	for k := range c.keys {
		if want := (c.written + c.keys - 1 - k) / c.keys; o.last[c.key(k)] != want {
			t.Errorf("the last number of key %s is %d, want %d", c.key(k), o.last[c.key(k)], want)
		}
	}
}

// Members come and go, some of them killed, and state goes with its partitions.
func TestKafkaKeyedStateFollowsItsPartitions(t *testing.T) {
	t.Parallel()
	c, to := newCounting(t, "-X", "delivery=exactly-once", "-X", "kafka.session.timeout.ms=6000", "-X", "kafka.transaction.timeout.ms=5000",
		"-X", "kafka.heartbeat.interval.ms=500")
	random := rand.New(rand.NewPCG(8, 0))
	members := map[string]*exec.Cmd{}
	for step := range 10 {
		name := fmt.Sprintf("m%d", random.IntN(3))
		switch member := members[name]; {
		case member == nil:
			members[name] = c.start("-X", "instance="+name)
		case step%2 == 0:
			c.leaves(member)
			delete(members, name)
		default:
			_ = member.Process.Kill()
			_ = member.Wait()
			members[name] = c.start("-X", "instance="+name)
		}
		c.writeFor(time.Second, 20)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		c.leaves(members[name])
	}
	if err := c.start("--drain", "-X", "instance=last").Wait(); err != nil {
		t.Fatalf("the last member ended with %v\n%s", err, c.log.String())
	}
	c.exact(c.readNumbers(to))
}

// leaves asks a member to end. One whose life before was killed may have been fenced by a request of that, see arm.ended.
func (c *chaos) leaves(member *exec.Cmd) {
	c.t.Helper()
	_ = member.Process.Signal(syscall.SIGTERM)
	if err := member.Wait(); err != nil && !strings.Contains(c.log.String(), "FENCED_INSTANCE_ID") {
		c.t.Fatalf("a member that was asked to leave ended with %v\n%s", err, c.log.String())
	}
}

// writeFor writes n events every 20 ms.
func (c *chaos) writeFor(d time.Duration, n int) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		c.write(n)
		<-time.After(20 * time.Millisecond)
	}
}
