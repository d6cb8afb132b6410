package kafka

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

func admin(t *testing.T, b *Broker) *Admin {
	t.Helper()
	a, err := NewAdmin(b.ClientOptions(), 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// at is a partition of the topic that the tests use.
func at(partition int32) messages.TopicPartition {
	return messages.TopicPartition{Topic: "events", Partition: partition}
}

// Topics are described as they are; one that is missing is told, and stays missing.
func TestTopicsAreDescribed(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		a := admin(t, b)
		for range 2 {
			topics, err := a.Topics(soon(t), "events", "missing")
			if err != nil || len(topics) != 2 {
				t.Fatal(topics, err)
			}
			if e := topics[0]; !e.Exists || e.Partitions != 1 || e.Replicas != 1 || e.Name != "events" || len(e.Offline) != 0 {
				t.Errorf("%+v", e)
			}
			if m := topics[1]; m.Exists || m.Name != "missing" {
				t.Errorf("%+v", m)
			}
		}
	})
}

// A topic is created with its partitions and settings, once; asking whether it could be creates nothing.
func TestTopicsAreCreated(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		a := admin(t, b)
		wanted := NewTopic{Name: "events.dlq", Partitions: 3, Config: map[string]string{"cleanup.policy": "compact"}}
		dry := wanted
		dry.DryRun = true
		for i, c := range []struct {
			topic   NewTopic
			created bool
			exists  bool
		}{{dry, true, false}, {wanted, true, true}, {wanted, false, true}, {dry, false, true}} {
			created, err := a.CreateTopic(soon(t), c.topic)
			if err != nil || created != c.created {
				t.Errorf("%d: %v, %v", i, created, err)
			}
			topics, err := a.Topics(soon(t), "events.dlq")
			if err != nil || topics[0].Exists != c.exists || c.exists && topics[0].Partitions != 3 {
				t.Errorf("%d: %+v, %v", i, topics, err)
			}
		}
		if policy, err := a.TopicConfig(soon(t), "events.dlq", "cleanup.policy"); policy != "compact" || err != nil {
			t.Errorf("%q, %v", policy, err)
		}
		if none, err := a.TopicConfig(soon(t), "events.dlq", "no.such.setting"); none != "" || err != nil {
			t.Errorf("%q, %v", none, err)
		}
		if _, err := a.TopicConfig(soon(t), "missing", "cleanup.policy"); err == nil || !strings.Contains(err.Error(), `topic "missing": it does not exist`) {
			t.Errorf("%v", err)
		}
	})
}

// A broker tells of a new topic some time after the answer that it is created: who creates one waits for that.
func TestACreatedTopicIsToldOf(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		a := admin(t, b)
		trouble := b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "late", Err: kerr.UnknownTopicOrPartition, Count: 20})
		if _, err := a.CreateTopic(soon(t), NewTopic{Name: "late", Partitions: 1}); err != nil {
			t.Fatal(err)
		}
		if topics, err := a.Topics(soon(t), "late"); err != nil || !topics[0].Exists || trouble.Hits() != 20 {
			t.Errorf("%+v, %v, asked %d times", topics, err, trouble.Hits())
		}
	})
}

// Offsets are the partition's bounds; an open transaction ends it earlier for whoever reads what is committed.
func TestOffsetsByIsolation(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		a := admin(t, b)
		if err := producer(t, b, 0).ProduceAll(soon(t), texts(numbered(10)...)); err != nil {
			t.Fatal(err)
		}
		if err := b.cluster.DeleteRecords("events", 0, 3); err != nil {
			t.Fatal(err)
		}
		transaction := client(t, b, kgo.TransactionalID("one"))
		if err := transaction.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := transaction.ProduceSync(soon(t), &kgo.Record{Topic: "events", Value: []byte("open")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		for committed, want := range map[bool]Bounds{false: {3, 11}, true: {3, 10}} {
			if got, err := a.Offsets(soon(t), committed, "events"); err != nil || got[at(0)] != want || len(got) != 1 {
				t.Errorf("%v: %v, %v", committed, got, err)
			}
		}
		if _, err := a.Offsets(soon(t), false, "missing"); err == nil || err.Error() != `asking for the offsets of topic "missing": it does not exist` {
			t.Errorf("%v", err)
		}
		if err := transaction.EndTransaction(soon(t), kgo.TryAbort); err != nil {
			t.Fatal(err)
		}
	})
}

