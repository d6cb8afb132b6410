package kafka

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// kept is a member of group g that owns events-0, its changelog, and its transactions.
type kept struct {
	*ground
	*Transactions
	member    *member
	changelog *Changelog
	config    SourceConfig
	end       int64 // of events-0
	idless    bool  // batches are saved as by a program that knew no ids
}

// keeping writes ten records and runs test beside a topic and its changelog.
func keeping(t *testing.T, test func(*kept)) {
	t.Helper()
	inBubble(t, func(g *ground) {
		g.write("events", 0, 0, 10)
		test(&kept{ground: g, config: g.config("events"), end: 10})
	}, kfake.SeedTopics(1, "events", "g-events-changelog"))
}

// start is one run of the program, up to the point where the state is restored.
func (k *kept) start() {
	k.t.Helper()
	k.member = k.ground.member(k.config).start()
	k.member.awaitUntil(events0, k.end)
	k.changelog = NewChangelog(ChangelogConfig{
		Client: k.clientOpts(), Group: "g", Topics: []string{"events"}, Shapes: []messages.Shape{counts}, Source: k.member.source, Log: testLog(),
	})
	var err error
	k.Transactions, err = NewTransactions(TransactionsConfig{
		Client: k.clientOpts(), ID: "g-one", Timeout: 5 * time.Second, Source: k.member.source, Log: testLog(), Changelog: k.changelog,
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *kept) stop() {
	k.Transactions.Close(k.t.Context())
	k.member.stop()
}

// batch commits a range with changes.
func (k *kept) batch(from, until int64, changes ...messages.Change) {
	k.t.Helper()
	claims := []messages.Claim{{OffsetRange: messages.OffsetRange{TopicPartition: events0, From: from, Until: until}, TopicID: k.position().TopicID}}
	if k.idless {
		claims[0].TopicID = messages.TopicID{}
	}
	if err := k.Commit(k.t.Context(), time.UnixMilli(until), 1, claims, changed(changes...)); err != nil {
		k.t.Fatal(err)
	}
}

// ran is a run that has counted up to offset 6.
func (k *kept) ran() {
	k.t.Helper()
	k.start()
	k.batch(0, 4, entry("a", "4"))
	k.batch(4, 6) // the state does not change, and belongs to 6 all the same
	k.stop()
}

// delete takes the group's offset away, as expiry and kafka-consumer-groups --delete-offsets do.
func (k *kept) delete() {
	k.t.Helper()
	if _, err := k.admin.DeleteGroup(k.t.Context(), "g"); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kept) expect(want string) {
	k.t.Helper()
	if got, err := k.restored(k.changelog); err != nil || !maps.Equal(got, map[string]string{"a": want}) {
		k.t.Errorf("restored %v (%v), want a:%s", got, err, want)
	}
}

// again is another life of the aggregator's: what is assigned is looked up anew.
func (k *kept) again() {
	k.t.Helper()
	told := len(k.member.messages)
	k.member.source.Join(k.member.deliver)
	k.member.await("Assigned", func() bool { return len(k.member.messages) > told })
}

// refused checks that the restore fails with that error, which names what it must.
func (k *kept) refused(want error, names ...string) {
	k.t.Helper()
	_, err := k.restored(k.changelog)
	if !errors.Is(err, want) {
		k.t.Fatalf("restored: %v, want %v", err, want)
	}
	for _, name := range names {
		if !strings.Contains(err.Error(), name) {
			k.t.Errorf("the error does not name %q: %v", name, err)
		}
	}
}

func (k *kept) position() messages.Position {
	k.member.mu.Lock()
	defer k.member.mu.Unlock()
	return k.member.lanes[events0].position
}

// reassigned says that the restore has had the partition assigned anew, and where it goes on.
func (k *kept) reassigned(from int64) {
	k.t.Helper()
	k.refused(messages.ErrReassigned)
	if at := k.position(); at.From != from {
		k.t.Errorf("the position is %+v, want %d", at, from)
	}
}

// An ordinary restart goes on where it was, with the state of there.
func TestStateAndOffsetThatAgree(t *testing.T) {
	keeping(t, func(k *kept) {
		k.ran()
		k.start()
		defer k.stop()
		if at := k.position(); at.From != 6 {
			t.Errorf("the position is %+v, want 6", at)
		}
		k.expect("4")
		k.batch(6, 10, entry("a", "8"))
		k.again()
		k.expect("8")
	})
}

// The group's offsets have expired, or were deleted: the stream goes on where its state stands, and not where auto.offset.reset says.
func TestStateGoesOnWithoutACommittedOffset(t *testing.T) {
	keeping(t, func(k *kept) {
		k.ran()
		k.delete()
		k.start()
		defer k.stop()
		if at := k.position(); at.From != 0 || at.Committed {
			t.Fatalf("the position is %+v, want the beginning", at)
		}
		k.refused(messages.ErrReassigned)
		if at := k.position(); at.From != 6 || !at.Committed || !at.Last.Equal(time.UnixMilli(6)) {
			t.Errorf("then the position is %+v, want 6 and the last batch's time", at)
		}
		k.expect("4")
		k.batch(6, 10, entry("a", "8"))
		k.again()
		k.expect("8")
	})
}

// Somebody has set the group's offset back, or forward: neither is what the state belongs to.
func TestStateIsRefusedWithAnotherOffset(t *testing.T) {
	for name, c := range map[string]struct {
		to   int64
		says string
	}{
		"back":    {2, "offsets 2 to 5 would be counted twice"},
		"forward": {9, "offsets 6 to 8 would be left out"},
	} {
		t.Run(name, func(t *testing.T) {
			keeping(t, func(k *kept) {
				k.ran()
				k.ground.commit("g", "events", 0, c.to, "")
				k.start()
				defer k.stop()
				k.refused(ErrChangelogAstray, "g-events-changelog holds events:0 up to offset 6", c.says, "--delete-offsets --group g --topic events", "delete topic")
				if at := k.position(); at.From != c.to {
					t.Errorf("the position is %d, want %d: nothing is moved", at.From, c.to)
				}
				k.stop()
				k.delete() // the cure
				k.start()
				k.refused(messages.ErrReassigned)
				k.expect("4")
			})
		})
	}
}

// The user's own start offset comes before a committed one, but not before what the state has counted.
func TestStateComesBeforeTheUsersOwnStart(t *testing.T) {
	for name, before := range map[string]func(*kept){"committed": func(*kept) {}, "deleted": (*kept).delete} {
		t.Run(name, func(t *testing.T) {
			keeping(t, func(k *kept) {
				k.ran()
				before(k)
				k.config.Partitions = map[messages.TopicPartition]int64{events0: 1}
				k.start()
				defer k.stop()
				k.reassigned(6)
				k.expect("4")
			})
		})
	}
}

// Retention was faster than a group without offsets: the state's offset is treated as a committed one would be.
func TestStateWhoseOffsetIsGone(t *testing.T) {
	keeping(t, func(k *kept) {
		k.ran()
		k.delete()
		k.trim("events", 0, 8)
		k.start()
		k.refused(messages.ErrOffsetGone, "up to offset 6", "from 8 to 10", "delete topic g-events-changelog")
		k.stop()

		k.config.Gone = GoneEarliest
		k.start()
		defer k.stop()
		k.refused(messages.ErrReassigned)
		if at := k.position(); at.From != 8 || at.Gone != 2 {
			t.Errorf("the position is %+v, want 8, and 2 gone", at)
		}
		k.expect("4")
	})
}

// A run that went on behind a hole has planned its first batch there, and was killed before it was saved: that is no foreign offset.
func TestAPlanBehindAHoleBelongsToTheState(t *testing.T) {
	keeping(t, func(k *kept) {
		k.ran()
		k.trim("events", 0, 8)
		k.ground.commit("g", "events", 0, 8, messages.Plan{Time: time.UnixMilli(10), Until: 10, Attempt: 1}.Encode())
		k.config.Gone = GoneEarliest
		k.start()
		defer k.stop()
		k.expect("4")
	})
}

// A commit of an earlier aggregator's may overtake the look-up of the next: what was read afterwards is no contradiction.
func TestACommitThatOvertakesTheLookup(t *testing.T) {
	keeping(t, func(k *kept) {
		k.start()
		defer k.stop()
		k.batch(0, 4, entry("a", "4"))
		k.again()
		k.member.source.mu.Lock()
		k.member.source.owned[events0].seen = 0 // as it stood before the commit
		k.member.source.mu.Unlock()
		k.reassigned(4)
		k.expect("4")
	})
}

// Changelogs that were written before they said to which offset they belong are believed, unless nothing is committed either.
func TestStateThatDoesNotSayWhereItStands(t *testing.T) {
	keeping(t, func(k *kept) {
		k.start()
		claims := []messages.Claim{{OffsetRange: messages.OffsetRange{TopicPartition: events0, From: 0, Until: 4}}}
		k.changelog.keeps = nil
		if err := k.Commit(k.t.Context(), time.UnixMilli(4), 1, claims, changed(entry("a", "4"))); err != nil {
			t.Fatal(err)
		}
		k.again()
		k.expect("4")
		k.stop()
		k.delete()
		k.start()
		defer k.stop()
		k.refused(ErrChangelogAstray, "g-events-changelog", "events:0", "group g")
	})
}

// While the offset cannot be committed again, it is tried again: the partition waits, and nothing is counted.
func TestTheStatesOffsetIsCommittedAsSoonAsItCanBe(t *testing.T) {
	keeping(t, func(k *kept) {
		k.ran()
		k.delete()
		k.start()
		defer k.stop()
		ctx, cancel := context.WithCancel(k.t.Context())
		cancel()
		source, state := k.member.source, saved{Offset: messages.Offset{TopicPartition: events0, At: 6}}
		if err := source.continues(ctx, source.holding(events0), state); !errors.Is(err, context.Canceled) {
			t.Errorf("after the partition has gone: %v", err)
		}
		if at := k.position(); at.From != 0 {
			t.Errorf("the position is %+v: nothing was committed", at)
		}
	})
}

// A broker that was stunned leads the group's or the changelog's partition no more, does not know it, and says how things stood: nothing is
// refused for that.
func TestStateIsNotRefusedForAnOldAnswer(t *testing.T) {
	keeping(t, func(k *kept) {
		k.start()
		k.batch(0, 4, entry("a", "4"))
		k.batch(4, 6, entry("a", "6"))
		k.stop()
		before := 3 // so many answers say that 4 is committed
		k.cluster.ControlKey(int16(kmsg.OffsetFetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
			k.cluster.KeepControl()
			asked := request.(*kmsg.OffsetFetchRequest)
			if before == 0 || asked.Groups[0].MemberID != nil {
				return nil, nil, false
			}
			before--
			return committedAt(asked, 4), nil, true
		})
		k.start()
		defer k.stop()
		if at := k.position(); at.From != 4 {
			t.Fatalf("the position is %+v, want 4", at)
		}
		k.refused(messages.ErrReassigned)

		old := true // the changelog's end was behind the first batch: shapes, entry, offset, marker
		k.cluster.ControlKey(int16(kmsg.ListOffsets), func(request kmsg.Request) (kmsg.Response, error, bool) {
			k.cluster.KeepControl()
			asked := request.(*kmsg.ListOffsetsRequest)
			if !old || asked.Topics[0].Topic != "g-events-changelog" || asked.Topics[0].Partitions[0].Timestamp != latest {
				return nil, nil, false
			}
			old = false
			return offsetAt(asked, 4), nil, true
		})
		k.refused(messages.ErrReassigned)
		k.expect("6")
	})
}

func committedAt(asked *kmsg.OffsetFetchRequest, at int64) kmsg.Response {
	answer := asked.ResponseKind().(*kmsg.OffsetFetchResponse)
	for _, g := range asked.Groups {
		group := kmsg.NewOffsetFetchResponseGroup()
		group.Group = g.Group
		for _, t := range g.Topics {
			topic := kmsg.NewOffsetFetchResponseGroupTopic()
			topic.Topic, topic.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				partition := kmsg.NewOffsetFetchResponseGroupTopicPartition()
				partition.Partition, partition.Offset = p, at
				topic.Partitions = append(topic.Partitions, partition)
			}
			group.Topics = append(group.Topics, topic)
		}
		answer.Groups = append(answer.Groups, group)
	}
	return answer
}
