package cmd_test

import (
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/cmd"
)

// load writes events one after the other, each acknowledged by all replicas, until it is ended.
type load struct {
	acked atomic.Int64
	stop  chan struct{}
	done  chan error
}

func (c *three) load() *load {
	c.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(c.brokers, ",")...), kgo.DefaultProduceTopic(c.topic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()),
		kgo.UnknownTopicRetries(-1))
	if err != nil {
		c.Fatal(err)
	}
	l := &load{stop: make(chan struct{}), done: make(chan error, 1)}
	go func() {
		defer client.Close()
		for i := 0; ; i++ {
			select {
			case <-l.stop:
				l.done <- nil
				return
			default:
			}
			if err := client.ProduceSync(c.Context(), event(0, id(i))).FirstErr(); err != nil {
				l.done <- err
				return
			}
			l.acked.Add(1)
		}
	}()
	return l
}

// end stops the load, and is how many events were acknowledged.
func (l *load) end(t *testing.T) int {
	t.Helper()
	close(l.stop)
	if err := <-l.done; err != nil {
		t.Fatal(err)
	}
	return int(l.acked.Load())
}

// groupCoordinator, transactionCoordinator and controller are the brokers that have these parts now.
func (c *three) groupCoordinator(r *running) int {
	c.Helper()
	return c.one(r, func() kadm.FindCoordinatorResponses { return c.admin.FindGroupCoordinators(c.Context(), c.topic) })
}

func (c *three) transactionCoordinator(r *running) int {
	c.Helper()
	return c.one(r, func() kadm.FindCoordinatorResponses { return c.admin.FindTxnCoordinators(c.Context(), c.topic+"-one") })
}

// one asks until one broker is told: none has the part for a while when another has just come back.
func (c *three) one(r *running, find func() kadm.FindCoordinatorResponses) (broker int) {
	c.Helper()
	r.waits("coordinator", func() bool {
		found := find()
		for _, answer := range found {
			broker = int(answer.NodeID)
		}
		return len(found) == 1 && found.Error() == nil
	})
	return broker
}

// controller asks the quorum: what metadata calls the controller is any broker that forwards to it.
func (c *three) controller(r *running) (broker int) {
	c.Helper()
	request := kmsg.NewPtrDescribeQuorumRequest()
	topic, partition := kmsg.NewDescribeQuorumRequestTopic(), kmsg.NewDescribeQuorumRequestTopicPartition()
	topic.Topic, topic.Partitions = "__cluster_metadata", append(topic.Partitions, partition)
	request.Topics = append(request.Topics, topic)
	r.waits("controller", func() bool {
		answer, err := request.RequestWith(c.Context(), c.client)
		if err != nil || answer.ErrorCode != 0 || answer.Topics[0].Partitions[0].ErrorCode != 0 {
			return false
		}
		broker = int(answer.Topics[0].Partitions[0].LeaderID)
		return broker > 0
	})
	return broker
}

// The broker that leads the group, the transactions or the cluster is killed while events come in: the run goes on by itself, and
// everything that was acknowledged is seen. How long that takes hangs on the machine, too, and is told.
func TestClusterWhoeverLeadsIsKilledUnderLoad(t *testing.T) {
	for _, part := range []struct {
		name string
		find func(*three, *running) int
		args []string
	}{
		{"group coordinator", (*three).groupCoordinator, nil},
		{"transaction coordinator", (*three).transactionCoordinator, []string{"-X", "delivery=exactly-once"}},
		{"controller", (*three).controller, nil},
	} {
		t.Run(part.name, func(t *testing.T) {
			c := newThree(t)
			l := c.load()
			r := c.run(append([]string{"-X", "instance=one"}, part.args...)...)
			r.sees(50)
			victim := part.find(c, r)
			c.broker("kill", victim)
			began := time.Now()
			written := l.acked.Load()
			r.waits("acknowledgement after the kill", func() bool { return l.acked.Load() > written+20 })
			r.sees(int(l.acked.Load()))
			t.Logf("the %s was broker %d: what came after it was seen %v later", part.name, victim, time.Since(began).Round(100*time.Millisecond))
			c.broker("restart", victim)
			r.sees(l.end(t))
			r.signals <- syscall.SIGINT
			if code := <-r.ended; code != cmd.ExitOK {
				t.Errorf("exit %d", code)
			}
		})
	}
}
