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
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(c.brokers, ",")...), kgo.DefaultProduceTopic(c.topic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
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
func (c *three) groupCoordinator() int {
	c.Helper()
	return c.one(c.admin.FindGroupCoordinators(c.Context(), c.topic))
}

func (c *three) transactionCoordinator() int {
	c.Helper()
	return c.one(c.admin.FindTxnCoordinators(c.Context(), c.topic+"-one"))
}

func (c *three) one(found kadm.FindCoordinatorResponses) int {
	c.Helper()
	if err := found.Error(); err != nil {
		c.Fatal(err)
	}
	for _, answer := range found {
		return int(answer.NodeID)
	}
	c.Fatal("nobody is the coordinator")
	return 0
}

// controller asks the quorum: what metadata calls the controller is any broker that forwards to it.
func (c *three) controller() int {
	c.Helper()
	request := kmsg.NewPtrDescribeQuorumRequest()
	topic, partition := kmsg.NewDescribeQuorumRequestTopic(), kmsg.NewDescribeQuorumRequestTopicPartition()
	topic.Topic, topic.Partitions = "__cluster_metadata", append(topic.Partitions, partition)
	request.Topics = append(request.Topics, topic)
	answer, err := request.RequestWith(c.Context(), c.client)
	if err != nil || answer.ErrorCode != 0 {
		c.Fatal(err, answer)
	}
	return int(answer.Topics[0].Partitions[0].LeaderID)
}

// The broker that leads the group, the transactions or the cluster is killed while events come in: the run goes on by itself, and
// everything that was acknowledged is seen, none of it later than the group's session timeout allows.
func TestClusterWhoeverLeadsIsKilledUnderLoad(t *testing.T) {
	for _, part := range []struct {
		name string
		find func(*three) int
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
			r.sees(50, 60*time.Second)
			victim := part.find(c)
			c.broker("kill", victim)
			began := time.Now()
			written := l.acked.Load()
			r.waits(60*time.Second, "acknowledgement after the kill", func() bool { return l.acked.Load() > written+20 })
			r.sees(int(l.acked.Load()), 45*time.Second)
			t.Logf("the %s was broker %d: what came after it was seen %v later", part.name, victim, time.Since(began).Round(100*time.Millisecond))
			c.broker("restart", victim)
			r.sees(l.end(t), 45*time.Second)
			r.signals <- syscall.SIGINT
			if code := <-r.ended; code != cmd.ExitOK {
				t.Errorf("exit %d", code)
			}
		})
	}
}
