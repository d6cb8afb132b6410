package kafka

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// The group throws a member out: Lost comes, commits fail with ErrNotOwner, and it joins again.
func TestLost(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		m := g.member(g.config("events")).start()
		defer m.stop()
		m.awaitUntil(events0, 10)
		err := g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Group: "g", Err: kerr.UnknownMemberID, Count: 1}).Wait(g.t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		m.await("Lost", func() bool {
			return slices.ContainsFunc(m.messages, func(message any) bool { _, ok := message.(messages.Lost); return ok })
		})
		m.awaitUntil(events0, 10)
		if assigned := countAssigned(m); assigned != 2 {
			t.Errorf("%d times assigned", assigned)
		}
	}, kfake.SeedTopics(1, "events"))
}

// The group has thrown a member out, in the midst of a rebalance, and others have gone on with its partitions before it learned of that:
// it was frozen. The client then joins as a new member, keeps what it had when nobody holds it any more, and tells nobody. The
// partition is lost, and assigned anew from where the others have come to; a commit of what was under way is refused.
func TestLostWithoutAWord(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 100)
		config := g.config("events")
		config.InstanceID = "a"
		m := g.member(config).start()
		defer m.stop()
		m.awaitUntil(events0, 100)
		topics, err := g.admin.ListTopics(g.t.Context(), "events")
		if err != nil {
			g.t.Fatal(err)
		}
		before, generation := m.source.GroupMetadata()
		others := kmsg.NewPtrOffsetCommitRequest()
		others.Group, others.MemberID, others.Generation, others.InstanceID = "g", before, generation, &config.InstanceID
		topic, partition := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
		topic.Topic, topic.TopicID, partition.Offset = "events", topics["events"].ID, 40
		topic.Partitions = append(topic.Partitions, partition)
		others.Topics = append(others.Topics, topic)
		answer, err := others.RequestWith(g.t.Context(), g.client)
		if err != nil || answer.Topics[0].Partitions[0].ErrorCode != 0 {
			g.t.Fatal(answer, err)
		}
		g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Group: "g", Err: kerr.UnknownMemberID, TopLevel: true})
		g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Group: "g", Err: kerr.RebalanceInProgress, TopLevel: true})
		unknown := g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetFetch}, Err: kerr.CoordinatorLoadInProgress, Count: -1})
		m.await("another member id", func() bool {
			now, _ := m.source.GroupMetadata()
			return now != before && now != ""
		})
		if err := m.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: events0, At: 30}}); !errors.Is(err, messages.ErrNotOwner) {
			t.Errorf("while nobody knows where it goes on: %v", err)
		}
		unknown.Remove()
		m.await("an assignment from where the others are", func() bool { return m.lanes[events0] != nil && m.lanes[events0].position.From == 40 })
		m.awaitUntil(events0, 100)
		if n := countAssigned(m); n != 2 {
			t.Errorf("%d times assigned", n)
		}
		if at, err := g.admin.FetchOffsets(g.t.Context(), "g"); err != nil || at["events"][0].At != 40 {
			t.Errorf("%v is committed, %v", at, err)
		}
	}, kfake.SeedTopics(1, "events"))
}

func countAssigned(m *member) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, message := range m.messages {
		if a, ok := message.(messages.Assigned); ok && a.Len() > 0 {
			n++
		}
	}
	return n
}

// A member that is gone from the group without knowing it cannot commit.
func TestCommitAfterLosingOwnership(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		config := g.config("events")
		config.HeartbeatInterval = 3 * time.Second
		m := g.member(config).start()
		defer m.stop()
		m.awaitUntil(events0, 10)
		id, _ := m.source.GroupMetadata()
		if err := leave(g, id); err != nil {
			t.Fatal(err)
		}
		err := m.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: events0, At: 10}})
		if !errors.Is(err, messages.ErrNotOwner) {
			t.Error(err)
		}
	}, kfake.SeedTopics(1, "events"))
}

// leave takes a member out of the group behind its back.
func leave(g *ground, id string) error {
	member := kmsg.NewLeaveGroupRequestMember()
	member.MemberID = id
	request := kmsg.NewPtrLeaveGroupRequest()
	request.Group, request.Members = "g", append(request.Members, member)
	response, err := request.RequestWith(g.t.Context(), g.client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.ErrorCode)
}

// A second Join gets the assignment told again, with positions read afresh; the first gets nothing more, neither messages nor Events,
// until the new one has reset the partitions.
func TestJoinAgain(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		g.write("events", 1, 0, 10)
		old := g.member(g.config("events")).start()
		old.awaitUntil(events0, 10)
		old.awaitUntil(tp("events", 1), 10)
		plan := messages.Plan{Time: time.UnixMilli(1000), Until: 9, Attempt: 1}
		err := old.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: events0, At: 4, Metadata: plan.Encode()}})
		if err != nil {
			t.Fatal(err)
		}
		next := g.member(g.config("events"))
		next.source = old.source
		next.manual = true
		next.source.Join(next.deliver)
		next.has(2)
		if at := next.lanes[events0].position; at.From != 4 || !at.Planned || at.Plan != plan || at.End != 10 {
			t.Errorf("%+v", at)
		}
		if at := next.lanes[tp("events", 1)].position; at.From != 0 || at.Committed {
			t.Errorf("%+v", at)
		}
		said := len(old.messages)
		g.write("events", 0, 10, 5)
		<-time.After(10 * time.Second)
		if len(old.messages) != said || old.lanes[events0].until != 10 {
			t.Error("the aggregator before still gets something")
		}
		next.open(events0, 4)
		if l := next.awaitUntil(events0, 15); len(l.offsets) != 11 {
			t.Errorf("%v", l.offsets)
		}
		next.stop()
	}, kfake.SeedTopics(2, "events"))
}

// New partitions of a topic are assigned and read from their start.
func TestNewPartitions(t *testing.T) {
	inBubble(t, func(g *ground) {
		m := g.member(g.config("events")).start()
		defer m.stop()
		m.has(1)
		if _, err := g.admin.CreatePartitions(g.t.Context(), 2, "events"); err != nil {
			t.Fatal(err)
		}
		m.has(3)
		g.client.ForceMetadataRefresh()
		<-time.After(5 * time.Second)
		g.write("events", 2, 0, 10)
		m.awaitUntil(tp("events", 2), 10)
	}, kfake.SeedTopics(1, "events"))
}
