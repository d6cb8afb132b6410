package kafka

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// An answer that leaves out what was asked for says nothing of it: here, of a partition's committed offset, twice.
func TestACommittedOffsetThatIsLeftOutIsAskedForAgain(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		g.commit("g", "events", 0, 7, "")
		left := 2
		g.cluster.ControlKey(int16(kmsg.OffsetFetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
			g.cluster.KeepControl()
			asked := request.(*kmsg.OffsetFetchRequest)
			if left == 0 || asked.Groups[0].MemberID != nil {
				return nil, nil, false
			}
			left--
			return withoutTopics(asked), nil, true
		})
		client := g.newClient()
		defer client.Close()
		for range 2 {
			if offsets, err := committedOffsets(g.t.Context(), client, "g", []messages.TopicPartition{events0}); err == nil {
				t.Errorf("an answer without the partition was taken for %v", offsets)
			}
		}
		offsets, err := committedOffsets(g.t.Context(), client, "g", []messages.TopicPartition{events0})
		if err != nil || offsets[events0].At != 7 {
			t.Errorf("then %v (%v), want 7", offsets, err)
		}
	}, kfake.SeedTopics(1, "events"))
}

// ledger verify compares with what is committed: half an answer is none there either.
func TestAnAdministratorAsksForOffsetsByName(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		g.commit("g", "events", 0, 7, "note")
		a, err := NewAdmin(g.clientOpts(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		g.cluster.ControlKey(int16(kmsg.OffsetFetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
			return withoutTopics(request.(*kmsg.OffsetFetchRequest)), nil, true // once
		})
		want := messages.Offset{TopicPartition: events0, At: 7, Metadata: "note"}
		if got, err := a.Committed(g.t.Context(), "g", events0, tp("events", 1)); err != nil || len(got) != 1 || got[events0] != want {
			t.Errorf("committed are %v (%v), want %v", got, err, want)
		}
	}, kfake.SeedTopics(2, "events"))
}

func withoutTopics(asked *kmsg.OffsetFetchRequest) kmsg.Response {
	answer := asked.ResponseKind().(*kmsg.OffsetFetchResponse)
	for _, g := range asked.Groups {
		group := kmsg.NewOffsetFetchResponseGroup()
		group.Group = g.Group
		answer.Groups = append(answer.Groups, group)
	}
	return answer
}

// The first offset that a group ever commits lies in a transaction that is still open: it is not there yet, and that does not mean that
// there will be none. Asked for all offsets, the coordinator leaves such a partition out.
func TestTheFirstOffsetOfAllMayBeUnderWay(t *testing.T) {
	transact(t, func(x *transacting) {
		if err := x.ProduceAll(x.t.Context(), []messages.Outgoing{messages.NewOutgoing("out", "", false, "1")}); err != nil {
			t.Fatal(err)
		}
		client := x.newClient()
		defer client.Close()
		partitions := []messages.TopicPartition{events0}
		claims := []messages.Claim{{OffsetRange: messages.OffsetRange{TopicPartition: events0, From: 0, Until: 5}}}
		c, err := x.Transactions.config.Source.claim(x.t.Context(), x.writer.client, claims, x.stands)
		if err == nil {
			err = x.offsets(x.t.Context(), c, behind(time.UnixMilli(1), 1, claims))
		}
		if err != nil {
			t.Fatal(err)
		}
		if offsets, err := committedOffsets(x.t.Context(), client, "g", partitions); !errors.Is(err, kerr.UnstableOffsetCommit) {
			t.Errorf("while the transaction is open: %v (%v)", offsets, err)
		}
	})
}

