package kafka

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/hibana-stream/hibana/messages"
)

// recreate deletes the topic and makes it again, with more records than it had.
func (k *kept) recreate() {
	k.t.Helper()
	g := k.ground
	if answers, err := g.admin.DeleteTopics(g.t.Context(), "events"); err != nil || answers.Error() != nil {
		g.t.Fatal(err, answers.Error())
	}
	if answer, err := g.admin.CreateTopic(g.t.Context(), 1, 1, nil, "events"); err != nil || answer.Err != nil {
		g.t.Fatal(err, answer.Err)
	}
	g.client.PurgeTopicsFromClient("events")
	k.end = 20
	g.write("events", 0, 0, int(k.end))
}

// id is the topic's of now, as Kafka's tools print it.
func (g *ground) id() string {
	g.t.Helper()
	ids, err := topicIDs(g.t.Context(), g.client, []string{"events"})
	if err != nil {
		g.t.Fatal(err)
	}
	return ids["events"].String()
}

// The topic is deleted and created again while nobody is there, and has more records by now than the state has counted: what is refused is
// named, with both topics and the ways out. Nothing is committed, so that the next start says the same.
func TestStateOfARecreatedTopicIsRefused(t *testing.T) {
	keeping(t, func(k *kept) {
		was := k.id()
		k.ran()
		k.recreate()
		for range 2 {
			k.start()
			k.refused(messages.ErrRecreated, "g-events-changelog holds events:0 up to offset 6", was, k.id(), "1970-01-01T00:00:00.006Z",
				"delete topic g-events-changelog", "--reset-offsets --to-earliest --group g --topic events")
			k.stop()
		}
	})
}

// The control: state that does not say of which topic it is, as an earlier program has saved it, is believed, and the first records of the new
// topic are lost. That same state is no reason for an alarm where the topic is the one that it was, and the next batch says which that is.
func TestStateThatDoesNotSayOfWhichTopicItIs(t *testing.T) {
	keeping(t, func(k *kept) {
		k.idless = true
		k.ran()
		k.delete()
		k.recreate()
		k.start()
		k.reassigned(6)
		k.idless = false
		k.expect("4")
		k.batch(6, 10, entry("a", "8"))
		k.stop()

		k.recreate()
		k.start()
		defer k.stop()
		k.refused(messages.ErrRecreated)
	})
}

// Somebody has said where the state goes on in the new topic: it does, and belongs to the new one from then on.
func TestStateGoesOnInARecreatedTopic(t *testing.T) {
	keeping(t, func(k *kept) {
		k.ran()
		k.recreate()
		k.ground.commit("g", "events", 0, 2, "")
		k.start()
		k.expect("4")
		k.batch(2, 5, entry("a", "7"))
		k.stop()
		k.start()
		defer k.stop()
		if at := k.position(); at.From != 5 {
			t.Errorf("the position is %+v, want 5", at)
		}
		k.expect("7")
	})
}

// A transaction names the topic whose offsets it commits, and not its id: one that ends behind the deletion commits to the new topic. That is
// no offset that somebody has given there, neither for the partition nor for its state.
func TestAnOffsetOfARecreatedTopicIsRefused(t *testing.T) {
	keeping(t, func(k *kept) {
		was := k.id()
		k.ran()
		metadata := messages.Plan{Time: time.UnixMilli(6), Until: 6, Attempt: 1, TopicID: k.position().TopicID}.Encode()
		k.recreate()
		k.ground.commit("g", "events", 0, 6, metadata)
		m := k.ground.member(k.config).start()
		err := m.awaitFailure()
		m.stop()
		for _, words := range []string{"committed offset 6 of events:0", was, k.id(), "--delete-offsets --topic events", "offset.gone"} {
			if !errors.Is(err, messages.ErrRecreated) || !strings.Contains(err.Error(), words) {
				t.Errorf("nothing says %q: %v", words, err)
			}
		}
		k.config.Gone = GoneEarliest
		k.start()
		defer k.stop()
		if at := k.position(); at.From != 0 || at.Committed || at.Planned {
			t.Errorf("the position is %+v, want the beginning", at)
		}
		k.refused(messages.ErrRecreated, "g-events-changelog")
	})
}

// A topic that has grown is the one that it was.
func TestATopicWithMorePartitionsIsTheSame(t *testing.T) {
	keeping(t, func(k *kept) {
		k.ran()
		if _, err := k.admin.UpdatePartitions(k.t.Context(), 3, "events"); err != nil {
			t.Fatal(err)
		}
		k.start()
		defer k.stop()
		if at := k.position(); at.From != 6 {
			t.Errorf("the position is %+v, want 6", at)
		}
		k.expect("4")
	})
}

// Brokers of before there were ids give none: nothing is known, and nothing is refused for that; nor where there were none when the state was
// saved, or are none any more.
func TestBrokersWithoutTopicIDs(t *testing.T) {
	old, fresh := kgo.MaxVersions(kversion.V2_7_0()), kgo.MaxVersions(kversion.Stable())
	for name, versions := range map[string][2]kgo.Opt{"never": {old, old}, "not then": {old, fresh}, "not now": {fresh, old}} {
		t.Run(name, func(t *testing.T) {
			keeping(t, func(k *kept) {
				k.config.Client = append(k.clientOpts(), versions[0])
				k.ran()
				if known := k.position().TopicID.Known(); known != (name == "not now") {
					t.Fatalf("an id is known: %v", known)
				}
				k.config.Client = append(k.clientOpts(), versions[1])
				k.start()
				defer k.stop()
				if at := k.position(); at.From != 6 || at.TopicID.Known() != (name == "not then") {
					t.Errorf("the position is %+v, want 6", at)
				}
				k.expect("4")
			})
		})
	}
}

// A broker that lags behind has said where the partition starts, and the records are those of the topic of now.
func TestRecordsOfAnotherTopicThanWasLookedUp(t *testing.T) {
	keeping(t, func(k *kept) {
		k.start()
		defer k.stop()
		k.member.source.enqueue(func(f *fetcher) {
			f.take(kgo.Fetches{{Topics: []kgo.FetchTopic{{Topic: "events", TopicID: messages.TopicID{1}, Partitions: []kgo.FetchPartition{
				{Records: []*kgo.Record{{Topic: "events", Offset: 10}}},
			}}}}})
		})
		if err := k.member.awaitFailure(); !errors.Is(err, messages.ErrRecreated) || !strings.Contains(err.Error(), messages.TopicID{1}.String()) {
			t.Error(err)
		}
		if until := k.member.lanes[events0].until; until != 10 {
			t.Errorf("read up to %d: the record was taken", until)
		}
	})
}
