package kafka

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

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
					r = got
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
