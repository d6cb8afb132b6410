package kafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// committedOffsets asks for a group's committed offsets, and gets an error while a transaction that has some of them is being ended. At is
// noOffset for a partition that has none.
//
// It names the partitions. Asked for all that there is, a coordinator leaves out what nobody has committed, but also what it does not
// know at the moment, or what the user has no right to; to start from the reset policy then would lose or repeat. So none is
// what the coordinator says of a partition by its name, and a partition that it leaves out is asked for again.
func committedOffsets(ctx context.Context, client *kgo.Client, group string, partitions []messages.TopicPartition) (map[messages.TopicPartition]messages.Offset, error) {
	response, err := committedRequest(group, partitions).RequestWith(ctx, client)
	if err == nil {
		err = kerr.ErrorForCode(response.ErrorCode)
	}
	if err != nil {
		return nil, err
	}
	all := make(map[messages.TopicPartition]messages.Offset, len(partitions))
	for _, t := range response.Topics {
		for _, answer := range t.Partitions {
			p := messages.TopicPartition{Topic: t.Topic, Partition: answer.Partition}
			if err := kerr.ErrorForCode(answer.ErrorCode); err != nil {
				return nil, fmt.Errorf("%s: %w", p, err)
			}
			all[p] = committedOffset(p, answer)
		}
	}
	for _, p := range partitions {
		if _, ok := all[p]; !ok {
			return nil, fmt.Errorf("%s: the answer says nothing of its committed offset: %w", p, kerr.UnknownTopicOrPartition)
		}
	}
	return all, nil
}

func committedRequest(group string, partitions []messages.TopicPartition) *kmsg.OffsetFetchRequest {
	request := kmsg.NewPtrOffsetFetchRequest()
	request.Group, request.RequireStable = group, true
	byTopic := map[string]int{}
	for _, p := range partitions {
		i, ok := byTopic[p.Topic]
		if !ok {
			topic := kmsg.NewOffsetFetchRequestTopic()
			topic.Topic = p.Topic
			i = len(request.Topics)
			byTopic[p.Topic], request.Topics = i, append(request.Topics, topic)
		}
		request.Topics[i].Partitions = append(request.Topics[i].Partitions, p.Partition)
	}
	return request
}

func committedOffset(p messages.TopicPartition, answer kmsg.OffsetFetchResponseTopicPartition) messages.Offset {
	o := messages.Offset{TopicPartition: p, At: noOffset}
	if answer.Offset >= 0 {
		o.At = answer.Offset
		if answer.Metadata != nil {
			o.Metadata = *answer.Metadata
		}
	}
	return o
}
