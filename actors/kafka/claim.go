package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// claim is what a member may say of ranges that it is about to commit: in this generation they are its own, and nobody has
// committed anything of them.
type claim struct {
	member     string
	generation int32
	holdings   map[messages.TopicPartition]*holding
}

// claim makes sure that the ranges are this member's to commit. An error that wraps messages.ErrNotOwner says that they are not.
//
// kgo tells of a lost partition by a callback, and the batch of its records may still be under way when the partition is back
// already, after another member has gone on with it: a name and a generation of now would then commit what is stale. So:
//
//  1. Take the member's id and generation, G.
//  2. Look whether the partitions are assigned, under the assignment in which the batch was opened: after another one somebody else may
//     have changed what is kept of them without moving an offset. kgo takes away what is lost or revoked before it joins the next generation, and a
//     cooperative rebalance gives a partition away one generation after it was revoked: so in G, nobody else has them.
//  3. Ask what is committed, waiting for transactions that are still being ended: it has to be From, or what stood when this
//     assignment was told to begin at From (nothing at all, or an offset that the policies have passed over).
//  4. The commit carries G, and the coordinator refuses it in any other generation. Accepted, it was G from 1 to 4, and no other
//     member could have committed between 3 and 4.
//
// What this member itself has committed in G (stands) needs no question.
func (s *Source) claim(ctx context.Context, client *kgo.Client, claims []messages.Claim, stands map[messages.TopicPartition]stand) (claim, error) {
	c := claim{holdings: make(map[messages.TopicPartition]*holding)}
	c.member, c.generation = s.GroupMetadata()
	if c.member == "" {
		return c, fmt.Errorf("%w: not in the group", messages.ErrNotOwner)
	}
	ask, err := s.askable(&c, claims, stands)
	if err != nil || len(ask) == 0 {
		return c, err
	}
	partitions := make([]messages.TopicPartition, len(ask))
	for i, r := range ask {
		partitions[i] = r.TopicPartition
	}
	committed, err := stableOffsets(ctx, client, s.config.Group, partitions)
	if err != nil {
		return c, fmt.Errorf("reading the committed offsets: %w", err)
	}
	for _, r := range ask {
		if at := committed[r.TopicPartition].At; !s.follows(c.holdings[r.TopicPartition], r, at) {
			s.relocate(r.TopicPartition, c.holdings[r.TopicPartition])
			return c, fmt.Errorf("%w: the batch begins at %d of %v, and %d is committed", messages.ErrNotOwner, r.From, r.TopicPartition, at)
		}
	}
	return c, nil
}

// askable are the ranges whose committed offset is not known; all have to be this member's.
func (s *Source) askable(c *claim, claims []messages.Claim, stands map[messages.TopicPartition]stand) ([]messages.OffsetRange, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ask []messages.OffsetRange
	for _, r := range claims {
		h := s.owned[r.TopicPartition]
		if h == nil || !h.resolved || h.stale || r.Assignment != 0 && r.Assignment != h.number {
			return nil, fmt.Errorf("%w: %v: %w", messages.ErrNotOwner, r.TopicPartition, errNotHeld)
		}
		c.holdings[r.TopicPartition] = h
		if stands[r.TopicPartition] != (stand{c.member, c.generation, r.From}) {
			ask = append(ask, r.OffsetRange)
		}
	}
	return ask, nil
}

func (s *Source) follows(h *holding, r messages.OffsetRange, committed int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return committed == r.From || r.From == h.from && committed == h.seen
}

// relocate takes a partition anew from where the group stands: kgo went on with an assignment in the middle of which another
// member had it (a member that was thrown out may come back in the next join, and is told nothing).
func (s *Source) relocate(p messages.TopicPartition, h *holding) {
	s.spawn(func() {
		if err := s.reassign(s.ctx, p, h); err != nil && s.ctx.Err() == nil {
			s.fail(err)
		}
	})
}

// reassign puts a new assignment, with positions read afresh, in the place of h.
func (s *Source) reassign(ctx context.Context, p messages.TopicPartition, h *holding) error {
	all, err := s.lookup(ctx, []messages.TopicPartition{p})
	if err != nil {
		return err
	}
	at, err := s.decide(p, all[p])
	if err != nil {
		return err
	}
	s.replaceHolding(at, h)
	return nil
}

// stand is an offset that this member committed as that member in that generation.
type stand struct {
	member     string
	generation int32
	at         int64
}

// stableOffsets asks for committed offsets, and again while a transaction that has some of them is being ended; noOffset for none.
func stableOffsets(ctx context.Context, client *kgo.Client, group string, partitions []messages.TopicPartition) (map[messages.TopicPartition]messages.Offset, error) {
	for n := 0; ; n++ {
		once, cancel := context.WithTimeout(ctx, attempt)
		all, err := committedOffsets(once, client, group, partitions)
		cancel()
		if err == nil || !passing(err) || !sleep(ctx, backoff(n)/10) {
			return all, err
		}
	}
}
