package kafka

import (
	"cmp"
	"context"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// needsAddOffsets tells whether a transaction has to be told of the group before the offsets come: brokers with version 2 of the
// feature transaction.version do that themselves.
func needsAddOffsets(ctx context.Context, client *kgo.Client) (bool, error) {
	request := kmsg.NewPtrApiVersionsRequest()
	request.ClientSoftwareName, request.ClientSoftwareVersion = "hibana", "1"
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return false, err
	}
	var offsets, feature int16
	for _, k := range response.ApiKeys {
		if k.ApiKey == keyTxnOffsetCommit {
			offsets = k.MaxVersion
		}
	}
	for _, f := range response.FinalizedFeatures {
		if f.Name == "transaction.version" {
			feature = f.MaxVersionLevel
		}
	}
	return offsets < 5 || feature < 2, nil
}

func (t *Transactions) addGroup(ctx context.Context, id int64, epoch int16) error {
	request := kmsg.NewPtrAddOffsetsToTxnRequest()
	request.TransactionalID, request.Group = t.config.ID, t.config.Source.config.Group
	request.ProducerID, request.ProducerEpoch = id, epoch
	response, err := request.RequestWith(ctx, t.writer.client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(response.ErrorCode)
}

// instance is the member's group.instance.id, nil for none.
func (t *Transactions) instance() *string {
	if id := t.config.Source.config.InstanceID; id != "" {
		return &id
	}
	return nil
}

func (t *Transactions) request(c claim, offsets []messages.Offset, id int64, epoch int16) *kmsg.TxnOffsetCommitRequest {
	request := kmsg.NewPtrTxnOffsetCommitRequest()
	request.TransactionalID, request.Group = t.config.ID, t.config.Source.config.Group
	request.ProducerID, request.ProducerEpoch = id, epoch
	request.MemberID, request.Generation, request.InstanceID = c.member, c.generation, t.instance()
	byTopic := map[string]int{}
	for _, o := range offsets {
		p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset, p.Metadata = o.Partition, o.At, &o.Metadata
		i, ok := byTopic[o.Topic]
		if !ok {
			topic := kmsg.NewTxnOffsetCommitRequestTopic()
			topic.Topic = o.Topic
			i = len(request.Topics)
			byTopic[o.Topic], request.Topics = i, append(request.Topics, topic)
		}
		request.Topics[i].Partitions = append(request.Topics[i].Partitions, p)
	}
	return request
}

func (t *Transactions) plainRequest(c claim, offsets []messages.Offset) *kmsg.OffsetCommitRequest {
	request := kmsg.NewPtrOffsetCommitRequest()
	request.Group, request.InstanceID = t.config.Source.config.Group, t.instance()
	request.MemberID, request.Generation = c.member, c.generation
	byTopic := map[string]int{}
	for _, o := range offsets {
		p := kmsg.NewOffsetCommitRequestTopicPartition()
		p.Partition, p.Offset, p.Metadata = o.Partition, o.At, &o.Metadata
		i, ok := byTopic[o.Topic]
		if !ok {
			topic := kmsg.NewOffsetCommitRequestTopic()
			topic.Topic = o.Topic
			i = len(request.Topics)
			byTopic[o.Topic], request.Topics = i, append(request.Topics, topic)
		}
		request.Topics[i].Partitions = append(request.Topics[i].Partitions, p)
	}
	return request
}

// txnVerdict is verdict of a commit within a transaction.
func txnVerdict(request *kmsg.TxnOffsetCommitRequest, response *kmsg.TxnOffsetCommitResponse) error {
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