// A commit whose answer leaves a partition out is made again.
func TestACommitThatIsNotAnsweredIsNoCommit(t *testing.T) {
	request := kmsg.NewPtrOffsetCommitRequest()
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic = "events"
	for p := range int32(2) {
		partition := kmsg.NewOffsetCommitRequestTopicPartition()
		partition.Partition = p
		topic.Partitions = append(topic.Partitions, partition)
	}
	request.Topics = append(request.Topics, topic)
	response := kmsg.NewPtrOffsetCommitResponse()
	answered := kmsg.NewOffsetCommitResponseTopic()
	answered.Topic = "events"
	answered.Partitions = append(answered.Partitions, kmsg.NewOffsetCommitResponseTopicPartition())
	response.Topics = append(response.Topics, answered)
	if err := verdict(request, response, nil); err == nil || !passing(err) {
		t.Errorf("the verdict on half an answer is %v", err)
	}
	second := kmsg.NewOffsetCommitResponseTopicPartition()
	second.Partition = 1
	response.Topics[0].Partitions = append(response.Topics[0].Partitions, second)
	if err := verdict(request, response, nil); err != nil {
		t.Errorf("the verdict on a whole answer is %v", err)
	}
}

// A topic whose metadata has an error at the moment has partitions all the same, which a drain has to finish.
func TestADrainKnowsTheGoalsOfATopicInTrouble(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		g.write("more", 0, 0, 10)
		trouble := g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "more", Err: kerr.LeaderNotAvailable, Count: -1})
		config := g.config("events", "more")
		config.Drain = true
		m := g.member(config)
		client := g.newClient()
		defer client.Close()
		m.source.client, m.source.admin = client, g.admin
		<-time.After(3 * time.Second) // what the client knows of the topic is too old by then
		goals, err := m.source.ends(g.t.Context(), []messages.TopicPartition{events0})
		if err == nil {
			t.Errorf("a topic without a leader was taken for one without partitions: the goals are %v", goals)
		}
		trouble.Remove()
		<-time.After(3 * time.Second)
		goals, err = m.source.ends(g.t.Context(), []messages.TopicPartition{events0})
		if err != nil || len(goals) != 2 {
			t.Errorf("then the goals are %v (%v), want two", goals, err)
		}
	}, kfake.SeedTopics(1, "events", "more"))
}

// A leader that waits in vain for its remote storage answers with nothing and no error: records that are there are not passed over.
func TestRecordsInRemoteStorageAreNoEmptyTail(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		client := g.newClient()
		defer client.Close()
		local := int64(8) // where the leader's own log begins
		g.cluster.ControlKey(int16(kmsg.ListOffsets), func(request kmsg.Request) (kmsg.Response, error, bool) {
			g.cluster.KeepControl()
			asked := request.(*kmsg.ListOffsetsRequest)
			if asked.Topics[0].Partitions[0].Timestamp != -4 {
				return nil, nil, false
			}
			return offsetAt(asked, local), nil, true
		})
		g.cluster.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
			g.cluster.KeepControl()
			return emptyFetch(request.(*kmsg.FetchRequest), 10), nil, true
		})
		l := look{client: client, committed: true}
		if next, _, err := l.emptyUntil(g.t.Context(), events0, 3); next != 3 || err == nil {
			t.Errorf("the look passes from 3 to %d (%v)", next, err)
		}
		local = 0
		if next, _, err := l.emptyUntil(g.t.Context(), events0, 3); next != 10 || err != nil {
			t.Errorf("with all on the leader's disk, the look passes from 3 to %d (%v), want 10", next, err)
		}
	}, kfake.SeedTopics(1, "events"))
}

func offsetAt(asked *kmsg.ListOffsetsRequest, at int64) kmsg.Response {
	answer := asked.ResponseKind().(*kmsg.ListOffsetsResponse)
	p := kmsg.NewListOffsetsResponseTopicPartition()
	p.Offset = at
	topic := kmsg.NewListOffsetsResponseTopic()
	topic.Topic, topic.Partitions = asked.Topics[0].Topic, append(topic.Partitions, p)
	answer.Topics = append(answer.Topics, topic)
	return answer
}

func emptyFetch(asked *kmsg.FetchRequest, end int64) kmsg.Response {
	answer := asked.ResponseKind().(*kmsg.FetchResponse)
	p := kmsg.NewFetchResponseTopicPartition()
	p.HighWatermark, p.LastStableOffset = end, end
	topic := kmsg.NewFetchResponseTopic()
	topic.Topic, topic.TopicID = asked.Topics[0].Topic, asked.Topics[0].TopicID
	topic.Partitions = append(topic.Partitions, p)
	answer.Topics = append(answer.Topics, topic)
	return answer
}
