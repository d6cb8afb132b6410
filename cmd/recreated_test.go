package cmd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/hibana-stream/hibana/actors/kafka"
	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/cmd"
	"github.com/hibana-stream/hibana/messages"
)

// The topic has 30 records when it is deleted, and the new one has 50 when it is read: its first 30 are those that get lost.
const beforeRecreation, afterRecreation = 30, 50

// recreation is a group that reads a topic of which there are two, one after the other.
type recreation struct {
	*ground
	state   bool
	args    []string
	network []kafka.Opt // what the program's clients are like

	mu    sync.Mutex
	seen  map[string]int
	total int
	hold  func(content string) // in the output that is given it
}

func newRecreation(t *testing.T, state bool, arguments ...string) *recreation {
	t.Helper()
	r := &recreation{ground: newGround(t, 1, nil), state: state, seen: map[string]int{}, hold: func(string) {}}
	r.args = append([]string{
		"-X", "kafka.bootstrap.servers=" + r.brokers, "-X", "kafka.group.id=" + r.topic, "-X", "topics=" + r.topic, "-X", "instance=one",
		"-X", "interval=100ms", "-X", "log.level=warn", "-X", "ledger=" + filepath.Join(t.TempDir(), "ledger"),
	}, arguments...)
	r.network = []kafka.Opt{kgo.SeedBrokers(strings.Split(r.brokers, ",")...)}
	return r
}

// blind gives the program clients of before there were ids of topics: nothing is checked then.
func (r *recreation) blind() *recreation {
	r.network = append(r.network, kgo.MaxVersions(kversion.V2_7_0()))
	return r
}

// job writes down what it sees, and keeps the number of all events as its state.
func (r *recreation) job(s *streaming.Context) error {
	records := streaming.DirectStream(s, streaming.String, streaming.RichEvent)
	records.ForeachBatch(func(_ context.Context, b streaming.Batch[messages.Record[string, messages.RichEvent]]) error {
		for _, record := range b.Elements() {
			content := record.Value().Content()
			r.mu.Lock()
			r.seen[content]++
			r.mu.Unlock()
			r.hold(content)
		}
		return nil
	})
	if !r.state {
		return nil
	}
	ones := streaming.MapToPair(records, func(record messages.Record[string, messages.RichEvent]) (string, int) { return record.Key(), 1 })
	streaming.UpdateStateByKey(ones, "total", func(ones []int, n streaming.Option[int]) streaming.Option[int] {
		return streaming.Some(n.OrElse(0) + len(ones))
	}).ForeachBatch(func(_ context.Context, b streaming.Batch[streaming.Pair[string, int]]) error {
		for _, p := range b.Elements() {
			r.total = p.Value
		}
		return nil
	})
	return nil
}

func (r *recreation) command(words ...string) (out, log string, code int) {
	var stdout, stderr bytes.Buffer
	m := cmd.Main{Job: r.job, Args: append(words, r.args...), Stdout: &stdout, Stderr: &stderr, Env: os.Environ(), Network: r.network}
	code = m.Run()
	return stdout.String(), stderr.String(), code
}

// drained is a run that ends well.
func (r *recreation) drained() {
	r.Helper()
	if _, log, code := r.command("run", "--drain"); code != cmd.ExitOK {
		r.Fatalf("exit %d\n%s", code, log)
	}
}

// fill writes events old-0, old-1, … or new-0, new-1, …, all of one key.
func (r *recreation) fill(name string, n int) {
	r.Helper()
	var records []*kgo.Record
	for i := range n {
		e := event(0, fmt.Sprintf("%s-%d", name, i))
		e.Key = []byte("k")
		records = append(records, e)
	}
	r.write(records...)
}

// recreate deletes the topic and makes it again, longer than it was.
func (r *recreation) recreate() {
	r.Helper()
	if answers, err := r.admin.DeleteTopics(r.Context(), r.topic); err != nil || answers.Error() != nil {
		r.Fatal(err, answers.Error())
	}
	var created kadm.CreateTopicResponse
	r.until("the name is free", func() (err error) {
		created, err = r.admin.CreateTopic(r.Context(), 1, 1, nil, r.topic)
		return errors.Join(err, created.Err)
	})
	// The broker hears of both from the controller. Until then it has the earlier topic, and takes records for it; and a client that has known
	// that one refuses to write to another.
	r.until("the broker has the new topic", func() error {
		topics, err := r.admin.ListTopics(kadm.WithAuthorizedOps(r.Context()), r.topic)
		if err == nil && topics[r.topic].ID != created.ID {
			err = kerr.UnknownTopicID
		}
		return err
	})
	r.connect()
	r.fill("new", afterRecreation)
}

// until waits until a question has no error any more.
func (r *recreation) until(what string, ask func() error) {
	r.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if err = ask(); err == nil {
			return
		}
	}
	r.Fatalf("waited in vain: %s: %v", what, err)
}

// saw counts the events of a name that some batch had, and how often one came again.
func (r *recreation) saw(name string, n int) (events, again int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range n {
		if times := r.seen[fmt.Sprintf("%s-%d", name, i)]; times > 0 {
			events, again = events+1, again+times-1
		}
	}
	return events, again
}

// counts checks how many events of each topic were seen, each once, and what the state has counted.
func (r *recreation) counts(before, after int) {
	r.Helper()
	was, twice := r.saw("old", beforeRecreation)
	is, again := r.saw("new", afterRecreation)
	if was != before || is != after || twice+again > 0 || r.state && r.total != before+after {
		r.Errorf("seen: %d and %d events, %d again, %d counted; want %d and %d, each once", was, is, twice+again, r.total, before, after)
	}
}