// Offsets by time are those of the first record at or behind it, and the end when there is none.
func TestOffsetsByTime(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		a, w := admin(t, b), producer(t, b, 0)
		start := time.Now()
		for range 3 {
			if err := w.ProduceAll(soon(t), texts("x")); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Minute)
		}
		for when, want := range map[time.Duration]int64{0: 0, 90 * time.Second: 2, time.Hour: 3} {
			if got, err := a.OffsetsAt(context.Background(), start.Add(when), "events"); err != nil || got[at(0)] != want {
				t.Errorf("%v: %v, %v", when, got, err)
			}
		}
	})
}

// A group's committed offsets come with their metadata; its members with their names and partitions.
func TestGroupsAreDescribed(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		a := admin(t, b)
		if got, err := a.Committed(soon(t), "mygroup", at(0)); err != nil || len(got) != 0 {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := a.Group(soon(t), "mygroup"); err != nil || len(got.Members) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
		member := client(t, b, kgo.ConsumerGroup("mygroup"), kgo.InstanceID("host-0"), kgo.ClientID("consumerid"), kgo.ConsumeTopics("events"))
		brief, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		member.PollFetches(brief)
		offsets := make(kadm.Offsets)
		offsets.Add(kadm.Offset{Topic: "events", At: 0, LeaderEpoch: -1, Metadata: "hello"})
		if err := a.admin.CommitAllOffsets(soon(t), "othergroup", offsets); err != nil {
			t.Fatal(err)
		}
		group, err := a.Group(soon(t), "mygroup")
		if err != nil || group.State != "Stable" || len(group.Members) != 1 {
			t.Fatalf("%+v, %v", group, err)
		}
		if m := group.Members[0]; m.InstanceID != "host-0" || m.ClientID != "consumerid" || len(m.Partitions) != 1 || m.Partitions[0] != at(0) {
			t.Errorf("%+v", m)
		}
		committed, err := a.Committed(soon(t), "othergroup", at(0), at(1))
		if o := committed[at(0)]; err != nil || len(committed) != 1 || o.At != 0 || o.Metadata != "hello" {
			t.Errorf("%v, %v", committed, err)
		}
		if err := member.LeaveGroupContext(soon(t)); err != nil {
			t.Error(err)
		}
	})
}

