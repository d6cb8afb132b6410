package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/hibana-stream/hibana/messages"
)

// quiet is how long nothing must come for a partition that is short of its end before its tail is looked at: compaction may have
// left nothing there that a poll would ever return, and then the position would stay short of the end for ever.
const quiet = 2 * time.Second

// tickLater asks for a look at the tails when p is short of its end.
func (f *fetcher) tickLater(p *partition) {
	if f.ticking || !p.fetching || p.position >= p.end {
		return
	}
	f.ticking = true
	time.AfterFunc(quiet/2, func() { f.source.enqueue((*fetcher).tick) })
}

// tick looks at the partitions that have been quiet for long enough.
func (f *fetcher) tick() {
	f.ticking = false
	now := time.Now()
	for _, p := range f.partitions {
		if !p.fetching || p.position >= p.end || f.stopped {
			continue
		}
		if now.Sub(p.active) >= quiet && !p.checking {
			p.checking = true
			f.source.checkTail(p.TopicPartition, p.holding, p.epoch, p.position)
		}
		f.tickLater(p)
	}
}

// checkTail asks the broker, beside the fetcher, what there is from position on.
//
// Reset, revoked or lost during the look: the epoch or the holding is another one then, and the result is dropped. Records polled
// during it: the position has moved, and the result is dropped. So the position only ever passes offsets that the broker has
// been asked about and has nothing to show for, twice; and nothing can be written into the middle of a log later.
func (s *Source) checkTail(p messages.TopicPartition, h *holding, epoch, position int64) {
	s.spawn(func() {
		ctx, cancel := context.WithTimeout(s.ctx, attempt)
		defer cancel()
		next, end, err := s.emptyUntil(ctx, p, position)
		if err == nil && next > position {
			var again int64
			again, _, err = s.emptyUntil(ctx, p, position)
			next = min(next, again)
		}
		if err != nil {
			s.log.Debug("the look at the tail failed", "partition", p.String(), "error", err)
			next = position
		}
		s.enqueue(func(f *fetcher) { f.checked(p, h, epoch, position, next, end) })
	})
}

// checked moves the position over a tail without records.
func (f *fetcher) checked(at messages.TopicPartition, h *holding, epoch, position, next, end int64) {
	p := f.partitions[at]
	if p == nil || p.holding != h {
		return
	}
	p.checking = false
	p.active = time.Now()
	if p.epoch != epoch || p.position != position || p.seek != noOffset || !p.fetching || next <= position {
		return
	}
	p.position, p.end = next, max(end, next)
	f.deliver(p, nil, 0)
}

// emptyUntil is how far from position on there is nothing to read, and the partition's end.
func (s *Source) emptyUntil(ctx context.Context, p messages.TopicPartition, position int64) (next, end int64, err error) {
	for next = position; ; {
		response, err := s.fetchOnce(ctx, p, next)
		if err != nil {
			return position, 0, err
		}
		end = s.end(response.HighWatermark, response.LastStableOffset)
		if len(response.RecordBatches) == 0 {
			return max(next, end), end, nil
		}
		options := kgo.ProcessFetchPartitionOpts{Offset: next, Topic: p.Topic, Partition: p.Partition, IsolationLevel: s.isolation()}
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

func (s *Source) isolation() kgo.IsolationLevel {
	if s.config.ReadCommitted {
		return kgo.ReadCommitted()
	}
	return kgo.ReadUncommitted()
}

// fetchOnce is one plain fetch of one partition from its leader, outside of any fetch session. It waits a little for data, so that
// an empty answer means that there is none.
func (s *Source) fetchOnce(ctx context.Context, p messages.TopicPartition, from int64) (*kmsg.FetchResponseTopicPartition, error) {
	client, admin := s.clients()
	topics, err := admin.ListTopics(ctx, p.Topic)
	if err != nil {
		return nil, err
	}
	detail, ok := topics[p.Topic].Partitions[p.Partition]
	if !ok || detail.Err != nil {
		return nil, fmt.Errorf("%s: %w", p, orUnknown(detail.Err))
	}
	response, err := client.Broker(int(detail.Leader)).Request(ctx, fetchRequest(p, topics[p.Topic].ID, from, s.config.ReadCommitted))
	if err != nil {
		return nil, err
	}
	return onlyPartition(response.(*kmsg.FetchResponse))
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

func onlyPartition(response *kmsg.FetchResponse) (*kmsg.FetchResponseTopicPartition, error) {
	if err := kerr.ErrorForCode(response.ErrorCode); err != nil {
		return nil, err
	}
	if len(response.Topics) != 1 || len(response.Topics[0].Partitions) != 1 || response.ThrottleMillis > 0 {
		return nil, fmt.Errorf("an answer that says nothing: %d topics, throttled %d ms", len(response.Topics), response.ThrottleMillis)
	}
	p := &response.Topics[0].Partitions[0]
	return p, kerr.ErrorForCode(p.ErrorCode)
}