// refused checks that a run ends before it has read anything, with these words.
func (r *recreation) refused(words ...string) {
	r.Helper()
	_, log, code := r.command("run", "--drain")
	if code != cmd.ExitFailed {
		r.Errorf("exit %d, want %d", code, cmd.ExitFailed)
	}
	for _, w := range append(words, messages.ErrRecreated.Error(), "has the id ", "--topic "+r.topic) {
		if !strings.Contains(log, w) {
			r.Errorf("nothing says %q:\n%s", w, log)
		}
	}
	r.counts(beforeRecreation, 0)
}

// The topic is deleted and created again, and Kafka takes the group's offsets away with it. A job that has state would go on in the new topic
// where the state stood in the old one: that is refused by name; and once somebody says where, it goes on there, and no event is lost.
// The control arm are clients that see no ids: the first events of the new topic are lost, and nobody says so. A job without state has nothing
// that could be wrong, and reads the new topic from its beginning.
func TestKafkaRecreatedTopicUnderState(t *testing.T) {
	t.Parallel()
	for name, arguments := range map[string]func(t *testing.T) []string{
		"exactly-once, changelog":  func(*testing.T) []string { return []string{"-X", "delivery=exactly-once", "-X", "exchange=partition"} },
		"at-least-once, changelog": func(*testing.T) []string { return []string{"-X", "exchange=partition"} },
		"at-most-once, checkpoint": func(t *testing.T) []string {
			return []string{"-X", "delivery=at-most-once", "-X", "checkpoint=" + filepath.Join(t.TempDir(), "checkpoint")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecreation(t, true, arguments(t)...)
			r.fill("old", beforeRecreation)
			r.drained()
			r.recreate()
			r.refused(fmt.Sprint(beforeRecreation), "the group's offsets", "--reset-offsets --to-earliest")
			if out, log, code := r.command("plan"); code != cmd.ExitOK || !strings.Contains(out, "a run stops when that is state of another topic of this name") {
				t.Errorf("the plan, exit %d:\n%s%s", code, out, log)
			}
			r.setOffset(0)
			r.drained()
			r.counts(beforeRecreation, afterRecreation)
			r.contiguous()
		})
		t.Run(name+", control", func(t *testing.T) {
			t.Parallel()
			r := newRecreation(t, true, arguments(t)...).blind()
			r.fill("old", beforeRecreation)
			r.drained()
			r.recreate()
			r.drained()
			r.counts(beforeRecreation, afterRecreation-beforeRecreation)
		})
	}
	t.Run("without state", func(t *testing.T) {
		t.Parallel()
		r := newRecreation(t, false)
		r.fill("old", beforeRecreation)
		r.drained()
		r.recreate()
		r.drained()
		r.counts(beforeRecreation, afterRecreation)
		r.contiguous()
	})
}

// setOffset is what kafka-consumer-groups --reset-offsets does.
func (r *recreation) setOffset(at int64) {
	r.Helper()
	var offsets kadm.Offsets
	offsets.AddOffset(r.topic, 0, at, -1)
	if err := r.admin.CommitAllOffsets(r.Context(), r.topic, offsets); err != nil {
		r.Fatal(err)
	}
}

// contiguous checks that the ledger is, and that it says where the other topic begins; and that it tells the events of the two apart that have
// one offset.
func (r *recreation) contiguous() {
	r.Helper()
	out, log, code := r.command("ledger", "verify")
	if code != cmd.ExitOK || !strings.Contains(out, "the topic was deleted and created again") {
		r.Errorf("the ledger, exit %d:\n%s%s", code, out, log)
	}
	out, log, code = r.command("ledger", "explain", r.topic+":0:0")
	if code != cmd.ExitOK || !strings.Contains(out, "was 2 records, one in each") {
		r.Errorf("explained, exit %d:\n%s%s", code, out, log)
	}
}

// The topic is recreated while an exactly-once batch writes its outputs. The batch's transaction names the topic and not its id, so that its offset
// is committed in the new one. The run ends by name; the next one finds that offset, and refuses it. Without ids it is believed, and the first
// events of the new topic are lost.
func TestKafkaRecreatedTopicUnderABatch(t *testing.T) {
	t.Parallel()
	for _, control := range []bool{false, true} {
		t.Run(fmt.Sprint("control ", control), func(t *testing.T) {
			t.Parallel()
			r := newRecreation(t, false, "-X", "delivery=exactly-once")
			last := fmt.Sprintf("old-%d", beforeRecreation-1)
			r.hold = func(content string) {
				if content == last {
					r.recreate()
				}
			}
			r.fill("old", beforeRecreation)
			_, log, code := r.command("run")
			if r.hold = func(string) {}; code != cmd.ExitFailed || !strings.Contains(log, messages.ErrRecreated.Error()) {
				t.Fatalf("exit %d\n%s", code, log)
			}
			if at := r.committed(0); at != beforeRecreation {
				t.Fatalf("%d is committed in the new topic, want %d, or there is nothing to be refused", at, beforeRecreation)
			}
			if control {
				r.blind().drained()
				r.counts(beforeRecreation, afterRecreation-beforeRecreation)
				return
			}
			r.refused("the committed offset", "--delete-offsets", "offset.gone")
			if out, _, code := r.command("plan"); code != cmd.ExitFailed || !strings.Contains(out, "a run would stop: "+messages.ErrRecreated.Error()) {
				t.Errorf("the plan, exit %d:\n%s", code, out)
			}
			r.args = slices.Concat(r.args, []string{"-X", "offset.gone=earliest"})
			r.drained()
			r.counts(beforeRecreation, afterRecreation)
			r.contiguous()
		})
	}
}
