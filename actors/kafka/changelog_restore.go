package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/hibana-stream/hibana/messages"
)

// Restore implements actors.Changelog.
//
// It must come after the partition's committed offset was looked up in this assignment, as Assigned tells it:
//
//  1. The partition is ours in generation G. Whoever had it before can commit its offsets no more, and its changes with them: each
//     transaction carries both, and the coordinator refuses the offsets of an older generation.
//  2. The look-up has waited for transactions that had its offsets in them already. They are decided by now, but the marker that
//     makes their records visible may not have come to the changelog yet.
//  3. So the end of the log now, whatever it is made of, has all that counts below it. Reading committed records up to there waits
//     until every transaction below is decided: a dead one, until the brokers abort it.
//
// What a zombie still writes behind that end is never committed.
//
// So what is restored stands at the committed offset, and if it does not, somebody else has moved or deleted that: see continues.
// An error that wraps messages.ErrReassigned says that the partition has been assigned anew.
func (l *Changelog) Restore(ctx context.Context, p messages.TopicPartition, load func([]messages.Change) (taken int, err error),
	told func(done, total int64),
) error {
	r := &restore{
		changelog: l, partition: p, load: load, told: told, topic: l.Topic(p.Topic), stale: map[string]bool{},
		offset: messages.Offset{TopicPartition: p, At: noOffset},
	}
	if l.config.Source != nil {
		r.holding = l.config.Source.holding(p)
	}
	client, err := kgo.NewClient(append(l.config.Client[:len(l.config.Client):len(l.config.Client)],
		kgo.WithPools(new(recycled)), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(500*time.Millisecond),
		kgo.FetchMaxBytes(restoreFetch), kgo.FetchMaxPartitionBytes(restoreFetch),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		return err
	}
	defer client.Close()
	r.client = client
	if err := r.persist(ctx, r.bounds); err != nil {
		return err
	}
	if err := r.read(ctx); err != nil {
		return err
	}
	if err := r.belongs(ctx); err != nil {
		return err
	}
	return r.finish()
}

// restoreFetch is the most that one fetch of a restore brings. Two are under way at a time, and become three times as much in kgo's
// records: more takes longer, for all that is collected and looked through by the garbage collector.
const restoreFetch = 1 << 20

// restore is one Restore under way.
type restore struct {
	changelog *Changelog
	client    *kgo.Client
	partition messages.TopicPartition
	holding   *holding // under which it was asked for
	topic     string
	load      func([]messages.Change) (int, error)
	told      func(done, total int64)

	start, position, end int64
	saved                string          // the shapes, as they stand there
	offset               messages.Offset // to which the state belongs; At is noOffset when it does not say
	plan                 messages.Plan   // the offset's metadata
	found                bool            // there is an entry
	stale                map[string]bool
	cuts                 int // how often in a row the log did not reach from the position to the end

	// the operation of the last entry
	id, operator string
	// read, not yet loaded, and the offset of each
	changes []messages.Change
	offsets []int64
}

// persist tries until it succeeds, or until an error that does not pass. The topic may still be made.
func (r *restore) persist(ctx context.Context, try func(context.Context) error) error {
	err := persist(ctx, try, func(err error) bool { return passing(err) || isUnknown(err) }, func(err error) {
		if isUnknown(err) && r.changelog.config.Ensure != nil {
			err = errors.Join(err, r.changelog.config.Ensure(ctx, r.partition.Topic))
		}
		r.changelog.log.Warn("the changelog cannot be read yet", "topic", r.topic, "partition", r.partition.Partition, "error", err)
	})
	if err == nil || ctx.Err() != nil {
		return err
	}
	return Explain(err, Subject{Doing: "reading topic", Topic: r.topic})
}

func isUnknown(err error) bool { return errors.Is(err, kerr.UnknownTopicOrPartition) }

// bounds asks where the log begins and ends.
func (r *restore) bounds(ctx context.Context) (err error) {
	r.start, r.end, err = r.log(ctx)
	r.position = r.start
	return err
}

func (r *restore) log(ctx context.Context) (start, end int64, err error) {
	l := look{client: r.client}
	if start, err = l.offset(ctx, r.at(), earliest); err == nil {
		end, err = l.offset(ctx, r.at(), latest)
	}
	return start, end, err
}

// at is the changelog's partition.
func (r *restore) at() messages.TopicPartition {
	return messages.TopicPartition{Topic: r.topic, Partition: r.partition.Partition}
}

// read goes through the log up to its end.
func (r *restore) read(ctx context.Context) error {
	if r.position >= r.end {
		return nil
	}
	r.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{r.topic: {r.partition.Partition: kgo.NewOffset().At(r.start)}})
	r.told(0, r.end-r.start)
	for r.position < r.end {
		poll, cancel := context.WithTimeout(ctx, quiet)
		fetches := r.client.PollFetches(poll)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.take(fetches); err != nil {
			return err
		}
		if fetches.NumRecords() == 0 {
			if r.tailIsEmpty(ctx) {
				return nil
			}
			if err := r.whole(ctx); err != nil {
				return err
			}
		}
		r.told(r.position-r.start, r.end-r.start)
	}
	return nil
}

