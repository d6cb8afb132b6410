package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// look asks a partition's leader itself what there is: that a client's poll returns nothing may have any reason.
type look struct {
	client    *kgo.Client
	committed bool // read committed
}

// emptyUntil is how far from position on there is nothing to read, and the partition's end. What it says was said twice.
func (l *look) emptyUntil(ctx context.Context, p messages.TopicPartition, position int64) (next, end int64, err error) {
	next, end, err = l.emptyOnce(ctx, p, position)
	if err != nil || next <= position {
		return position, end, err
	}
	again, _, err := l.emptyOnce(ctx, p, position)
	if err != nil {
		return position, end, err
	}
	return min(next, again), end, nil
}

func (l *look) emptyOnce(ctx context.Context, p messages.TopicPartition, position int64) (next, end int64, err error) {
	for next = position; ; {
		response, err := l.fetch(ctx, p, next)
		if err != nil {
			return position, 0, err
		}
		end = readable(l.committed, response.HighWatermark, response.LastStableOffset)
		if len(response.RecordBatches) == 0 {
			if next < end {
				err = l.local(ctx, p, next)
			}
			return max(next, end), end, err
		}
		options := kgo.ProcessFetchPartitionOpts{Offset: next, Topic: p.Topic, Partition: p.Partition, IsolationLevel: l.isolation()}
		read, after := kgo.ProcessFetchPartition(options, response, kgo.DefaultDecompressor(), nil)
		switch {
		case read.Err != nil:
			return position, end, read.Err
		case len(read.Records) > 0:
			return read.Records[0].Offset, end, nil
		case after <= next || after >= end:
			return max(after, next), end, nil
		}
		next = after
	}
}

// local is an error when what lies at an offset is not on the leader's own disk, but in remote storage: a leader that has waited for that in
// vain answers with nothing, and without an error.
func (l *look) local(ctx context.Context, p messages.TopicPartition, from int64) error {
	at, err := l.offset(ctx, p, earliestLocal)
	switch {
	case errors.Is(err, kerr.UnsupportedVersion): // older brokers have no remote storage
		return nil
	case err != nil:
		return err
	case at > from:
		return fmt.Errorf("%s: offset %d is in remote storage, the leader's own log begins at %d", p, from, at)
	}
	return nil
}

const (
	earliest = int64(-2)
	latest   = int64(-1) // the high watermark
	// earliestLocal is where the leader's own log begins (KIP-405); -1 when all of it is in remote storage.
	earliestLocal = int64(-4)
)

// offset asks the leader for one of a partition's offsets.
func (l *look) offset(ctx context.Context, p messages.TopicPartition, which int64) (int64, error) {
	detail, _, err := l.leader(ctx, p)
	if err != nil {
		return 0, err
	}
	part := kmsg.NewListOffsetsRequestTopicPartition()
	part.Partition, part.Timestamp, part.CurrentLeaderEpoch = p.Partition, which, detail.LeaderEpoch
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic, topic.Partitions = p.Topic, append(topic.Partitions, part)
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID, request.Topics = -1, append(request.Topics, topic)
	answer, err := l.client.Broker(int(detail.Leader)).Request(ctx, request)
	if err != nil {
		return 0, err
	}
	response := answer.(*kmsg.ListOffsetsResponse)
	if len(response.Topics) != 1 || len(response.Topics[0].Partitions) != 1 {
		return 0, fmt.Errorf("%s: an answer that says nothing of its offsets", p)
	}
	at := response.Topics[0].Partitions[0]
	if err = kerr.ErrorForCode(at.ErrorCode); err == nil && at.Offset < 0 && which != earliestLocal {
		err = kerr.OffsetNotAvailable
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", p, err)
	}
	return at.Offset, err
}

// leader is who leads the partition, and the topic's id. Who is asked is given the epoch with the question: one that does not lead any
// more, or not yet, refuses then. A broker that was stunned and has not heard of its successor cannot be told apart by that while the
// metadata, too, is from before; what it says of a changelog's end shows in the offset to which the state belongs.
func (l *look) leader(ctx context.Context, p messages.TopicPartition) (at kmsg.MetadataResponseTopicPartition, id [16]byte, err error) {
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = &p.Topic
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = append(request.Topics, topic)
	response, err := request.RequestWith(ctx, l.client)
	if err != nil {
		return at, id, err
	}
	if len(response.Topics) != 1 {
		return at, id, fmt.Errorf("%s: metadata of %d topics for one", p, len(response.Topics))
	}
	i := slices.IndexFunc(response.Topics[0].Partitions, func(one kmsg.MetadataResponseTopicPartition) bool { return one.Partition == p.Partition })
	if i < 0 {
		return at, id, fmt.Errorf("%s: %w", p, cmp.Or(kerr.ErrorForCode(response.Topics[0].ErrorCode), error(kerr.UnknownTopicOrPartition)))
	}
	at = response.Topics[0].Partitions[i]
	if err := kerr.ErrorForCode(at.ErrorCode); err != nil {
		return at, id, fmt.Errorf("%s: %w", p, err)
	}
	return at, response.Topics[0].TopicID, nil
}

func (l *look) isolation() kgo.IsolationLevel {
	if l.committed {
		return kgo.ReadCommitted()
	}
	return kgo.ReadUncommitted()
}

// fetch is one plain fetch of one partition from its leader, outside of any fetch session. It waits a little for data, so that
// an empty answer means that there is none.
func (l *look) fetch(ctx context.Context, p messages.TopicPartition, from int64) (*kmsg.FetchResponseTopicPartition, error) {
	detail, id, err := l.leader(ctx, p)
	if err != nil {
		return nil, err
	}
	response, err := l.client.Broker(int(detail.Leader)).Request(ctx, fetchRequest(p, id, detail.LeaderEpoch, from, l.committed))
	if err != nil {
		return nil, err
	}
	return onlyPartition(response.(*kmsg.FetchResponse), l.committed)
}

func fetchRequest(p messages.TopicPartition, id [16]byte, epoch int32, from int64, committed bool) *kmsg.FetchRequest {
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition, part.CurrentLeaderEpoch, part.FetchOffset, part.PartitionMaxBytes = p.Partition, epoch, from, 1<<20
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = p.Topic, id
	topic.Partitions = append(topic.Partitions, part)
	request := kmsg.NewPtrFetchRequest()
	request.ReplicaID, request.SessionEpoch = -1, -1
	request.MaxWaitMillis, request.MinBytes, request.MaxBytes = 500, 1, 1<<20
	if committed {
		request.IsolationLevel = 1
	}
	request.Topics = append(request.Topics, topic)
	return request
}

func onlyPartition(response *kmsg.FetchResponse, committed bool) (*kmsg.FetchResponseTopicPartition, error) {
	if err := kerr.ErrorForCode(response.ErrorCode); err != nil {
		return nil, err
	}
	if len(response.Topics) != 1 || len(response.Topics[0].Partitions) != 1 || response.ThrottleMillis > 0 {
		return nil, fmt.Errorf("an answer that says nothing: %d topics, throttled %d ms", len(response.Topics), response.ThrottleMillis)
	}
	p := &response.Topics[0].Partitions[0]
	err := kerr.ErrorForCode(p.ErrorCode)
	if err == nil && (p.HighWatermark < 0 || committed && p.LastStableOffset < 0) {
		err = fmt.Errorf("an answer that does not say where the log ends: high watermark %d, last stable offset %d", p.HighWatermark, p.LastStableOffset)
	}
	return p, err
}