// acks n is held against every topic's min.insync.replicas, and against its replicas.
func TestMinISRIsChecked(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	a, _, err := visitor(t, c)
	if err != nil {
		t.Fatal(err)
	}
	for topic, least := range map[string]string{"safe": "3", "events": "1", "few": "9"} { // each has three replicas
		if err := c.CreateTopic(topic, 1, map[string]string{"min.insync.replicas": least}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(a.CheckMinISR(soon(t), 0, "events"), a.CheckMinISR(soon(t), 3, "safe")); err != nil {
		t.Error(err)
	}
	for topic, want := range map[string]string{
		"events": `acks: 4 asks for 4 replicas in sync, and topic "events" has min.insync.replicas 1; raise that, or set acks to all`,
		"few":    `acks: 4 asks for 4 replicas in sync, and topic "few" has 3 replicas in all; give it more, or set acks to all`,
	} {
		if err := a.CheckMinISR(soon(t), 4, topic); err == nil || err.Error() != want {
			t.Errorf("%v", err)
		}
	}
}

// Brokers that do not answer are named, within the timeout; whether they refuse the connection or say nothing.
func TestUnreachableBrokersAreNamed(t *testing.T) {
	noLeak(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	nobody := anyBroker(t, BrokerConfig{})
	nobody.Close()
	for _, server := range []string{nobody.Addr(), silent.Addr().String(), "no-such-host.invalid:9092"} {
		options, err := mustSettings(t, "bootstrap.servers", server).AdminOptions("", nil)
		if err != nil {
			t.Fatal(err)
		}
		a, err := NewAdmin(options, 500*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err = a.Reach(soon(t))
		if passed := time.Since(start); passed > 8*time.Second {
			t.Errorf("%s: it took %v", server, passed)
		}
		if !errors.Is(err, messages.ErrUnreachable) || !strings.Contains(err.Error(), server) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", server, err)
		}
		if _, err = a.Topics(soon(t), "events"); !errors.Is(err, messages.ErrUnreachable) {
			t.Errorf("%s: %v", server, err)
		}
		a.Close()
	}
}

// A broker that is there answers.
func TestReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := admin(t, anyBroker(t, BrokerConfig{Virtual: true})).Reach(soon(t)); err != nil {
			t.Error(err)
		}
	})
}

// Two instances start after a topic has grown, and both give its changelog more partitions. Kafka refuses the one that comes second, since
// they are there; kfake takes it, so the answer is made here.
func TestChangelogGrowsOnceForTwo(t *testing.T) {
	onBroker(t, func(t *testing.T, b *Broker) {
		a := admin(t, b)
		name := ChangelogTopic("g", "events")
		if _, err := a.CreateTopic(soon(t), NewTopic{Name: name, Partitions: 1, Config: changelogSettings}); err != nil {
			t.Fatal(err)
		}
		b.cluster.ControlKey(int16(kmsg.CreatePartitions), func(request kmsg.Request) (kmsg.Response, error, bool) {
			response := request.ResponseKind().(*kmsg.CreatePartitionsResponse)
			answer := kmsg.NewCreatePartitionsResponseTopic()
			answer.Topic, answer.ErrorCode = name, kerr.InvalidPartitions.Code
			response.Topics = append(response.Topics, answer)
			return response, nil, true
		})
		if _, grown, err := a.EnsureChangelog(soon(t), "g", Topic{Name: "events", Partitions: 3}, 0); err != nil || grown {
			t.Errorf("grown %v, %v", grown, err)
		}
	})
}

// A changelog that somebody has made without thinking of compaction, or that deletes as well, is refused with the command that mends it;
// one that is compacted is taken, and so is one whose settings the user may not see.
func TestChangelogsThatDeleteAreRefused(t *testing.T) {
	for policy, refused := range map[string]bool{"delete": true, "compact,delete": true, "compact": false} {
		onBroker(t, func(t *testing.T, b *Broker) {
			a := admin(t, b)
			name := ChangelogTopic("g", "events")
			if _, err := a.CreateTopic(soon(t), NewTopic{Name: name, Partitions: 3, Config: map[string]string{"cleanup.policy": policy}}); err != nil {
				t.Fatal(err)
			}
			_, _, err := a.EnsureChangelog(soon(t), "g", Topic{Name: "events", Partitions: 3}, 0)
			if errors.Is(err, messages.ErrRefused) != refused || err != nil != refused {
				t.Fatalf("%s: %v", policy, err)
			}
			if refused && (!strings.Contains(err.Error(), policy) || !strings.Contains(err.Error(), "--entity-name "+name+" --add-config cleanup.policy=compact")) {
				t.Errorf("%s: the error names no cure: %v", policy, err)
			}
			if refused {
				b.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Err: kerr.TopicAuthorizationFailed, Count: -1})
				if _, _, err := a.EnsureChangelog(soon(t), "g", Topic{Name: "events", Partitions: 3}, 0); err != nil {
					t.Errorf("without the right to see it: %v", err)
				}
			}
		})
	}
}
