package kafka

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/hibana-stream/hibana/messages"
)

// attempt bounds one try of a look-up, so that a silent broker is noticed.
const attempt = 10 * time.Second

// backoff is the wait before try n+1: a quarter of a second, doubling up to five.
func backoff(n int) time.Duration { return min(250*time.Millisecond<<min(n, 5), 5*time.Second) }

// sleep waits for d; false when ctx has ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// persist calls try until it succeeds, for ever; each error is told before the wait. It ends early with ctx, or with an error that does
// not pass.
func persist(ctx context.Context, try func(context.Context) error, passes func(error) bool, told func(error)) error {
	for n := 0; ; n++ {
		once, cancel := context.WithTimeout(ctx, attempt)
		err := try(once)
		cancel()
		if err == nil || ctx.Err() == nil && !passes(err) {
			return err
		}
		if ctx.Err() == nil {
			told(err)
		}
		if !sleep(ctx, backoff(n)) {
			return ctx.Err()
		}
	}
}

// persist is persist that tells what the Source waits for meanwhile.
func (s *Source) persist(ctx context.Context, kind, what string, try func(context.Context) error) error {
	defer s.wait(kind, "")
	err := persist(ctx, try, passing, func(err error) { s.wait(kind, fmt.Sprintf("%s: %v", what, err)) })
	if err == nil || ctx.Err() != nil {
		return err
	}
	return s.explain(err)
}

// prepareOffsets comes before onOffsets: kgo asks for the committed offsets itself before that, and waits for as long as a transaction has
// some of them in it, which may be one that only Prepare ends.
func (s *Source) prepareOffsets() {
	if s.config.Prepare == nil {
		return
	}
	if err := s.persist(s.ctx, waitOffsets, "the transaction", s.config.Prepare); err != nil && s.ctx.Err() == nil {
		s.fail(err)
	}
}

// lookup asks for the bounds and the committed offsets of partitions.
func (s *Source) lookup(ctx context.Context, partitions []messages.TopicPartition) (map[messages.TopicPartition]found, error) {
	var all map[messages.TopicPartition]found
	looks := 0
	err := s.persist(ctx, waitOffsets, "the offsets", func(ctx context.Context) (err error) {
		if all, err = s.lookupOnce(ctx, partitions); err != nil {
			return err
		}
		if looks++; looks < cutLooks {
			err = s.doubtful(all)
		}
		return err
	})
	return all, err
}

// cutLooks is how often in a row, over about four seconds, a log has to end before what is committed, or a topic to be another one than
// before, until that is believed: a broker that was stunned answers with the end, and the topic, that it knows.
const cutLooks = 5

func (s *Source) doubtful(all map[messages.TopicPartition]found) error {
	for p, f := range all {
		switch before := s.topicOf(p); {
		case f.former(), before.Differs(f.topic):
			return fmt.Errorf("the topic %s has the id %s, and had another one", p.Topic, f.topic)
		case f.committed > f.highWatermark:
			return fmt.Errorf("%s ends at %d, before the committed offset %d", p, f.highWatermark, f.committed)
		}
	}
	return nil
}

func (s *Source) lookupOnce(ctx context.Context, partitions []messages.TopicPartition) (map[messages.TopicPartition]found, error) {
	client, _ := s.clients()
	topics, err := topicIDs(ctx, client, topicsOf(partitions))
	if err != nil {
		return nil, err
	}
	bounds, err := s.bounds(ctx, partitions)
	if err != nil {
		return nil, err
	}
	committed, err := committedOffsets(ctx, client, s.config.Group, partitions)
	if err != nil {
		return nil, err
	}
	all := make(map[messages.TopicPartition]found, len(partitions))
	for _, p := range partitions {
		f, err := bounds(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		f.committed, f.metadata, f.topic = committed[p].At, committed[p].Metadata, topics[p.Topic]
		all[p] = f
	}
	return all, nil
}

// bounds asks for the start and the ends of the partitions' topics.
func (s *Source) bounds(ctx context.Context, partitions []messages.TopicPartition) (func(messages.TopicPartition) (found, error), error) {
	topics := topicsOf(partitions)
	_, admin := s.clients()
	starts, err := admin.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	highs, err := admin.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, err
	}
	ends := highs
	if s.config.ReadCommitted {
		if ends, err = admin.ListCommittedOffsets(ctx, topics...); err != nil {
			return nil, err
		}
	}
	return func(p messages.TopicPartition) (found, error) {
		start, err1 := listed(starts, p)
		high, err2 := listed(highs, p)
		end, err3 := listed(ends, p)
		none := found{start: start, highWatermark: high, end: end, committed: noOffset, explicit: noOffset, fallback: noOffset, lost: noOffset}
		return none, cmp.Or(err1, err2, err3)
	}, nil
}

func listed(offsets kadm.ListedOffsets, p messages.TopicPartition) (int64, error) {
	o, ok := offsets.Lookup(p.Topic, p.Partition)
	if !ok {
		if whole, bad := offsets.Lookup(p.Topic, -1); bad {
			return 0, whole.Err
		}
		return 0, kerr.UnknownTopicOrPartition
	}
	if o.Err == nil && o.Offset < 0 {
		return 0, fmt.Errorf("%s: the answer has no offset: %w", p, kerr.OffsetNotAvailable)
	}
	return o.Offset, o.Err
}

func topicsOf(partitions []messages.TopicPartition) []string {
	var topics []string
	seen := make(map[string]bool)
	for _, p := range partitions {
		if !seen[p.Topic] {
			seen[p.Topic] = true
			topics = append(topics, p.Topic)
		}
	}
	return topics
}
