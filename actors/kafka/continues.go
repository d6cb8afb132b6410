package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibana-stream/hibana/messages"
)

// saved is state of a partition that was restored, and the offset of the source to which it belongs: all before it has been counted,
// and nothing behind it. At is noOffset when it does not say.
type saved struct {
	messages.Offset
	plan      messages.Plan // of the batch that saved it last
	changelog string
	empty     bool // there is no state
	// grown tells whether the changelog has more by now than was restored.
	grown func(context.Context) bool
}

// holding is the assignment in which the partition is ours now; nil for none.
func (s *Source) holding(p messages.TopicPartition) *holding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.owned[p]
}

// continues makes sure that a partition goes on exactly where its state stands: before it, records would be counted twice; behind it, some
// would be left out. State and committed offset are one transaction, so that they differ says that somebody has moved the offset, or
// deleted it, or that it has expired:
//
//  1. They agree. Where the position is another one nevertheless, what lies in between is gone from the log, and that is told.
//  2. The look-up of this assignment was overtaken by a commit that an earlier life of ours still had under way, or the user's own start
//     came before the committed offset. The partition is assigned anew.
//  3. Nothing is committed. What the state says is committed again, as it was, and the partition assigned anew: from there on all is
//     as if it had never been away.
//  4. Another offset is committed. Nobody knows which of the two is meant: refused, both named.
//  5. But the log does not reach from the state to there (retention, or it was cut), and the policy lets it go on behind the hole: then the
//     committed offset is where it went on, and where it was planned before the first batch behind the hole was saved.
//  6. The topic is another one than that of the state: see recreated.
//
// In 2 and 3 the error wraps messages.ErrReassigned.
func (s *Source) continues(ctx context.Context, h *holding, state saved) error {
	if h == nil {
		return fmt.Errorf("%w: %s", messages.ErrReassigned, state.changelog)
	}
	s.mu.Lock()
	seen, explicit, topic := h.seen, h.explicit, h.topic
	s.mu.Unlock()
	if state.plan.TopicID.Differs(topic) {
		return s.recreated(ctx, h, state)
	}
	switch stands := state.At != noOffset; {
	case stands && state.At == seen && !explicit:
		return nil
	case !stands && (state.empty || seen != noOffset): // a changelog of before they said where they stand is believed
		return nil
	case !stands:
		return s.astray(state, noOffset)
	}
	again, err := s.reconcile(ctx, state, seen)
	if err == nil && again {
		if err = s.reassign(ctx, state.TopicPartition, h); err == nil {
			err = fmt.Errorf("%w: %s goes on at %d", messages.ErrReassigned, state.TopicPartition, state.At)
		}
	}
	return err
}

// reconcile is continues from 2 on; again says that the partition has to be assigned anew. It looks several times before it believes that
// the two differ: a broker that was stunned and does not know yet that it leads no more answers with the offsets of then, or with the
// changelog's end of then.
func (s *Source) reconcile(ctx context.Context, state saved, seen int64) (again bool, err error) {
	var f found
	for n := range cutLooks {
		if n > 0 && !sleep(ctx, backoff(n-1)) {
			return false, ctx.Err()
		}
		all, err := s.lookup(ctx, []messages.TopicPartition{state.TopicPartition})
		if err != nil {
			return false, err
		}
		f = all[state.TopicPartition]
		if f.committed == state.At {
			s.committed([]messages.Offset{state.Offset}) // it comes before the user's own start from now on
			return true, nil
		}
		if f.committed != seen || state.grown(ctx) {
			return true, nil
		}
	}
	return s.settleWith(ctx, state, f)
}

// settleWith brings the committed offset in line with the state, or lets both be, or refuses.
func (s *Source) settleWith(ctx context.Context, state saved, f found) (again bool, err error) {
	outside := state.At < f.start || state.At > f.highWatermark
	switch none := f.committed == noOffset; {
	case none && outside && s.config.Gone == GoneFail:
		return false, fmt.Errorf("%w: %s, whose log is from %d to %d: it is another topic, was recreated, or retention was faster; %s",
			messages.ErrOffsetGone, state.text(), f.start, f.highWatermark, state.drop())
	case none:
		return true, s.commitAgain(ctx, state)
	case outside && s.config.Gone != GoneFail:
		return false, nil
	}
	return false, s.astray(state, f.committed)
}

// commitAgain commits what the state says. A commit that is refused for the moment is tried until the partition is ours no more, which
// ends ctx.
func (s *Source) commitAgain(ctx context.Context, state saved) error {
	s.log.Warn("the group has no committed offset, and the partition goes on where its state stands; to begin anew, delete the changelog topic as well",
		"group", s.config.Group, "partition", state.TopicPartition.String(), "offset", state.At, "changelog", state.changelog)
	passes := func(err error) bool { return passing(err) || errors.Is(err, messages.ErrNotOwner) }
	return persist(ctx, func(ctx context.Context) error { return s.CommitOffsets(ctx, []messages.Offset{state.Offset}) }, passes, func(err error) {
		s.log.Warn("the state's offset could not be committed yet", "partition", state.TopicPartition.String(), "error", err)
	})
}

// text says what the state has.
func (s saved) text() string {
	return fmt.Sprintf("the state in %s holds %s up to offset %d", s.changelog, s.TopicPartition, s.At)
}

// drop says how to begin without it.
func (s saved) drop() string {
	return fmt.Sprintf("to begin without that state, delete topic %s", s.changelog)
}

// astray refuses, and says what would be accepted.
func (s *Source) astray(state saved, committed int64) error {
	if state.At == noOffset {
		return fmt.Errorf("%w: the state in %s does not say up to which offset it holds %s, and group %s has committed none; "+
			"commit the offset where it stands, or, %s", ErrChangelogAstray, state.changelog, state.TopicPartition, s.config.Group, state.drop())
	}
	what := fmt.Sprintf("offsets %d to %d would be counted twice", committed, state.At-1)
	if committed > state.At {
		what = fmt.Sprintf("offsets %d to %d would be left out", state.At, committed-1)
	}
	return fmt.Errorf("%w: %s, and group %s has committed %d: %s; to go on with that state, delete the group's offsets, and they are taken from it "+
		"(kafka-consumer-groups --delete-offsets --group %[3]s --topic %[6]s); %[7]s",
		ErrChangelogAstray, state.text(), s.config.Group, committed, what, state.Topic, state.drop())
}
