package kafka

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// unread lets nobody fetch until it is true.
func (g *ground) unread() *atomic.Bool {
	var open atomic.Bool
	g.cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		g.cluster.KeepControl()
		return nil, errors.New("no answer"), !open.Load()
	})
	return &open
}

// Somebody deletes records of a changelog while it is being restored from, all or some: the restore neither waits for them nor goes on
// without them.
func TestAChangelogThatIsCutWhileItIsRestored(t *testing.T) {
	for name, c := range map[string]struct {
		before int64
		says   string
	}{
		"in part": {4, "its log is from 4 to 6"},
		"wholly":  {6, "its log is from 6 to 6"},
	} {
		t.Run(name, func(t *testing.T) {
			logged(t, func(l *logging) {
				l.save(1, entry("a", "1")) // shapes, entry, offset, marker
				l.save(2, entry("b", "2"))
				l.save(3, entry("c", "3"))
				open := l.unread()
				err := l.changelog.Restore(l.t.Context(), events0, func(changes []messages.Change) (int, error) { return len(changes), nil },
					func(done, _ int64) {
						if done == 0 && !open.Load() {
							l.trim("g-events-changelog", 0, c.before)
							open.Store(true)
						}
					})
				if !errors.Is(err, ErrChangelogCut) || !strings.Contains(err.Error(), "g-events-changelog:0 was read up to offset 0 of") {
					t.Errorf("the restore ended with %v", err)
				}
			})
		})
	}
}

// The cluster has lost the end of a changelog (an unclean election) while it was being restored from.
func TestAChangelogWhoseEndIsLost(t *testing.T) {
	logged(t, func(l *logging) {
		l.save(1, entry("a", "1"))
		answered := false
		l.cluster.ControlKey(int16(kmsg.ListOffsets), func(request kmsg.Request) (kmsg.Response, error, bool) {
			asked := request.(*kmsg.ListOffsetsRequest)
			l.cluster.KeepControl()
			if answered || asked.Topics[0].Partitions[0].Timestamp != latest {
				return nil, nil, false
			}
			answered = true
			return offsetAt(asked, 20), nil, true
		})
		if found, err := l.restored(l.changelog); !errors.Is(err, ErrChangelogCut) || !strings.Contains(err.Error(), "of 20") {
			t.Errorf("restored %v (%v)", found, err)
		}
	})
}

// A broker is asked as the leader of an epoch: one that was followed by another, or does not lead yet, does not answer.
func TestALookIsFencedByTheLeadersEpoch(t *testing.T) {
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		client := g.newClient()
		defer client.Close()
		all, err := kmsg.NewPtrMetadataRequest().RequestWith(g.t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		brokers := all.Brokers
		g.cluster.ControlKey(int16(kmsg.Metadata), func(request kmsg.Request) (kmsg.Response, error, bool) {
			g.cluster.KeepControl()
			answer := request.ResponseKind().(*kmsg.MetadataResponse)
			part := kmsg.NewMetadataResponseTopicPartition()
			part.LeaderEpoch = 77 // news that the broker has not heard
			topic := kmsg.NewMetadataResponseTopic()
			topic.Topic, topic.TopicID = kmsg.StringPtr("events"), g.cluster.TopicInfo("events").TopicID
			topic.Partitions = append(topic.Partitions, part)
			answer.Topics = append(answer.Topics, topic)
			answer.Brokers = brokers
			return answer, nil, true
		})
		l := look{client: client}
		if at, err := l.offset(g.t.Context(), events0, latest); !errors.Is(err, kerr.UnknownLeaderEpoch) {
			t.Errorf("the end is %d (%v)", at, err)
		}
		if next, _, err := l.emptyUntil(g.t.Context(), events0, 3); !errors.Is(err, kerr.UnknownLeaderEpoch) {
			t.Errorf("empty until %d (%v)", next, err)
		}
	}, kfake.SeedTopics(1, "events"))
}
