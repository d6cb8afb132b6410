package kafka

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// has waits until the member owns that many partitions, opened.
func (m *member) has(n int) {
	m.t.Helper()
	m.await(fmt.Sprintf("%d partitions", n), func() bool { return len(m.lanes) == n })
}

// stable waits until the group has settled with n members.
func (g *ground) stable(n int) {
	g.t.Helper()
	if _, err := g.cluster.WaitGroupStable(g.t.Context(), "g", n); err != nil {
		g.t.Fatal(err)
	}
}

// owned are the member's partitions.
func (m *member) owned() []messages.TopicPartition {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []messages.TopicPartition
	for p := range m.lanes {
		all = append(all, p)
	}
	slices.SortFunc(all, messages.TopicPartition.Compare)
	return all
}

// Three members come one after the other and two go again, while records are written all the time: together they read each record
// exactly once, because every revoke waits for the commit.
func TestMembersComeAndGo(t *testing.T) {
	inBubble(t, func(g *ground) {
		const partitions, rounds, each = 6, 12, 50
		var all, present []*member
		for round := range rounds {
			for p := range int32(partitions) {
				g.write("events", p, round*each, each)
			}
			switch round {
			case 0, 2, 4:
				m := g.member(g.config("events")).start()
				all, present = append(all, m), append(present, m)
			case 6, 8:
				g.stable(len(present))
				present[0].leave()
				present = present[1:]
			}
			if round%2 == 1 {
				<-time.After(3 * time.Second)
			}
		}
		present[0].has(partitions)
		for p := range int32(partitions) {
			present[0].awaitUntil(tp("events", p), rounds*each)
		}
		present[0].stop()
		for p := range int32(partitions) {
			var offsets []int64
			for _, m := range all {
				offsets = append(offsets, m.read[tp("events", p)]...)
			}
			slices.Sort(offsets)
			if len(offsets) != rounds*each || len(slices.Compact(offsets)) != rounds*each {
				t.Errorf("partition %d: %d records, %d different", p, len(offsets), len(slices.Compact(offsets)))
			}
		}
	}, kfake.SeedTopics(6, "events"))
}

// A member that gets nothing is told so: its batch clock has to start, too.
func TestEmptyAssignmentIsTold(t *testing.T) {
	inBubble(t, func(g *ground) {
		first := g.member(g.config("events")).start()
		defer first.stop()
		first.has(1)
		second := g.member(g.config("events")).start()
		defer second.stop()
		empty := func(m *member) int {
			n := 0
			for _, message := range m.messages {
				if a, ok := message.(messages.Assigned); ok && a.Len() == 0 {
					n++
				}
			}
			return n
		}
		second.await("an empty Assigned", func() bool { return empty(second) > 0 })
		second.source.Join(second.deliver)
		second.await("an empty Assigned after Join", func() bool { return empty(second) > 1 })
		if len(first.owned()) != 1 {
			t.Error("the first member has lost its partition")
		}
	}, kfake.SeedTopics(1, "events"))
}

// A revoke waits for Released: until then the partition can be committed and nobody else gets it. It does not wait longer than
// RevokeTimeout.
func TestRevokeWaits(t *testing.T) {
	scenario := func(g *ground) (first, second *member, begun time.Time, r messages.Revoked) {
		config := g.config("events")
		config.RevokeTimeout, config.RebalanceTimeout = 10*time.Second, time.Minute
		first = g.member(config)
		first.keep = true
		first.start()
		first.has(2)
		second = g.member(g.config("events")).start()
		first.await("Revoked", func() bool {
			for _, message := range first.messages {
				if got, ok := message.(messages.Revoked); ok {
					r, ok = got, true
				}
			}
			return r.ID > 0
		})
		return first, second, time.Now(), r
	}
	t.Run("for Released", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			g.write("events", 0, 0, 10)
			g.write("events", 1, 0, 10)
			first, second, _, r := scenario(g)
			defer first.stop()
			defer second.stop()
			gone := slices.Collect(r.Partitions())
			<-time.After(5 * time.Second)
			if n := len(second.owned()); n != 0 {
				t.Errorf("the other member has %d partitions already", n)
			}
			if err := first.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: gone[0], At: 7}}); err != nil {
				t.Error(err)
			}
			first.source.Released(r.ID)
			second.has(1)
			if at := second.awaitUntil(gone[0], 10).position; at.From != 7 {
				t.Errorf("%+v", at)
			}
			err := first.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: gone[0], At: 8}})
			if !errors.Is(err, messages.ErrNotOwner) {
				t.Errorf("commit after the release: %v", err)
			}
		}, kfake.SeedTopics(2, "events"))
	})
	t.Run("not longer than its timeout", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			first, second, begun, r := scenario(g)
			defer first.stop()
			defer second.stop()
			second.has(1)
			if waited := time.Since(begun); waited < 9*time.Second || waited > 30*time.Second {
				t.Errorf("waited %v", waited)
			}
			first.source.Released(r.ID) // too late: nothing happens
		}, kfake.SeedTopics(2, "events"))
	})
}

