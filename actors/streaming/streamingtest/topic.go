package streamingtest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hibana-stream/hibana/actors/streaming"
	"github.com/hibana-stream/hibana/messages"
)

// TopicSource is a Kafka topic that a test writes, for a job that reads it with Events or DirectStream.
type TopicSource struct {
	name       string
	kit        *Kit
	partitions []partition
}

type partition struct {
	begun   bool  // it has been read
	next    int64 // offset of the next record
	from    int64 // offset of the first that is in no batch yet
	waiting []messages.Raw
	given   map[int64]fetched
}

// fetched is what one partition contributes to a batch.
type fetched struct {
	span    messages.OffsetRange
	records []messages.Raw
}

// Topic makes the topic name, which a test does once, with the given number of partitions; 0 are 1.
func Topic(k *Kit, name string, partitions int) *TopicSource {
	k.t.Helper()
	k.divides("Topic", partitions)
	if slices.ContainsFunc(k.topics, func(t *TopicSource) bool { return t.name == name }) {
		k.t.Fatalf("streamingtest.Topic: there is a topic %q already", name)
	}
	t := &TopicSource{name: name, kit: k, partitions: make([]partition, max(partitions, 1))}
	for i := range t.partitions {
		t.partitions[i].given = map[int64]fetched{}
	}
	k.topics = append(k.topics, t)
	return t
}

// Feed writes a record for the next batch, to the partition that Kafka's partitioner gives its key.
func (t *TopicSource) Feed(key, value string) {
	t.FeedTo(int(murmur2(key)&0x7fffffff)%len(t.partitions), key, value)
}

// FeedValue writes a record without a key, to the first partition.
func (t *TopicSource) FeedValue(value string) { t.feed(0, "", false, value) }

// FeedTo writes a record to a partition.
func (t *TopicSource) FeedTo(partition int, key, value string) {
	t.kit.t.Helper()
	if partition < 0 || partition >= len(t.partitions) {
		t.kit.t.Fatalf("FeedTo: the topic %q has the partitions 0 to %d, and not %d", t.name, len(t.partitions)-1, partition)
	}
	t.feed(partition, key, true, value)
}

// feed stamps the record with the time of the batch that it will be in.
func (t *TopicSource) feed(i int, key string, hasKey bool, value string) {
	p := &t.partitions[i]
	place := messages.Place{TopicPartition: t.partition(i), Offset: p.next}
	millis := t.kit.now.Add(t.kit.interval).UnixMilli()
	p.waiting = append(p.waiting, messages.NewRecord(place, millis, key, hasKey, value, true, nil))
	p.next++
}

func (t *TopicSource) partition(i int) messages.TopicPartition {
	return messages.TopicPartition{Topic: t.name, Partition: int32(i)}
}

// at gives what partition i contributes to the batch of a time: the same each time it is asked.
func (t *TopicSource) at(i int, at time.Time) fetched {
	p := &t.partitions[i]
	f, ok := p.given[at.UnixMilli()]
	if !ok {
		p.begun = true
		f = fetched{records: p.waiting, span: messages.OffsetRange{TopicPartition: t.partition(i), From: p.from, Until: p.next}}
		p.waiting, p.from = nil, p.next
		p.given[at.UnixMilli()] = f
	}
	return f
}

// beginAt takes a partition to the start offset that the job gives, unless it has been read before.
func (t *TopicSource) beginAt(i int, offset int64) error {
	p := &t.partitions[i]
	if p.begun {
		return nil
	}
	if offset > p.next {
		return fmt.Errorf("given start offset %d of %v is behind the log's end %d", offset, t.partition(i), p.next)
	}
	p.begun, p.waiting, p.from = true, p.waiting[offset-p.from:], offset
	return nil
}

// begin takes all topics to their start offsets.
func (k *Kit) begin(program *streaming.Program) error {
	for _, t := range k.topics {
		if err := program.CheckPartitions(t.name, len(t.partitions)); err != nil {
			return err
		}
		for p, offset := range program.FromOffsets() {
			if p.Topic != t.name {
				continue
			}
			if err := t.beginAt(int(p.Partition), offset); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *TopicSource) committed(at time.Time) {
	for i := range t.partitions {
		delete(t.partitions[i].given, at.UnixMilli())
	}
}

// fetch gathers the batch of a time from the topics that the job reads, in the order that the program has.
func (k *Kit) fetch(at time.Time) []fetched {
	reads := map[string]bool{}
	for _, topic := range k.context.Program().Topics() {
		reads[topic] = true
	}
	var all []fetched
	for _, t := range k.topics {
		for i := range t.partitions {
			if reads[t.name] {
				all = append(all, t.at(i, at))
			}
		}
	}
	slices.SortFunc(all, func(a, b fetched) int { return a.span.TopicPartition.Compare(b.span.TopicPartition) })
	return all
}

// sideBySide calls f for 0 … n-1, each in a goroutine of its own.
func sideBySide(n int, f func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}
