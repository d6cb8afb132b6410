package kafka

import (
	"errors"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// A commit of a partition that is not ours is refused before it is sent.
func TestCommitOfAForeignPartition(t *testing.T) {
	inBubble(t, func(g *ground) {
		m := g.member(g.config("events")).start()
		defer m.stop()
		m.awaitUntil(events0, 0)
		err := m.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: events0, At: 1}, {TopicPartition: tp("events", 7), At: 1}})
		if !errors.Is(err, messages.ErrNotOwner) {
			t.Error(err)
		}
		offsets, err := g.admin.FetchOffsets(g.t.Context(), "g")
		if err != nil || len(offsets) != 0 {
			t.Errorf("%v, %v", offsets, err)
		}
	}, kfake.SeedTopics(1, "events"))
}

// The broker's answers to a commit: what passes is tried again, what does not says why.
func TestCommitErrors(t *testing.T) {
	for name, c := range map[string]struct {
		code  *kerr.Error
		times int
		want  error
	}{
		"passing":            {kerr.CoordinatorLoadInProgress, 3, nil},
		"rebalancing, heals": {kerr.RebalanceInProgress, 3, nil},
		"rebalancing, stays": {kerr.RebalanceInProgress, 1000, messages.ErrNotOwner},
		"old generation":     {kerr.IllegalGeneration, 1, messages.ErrNotOwner},
		"unknown member":     {kerr.UnknownMemberID, 1, messages.ErrNotOwner},
		"refused":            {kerr.GroupAuthorizationFailed, 1, messages.ErrRefused},
		"too large":          {kerr.OffsetMetadataTooLarge, 1, kerr.OffsetMetadataTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(g *ground) {
				m := g.member(g.config("events")).start()
				defer m.stop()
				m.awaitUntil(events0, 0)
				defer failCommits(g, c.code, c.times)()
				err := m.source.CommitOffsets(g.t.Context(), []messages.Offset{{TopicPartition: events0, At: 0}})
				if !errors.Is(err, c.want) || c.want == nil && err != nil {
					t.Errorf("%v, want %v", err, c.want)
				}
			}, kfake.SeedTopics(1, "events"))
		})
	}
}

// failCommits answers that many commits with an error; what it returns ends that.
func failCommits(g *ground, code *kerr.Error, times int) (end func()) {
	return g.cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Topic: "events", Err: code, Count: times}).Remove
}