// While a revoke waits, the partitions that stay are read on.
func TestOthersGoOnDuringARevoke(t *testing.T) {
	inBubble(t, func(g *ground) {
		config := g.config("events")
		config.RevokeTimeout = 20 * time.Second
		first := g.member(config)
		first.keep = true
		first.start()
		defer first.stop()
		first.has(2)
		second := g.member(g.config("events")).start()
		defer second.stop()
		var going messages.TopicPartition
		first.await("Revoked", func() bool {
			for _, message := range first.messages {
				if r, ok := message.(messages.Revoked); ok {
					going = slices.Collect(r.Partitions())[0]
					return true
				}
			}
			return false
		})
		stays := tp("events", 1-going.Partition)
		g.write("events", stays.Partition, 0, 10)
		begun := time.Now()
		first.awaitUntil(stays, 10)
		if waited := time.Since(begun); waited > 5*time.Second {
			t.Errorf("waited %v", waited)
		}
	}, kfake.SeedTopics(2, "events"))
}

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

// A static member that leaves is gone at once; one that stops without leaving keeps its partitions until it is back.
func TestStaticMember(t *testing.T) {
	static := func(g *ground, name string) *member {
		config := g.config("events")
		config.InstanceID = name
		return g.member(config).start()
	}
	t.Run("leaves", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := static(g, "a")
			m.has(2)
			m.stop()
			if n := groupSize(g); n != 0 {
				t.Errorf("%d members", n)
			}
		}, kfake.SeedTopics(2, "events"))
	})
	t.Run("goes without leaving", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			m := static(g, "a")
			m.has(2)
			m.source.Stop(false)
			m.work.Wait()
			if n := groupSize(g); n != 1 {
				t.Errorf("%d members", n)
			}
			begun := time.Now()
			m = static(g, "a")
			m.has(2)
			if waited := time.Since(begun); waited > 2*time.Second {
				t.Errorf("waited %v", waited)
			}
			m.stop()
		}, kfake.SeedTopics(2, "events"))
	})
	t.Run("name in use elsewhere", func(t *testing.T) {
		inBubble(t, func(g *ground) {
			first := static(g, "a")
			first.has(2)
			second := static(g, "a")
			second.has(2)
			if err := first.awaitFailure(); !errors.Is(err, kerr.FencedInstanceID) {
				t.Error(err)
			}
			first.stop()
			<-time.After(20 * time.Second)
			if n := groupSize(g); n != 1 || len(second.owned()) != 2 {
				t.Errorf("%d members, the second has %d partitions", n, len(second.owned()))
			}
			second.stop()
		}, kfake.SeedTopics(2, "events"))
	})
}

func groupSize(g *ground) int {
	g.t.Helper()
	groups, err := g.admin.DescribeGroups(g.t.Context(), g.group)
	if err != nil {
		g.t.Fatal(err)
	}
	return len(groups[g.group].Members)
}

// Stop ends in time whatever is going on: before Start, while brokers do not answer, while a revoke waits, during look-ups; and twice.
func TestStopNeverHangs(t *testing.T) {
	stopped := func(t *testing.T, m *member) {
		t.Helper()
		begun := time.Now()
		for _, leave := range []bool{true, false} {
			m.source.Stop(leave)
		}
		m.work.Wait()
		if waited := time.Since(begun); waited > leaveTimeout+2*time.Second {
			t.Errorf("waited %v", waited)
		}
		said := len(m.messages)
		m.source.Join(m.deliver)
		m.source.Reset(events0, 0, m.events)
		m.source.Released(1)
		if len(m.messages) != said {
			t.Error("messages after Stop")
		}
	}
	for name, before := range map[string]func(g *ground, m *member){
		"before Start":     func(*ground, *member) {},
		"right after":      func(_ *ground, m *member) { m.start() },
		"while it joins":   func(_ *ground, m *member) { m.start(); <-time.After(3 * time.Millisecond) },
		"without an owner": func(_ *ground, m *member) { m.source.Start(); <-time.After(time.Second) },
		"nobody answers": func(g *ground, m *member) {
			g.cluster.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
				g.cluster.KeepControl()
				return nil, errors.New("gone"), true
			})
			m.start()
			<-time.After(10 * time.Second)
		},
		"during a look-up": func(g *ground, m *member) {
			g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable, Count: -1})
			m.start()
			m.await("a wait", func() bool { return m.source.Waiting() != "" })
		},
		"a revoke waits": func(g *ground, m *member) {
			m.keep = true
			m.start()
			m.has(2)
			other := g.member(g.config("events")).start()
			g.t.Cleanup(other.stop)
			m.await("Revoked", func() bool {
				return slices.ContainsFunc(m.messages, func(x any) bool { _, ok := x.(messages.Revoked); return ok })
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(g *ground) {
				m := g.member(g.config("events"))
				before(g, m)
				stopped(t, m)
			}, kfake.SeedTopics(2, "events"))
		})
	}
}