func (r *restore) take(fetches kgo.Fetches) error {
	var wrong error
	fetches.EachError(func(_ string, _ int32, err error) {
		if !errors.Is(err, context.DeadlineExceeded) && !passing(err) {
			wrong = Explain(err, Subject{Doing: "reading topic", Topic: r.topic})
		}
	})
	if wrong != nil {
		return wrong
	}
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if wrong == nil && p.LogStartOffset > r.position {
			wrong = r.cut(p.LogStartOffset, max(r.end, p.HighWatermark))
		}
		for _, record := range p.Records {
			if wrong == nil && record.Offset < r.end && !record.Attrs.IsControl() {
				wrong = r.record(record)
			}
			r.position = max(r.position, record.Offset+1)
			record.Recycle()
		}
	})
	if wrong != nil {
		return wrong
	}
	return r.loadAll()
}

// tailIsEmpty tells, when nothing comes, whether there is nothing left: every transaction below the end is decided, and the leader has
// nothing to show of the rest. That a poll returns nothing says neither: the client may wait before it tries something again.
func (r *restore) tailIsEmpty(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	l := look{client: r.client, committed: true}
	next, _, err := l.emptyUntil(ctx, r.at(), r.position)
	return err == nil && next >= r.end
}

// loadAtOnce is how many entries are given to their operations at a time.
const loadAtOnce = 512

// loadAll gives what has been read to its operations.
func (r *restore) loadAll() error {
	n, err := r.load(r.changes)
	if err != nil {
		return fmt.Errorf("%s:%d:%d: %w", r.topic, r.partition.Partition, r.offsets[n], err)
	}
	r.changes, r.offsets = r.changes[:0], r.offsets[:0]
	return nil
}

// record notes one entry for its operation. One that the job's operations cannot read is stale.
func (r *restore) record(record *kgo.Record) error {
	id, key, err := splitKey(alias(record.Key))
	if err != nil {
		return fmt.Errorf("%s:%d:%d: %w", record.Topic, record.Partition, record.Offset, err)
	}
	switch {
	case id != "":
		r.found = true
	case key == offsetKey:
		return r.stoodAt(record)
	default:
		r.saved = string(record.Value)
		return nil
	}
	if id != r.id {
		shape, ok := r.changelog.known[id]
		if !ok {
			r.isStale(record)
			return nil
		}
		r.id, r.operator = strings.Clone(id), shape.Operator
	}
	r.changes = append(r.changes, messages.Change{
		Operator: r.operator, Key: key, Value: alias(record.Value), Deleted: record.Value == nil, Partition: r.partition,
	})
	r.offsets = append(r.offsets, record.Offset)
	if len(r.changes) < loadAtOnce {
		return nil
	}
	return r.loadAll()
}
