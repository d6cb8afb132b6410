//go:build synctests

package kafka

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// What a cluster may answer now and then, for a moment.
var roughness = []kfake.Fault{
	{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID},
	{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.IllegalGeneration},
	{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorLoadInProgress},
	{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.RebalanceInProgress},
	{Keys: []kmsg.Key{kmsg.OffsetFetch}, Err: kerr.UnstableOffsetCommit},
	{Keys: []kmsg.Key{kmsg.OffsetFetch}, Err: kerr.NotCoordinator},
	{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable},
	{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition},
	{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.CorruptMessage},
	{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.CoordinatorNotAvailable},
	{Keys: []kmsg.Key{kmsg.SyncGroup}, Err: kerr.RebalanceInProgress},
}

// The tag synctests makes kgo's locks such that a bubble's clock goes on while somebody waits for one: here commits meet joins, and a
// commit waits for a join under a lock.

// Members come and go, some like a crash, readers start over, and the cluster answers badly now and then: every record is read at
// least once, and within a partition and an epoch in order, each once (which member.events checks).
func TestNothingIsLostInRoughWeather(t *testing.T) {
	for seed := range uint64(4) {
		inBubble(t, func(g *ground) {
			dice := rand.New(rand.NewPCG(seed, 1))
			const partitions, rounds, each = 4, 40, 20
			var all, present []*member
			for round := range rounds {
				for p := range int32(partitions) {
					g.write("events", p, round*each, each)
				}
				fault := roughness[dice.IntN(len(roughness))]
				fault.Count = 1 + dice.IntN(3)
				handle := g.cluster.Fault(fault)
				switch n := dice.IntN(6); {
				case len(present) < 2 || n == 0 && len(present) < 4:
					config := g.config("events")
					config.RebalanceTimeout = 8 * time.Second // how long the group waits for those that went like a crash
					m := g.member(config)
					m.rough = true
					all, present = append(all, m.start()), append(present, m)
				case n == 1:
					present[0].leave()
					present = present[1:]
				case n == 2:
					present[0].source.Stop(false)
					present[0].work.Wait()
					present = present[1:]
				case n == 3:
					present[0].source.Join(present[0].deliver)
				}
				<-time.After(time.Duration(dice.IntN(3000)) * time.Millisecond)
				handle.Remove()
			}
			for _, m := range present[1:] {
				m.leave()
			}
			last := present[0]
			last.has(partitions)
			for p := range int32(partitions) {
				last.awaitUntil(tp("events", p), rounds*each)
			}
			last.stop()
			for p := range int32(partitions) {
				checkRead(t, all, tp("events", p), rounds*each)
			}
		}, kfake.SeedTopics(4, "events"))
	}
}

// checkRead tells which of n records no member has read.
func checkRead(t *testing.T, all []*member, p messages.TopicPartition, n int) {
	t.Helper()
	var offsets []int64
	for _, m := range all {
		offsets = append(offsets, m.read[p]...)
	}
	slices.Sort(offsets)
	t.Logf("%s: %d records read for %d", p, len(offsets), n)
	if different := len(slices.Compact(offsets)); different != n {
		t.Errorf("%s: %d of %d records were read", p, different, n)
	}
}
