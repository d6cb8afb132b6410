package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// rebalanceTries bounds how often a commit is tried again while the group says that it is rebalancing. kgo holds commits back while it
// joins, so the answer is rare, and an old member's at that.
const rebalanceTries = 10

// CommitOffsets implements actors.Offsets. What passes is tried again until ctx ends; a refusal wraps messages.ErrRefused.
func (s *Source) CommitOffsets(ctx context.Context, offsets []messages.Offset) error {
	if len(offsets) == 0 {
		return nil
	}
	for n, rebalancing := 0, 0; ; n++ {
		err := s.commit(ctx, offsets)
		if errors.Is(err, kerr.RebalanceInProgress) {
			rebalancing++
		}
		switch {
		case err == nil:
			s.committed(offsets)
			return nil
		case s.disowned(err), rebalancing >= rebalanceTries:
			return fmt.Errorf("%w: %w", messages.ErrNotOwner, err)
		case ctx.Err() != nil:
			return fmt.Errorf("commit: %w", errors.Join(ctx.Err(), err))
		case !passing(err) && !errors.Is(err, kerr.RebalanceInProgress):
			return fmt.Errorf("commit: %w", s.explain(err))
		}
		if n%10 == 0 { // once in a few seconds is enough while brokers are away
			s.log.Warn("the commit is tried again", "error", err)
		}
		if !sleep(ctx, backoff(n)) {
			return fmt.Errorf("commit: %w", errors.Join(ctx.Err(), err))
		}
	}
}

// errNotHeld is our own answer: the partition is not assigned to this member.
var errNotHeld = errors.New("not assigned to this member")

// disowned tells whether the commit failed because the member has lost the partitions, or its name: of that, the next heartbeat tells.
func (s *Source) disowned(err error) bool {
	for _, gone := range []error{
		errNotHeld, kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.StaleMemberEpoch, kerr.FencedMemberEpoch, kerr.FencedInstanceID,
	} {
		if errors.Is(err, gone) {
			return true
		}
	}
	return false
}

// commit sends one request. kgo's CommitOffsetsSync waits while a join is under way and keeps the next join waiting until the
// answer is here; prepare runs in between. So what prepare finds to be ours stays ours until the commit stands: a revoke that
// ends meanwhile (RevokeTimeout) is followed by a join, and only that join can give the partition to somebody else.
// The request carries the member's id and generation of that moment; kgo fills them in.
func (s *Source) commit(ctx context.Context, offsets []messages.Offset) error {
	client, _ := s.clients()
	if client == nil {
		return errNotHeld
	}
	wanted := make(map[string]map[int32]kgo.EpochOffset)
	metadata := make(map[messages.TopicPartition]string, len(offsets))
	for _, o := range offsets {
		if wanted[o.Topic] == nil {
			wanted[o.Topic] = make(map[int32]kgo.EpochOffset)
		}
		wanted[o.Topic][o.Partition] = kgo.EpochOffset{Epoch: -1, Offset: o.At}
		metadata[o.TopicPartition] = o.Metadata
	}
	prepare := func(request *kmsg.OffsetCommitRequest) error { return s.prepare(request, metadata) }
	var failed error
	client.CommitOffsetsSync(kgo.PreCommitFnContext(ctx, prepare), wanted,
		func(_ *kgo.Client, request *kmsg.OffsetCommitRequest, response *kmsg.OffsetCommitResponse, err error) {
			failed = verdict(request, response, err)
		})
	return failed
}

// prepare adds the metadata, and refuses when one of the partitions is not ours, or was lost meanwhile: the callbacks do not know the
// member yet that the request is from, or have found that the partition was another one's.
func (s *Source) prepare(request *kmsg.OffsetCommitRequest, metadata map[messages.TopicPartition]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range request.Topics {
		topic := &request.Topics[t]
		for i := range topic.Partitions {
			p := messages.TopicPartition{Topic: topic.Topic, Partition: topic.Partitions[i].Partition}
			if h := s.owned[p]; h == nil || h.stale || request.MemberID != s.member {
				return fmt.Errorf("%s: %w", p, errNotHeld)
			}
			text := metadata[p]
			topic.Partitions[i].Metadata = &text
		}
	}
	return nil
}

// verdict is the worst of the answer: an error that does not pass before one that does. What it leaves out has not been committed.
func verdict(request *kmsg.OffsetCommitRequest, response *kmsg.OffsetCommitResponse, err error) error {
	if err != nil {
		return err
	}
	left := map[messages.TopicPartition]bool{}
	for _, t := range request.Topics {
		for _, p := range t.Partitions {
			left[messages.TopicPartition{Topic: t.Topic, Partition: p.Partition}] = true
		}
	}
	var worst error
	for _, t := range response.Topics {
		for _, p := range t.Partitions {
			worst = worse(worst, left, messages.TopicPartition{Topic: t.Topic, Partition: p.Partition}, p.ErrorCode)
		}
	}
	return cmp.Or(worst, unanswered(left))
}

// worse adds one partition's answer to what is known of the others, and takes it from those that are left.
func worse(worst error, left map[messages.TopicPartition]bool, p messages.TopicPartition, code int16) error {
	delete(left, p)
	if err := kerr.ErrorForCode(code); err != nil && (worst == nil || passing(worst)) {
		return fmt.Errorf("%s: %w", p, err)
	}
	return worst
}

// unanswered is an error that passes: to commit again does no harm.
func unanswered(left map[messages.TopicPartition]bool) error {
	for p := range left {
		return fmt.Errorf("the answer to the commit says nothing of %s", p)
	}
	return nil
}

// committed remembers that the user's start offsets have done their duty.
func (s *Source) committed(offsets []messages.Offset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range offsets {
		s.started[o.TopicPartition] = true
	}
}

// GroupMetadata is this member's id and generation, for a transaction that commits the group's offsets; "" and -1 outside the group.
func (s *Source) GroupMetadata() (member string, generation int32) {
	client, _ := s.clients()
	if client == nil {
		return "", -1
	}
	return client.GroupMetadata()
}
