package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// look asks a partition's leader itself what there is: that a client's poll returns nothing may have any reason.
type look struct {
	client    *kgo.Client
	admin     *kadm.Client
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
	const earliestLocal = -4 // KIP-405
	part := kmsg.NewListOffsetsRequestTopicPartition()
	part.Partition, part.Timestamp = p.Partition, earliestLocal
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic, topic.Partitions = p.Topic, append(topic.Partitions, part)
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID, request.Topics = -1, append(request.Topics, topic)
	response, err := request.RequestWith(ctx, l.client)
	switch {
	case err != nil:
		return err
	case len(response.Topics) != 1 || len(response.Topics[0].Partitions) != 1:
		return fmt.Errorf("%s: an answer that says nothing of where the leader's own log begins", p)
	}
	at := response.Topics[0].Partitions[0]
	switch err := kerr.ErrorForCode(at.ErrorCode); {
	case errors.Is(err, kerr.UnsupportedVersion): // older brokers have no remote storage
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", p, err)
	case at.Offset > from:
		return fmt.Errorf("%s: offset %d is in remote storage, the leader's own log begins at %d", p, from, at.Offset)
	}
	return nil
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
	topics, err := l.admin.ListTopics(ctx, p.Topic)
	if err != nil {
		return nil, err
	}
	detail, ok := topics[p.Topic].Partitions[p.Partition]
	if !ok || detail.Err != nil {
		return nil, fmt.Errorf("%s: %w", p, orUnknown(detail.Err))
	}
	response, err := l.client.Broker(int(detail.Leader)).Request(ctx, fetchRequest(p, topics[p.Topic].ID, from, l.committed))
	if err != nil {
		return nil, err
	}
	return onlyPartition(response.(*kmsg.FetchResponse), l.committed)
}

func orUnknown(err error) error {
	if err == nil {
		return kerr.UnknownTopicOrPartition
	}
	return err
}

func fetchRequest(p messages.TopicPartition, id kadm.TopicID, from int64, committed bool) *kmsg.FetchRequest {
	part := kmsg.NewFetchRequestTopicPartition()
	part.Partition, part.FetchOffset, part.PartitionMaxBytes = p.Partition, from, 1<<20
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
