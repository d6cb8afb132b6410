package messages

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

// TopicPartition names one partition of a topic.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String is "topic:partition".
func (p TopicPartition) String() string { return fmt.Sprintf("%s:%d", p.Topic, p.Partition) }

// Compare orders by topic, then by partition: the order in which partitions stand in a batch.
func (p TopicPartition) Compare(q TopicPartition) int {
	switch {
	case p.Topic < q.Topic:
		return -1
	case p.Topic > q.Topic:
		return 1
	}
	return int(p.Partition) - int(q.Partition)
}

// Header is one header of a record. A header may have no value at all, which is not the empty value.
type Header struct {
	Key   string
	Value string
	Null  bool
}

// NoOffset is the offset of a record of which no broker has told it: with acks: 0.
const NoOffset = -1

// Place is where a record stands in Kafka.
type Place struct {
	TopicPartition
	Offset int64
}

// String is "topic:partition:offset", the form that commands take, and "topic:partition:?" for NoOffset.
func (p Place) String() string {
	if p.Offset == NoOffset {
		return fmt.Sprintf("%s:%d:?", p.Topic, p.Partition)
	}
	return fmt.Sprintf("%s:%d:%d", p.Topic, p.Partition, p.Offset)
}

// Record is one record of Kafka with its key and value decoded. It is immutable.
// A record may lack its key, its value (a tombstone), or both: HasKey and HasValue tell; what lacks is the zero value.
type Record[K, V any] struct {
	place    Place
	millis   int64
	key      K
	value    V
	hasKey   bool
	hasValue bool
	headers  []Header
}

// Raw is a record as it was read: key and value are the bytes of the wire, aliasing the client's fetch buffer.
type Raw = Record[string, string]

// NewRecord makes a record. The headers are kept, not copied: the caller gives them away.
func NewRecord[K, V any](at Place, millis int64, key K, hasKey bool, value V, hasValue bool, headers []Header) Record[K, V] {
	return Record[K, V]{place: at, millis: millis, key: key, hasKey: hasKey, value: value, hasValue: hasValue, headers: headers}
}

// PutRaw makes a record as it was read, in a place that only the caller knows yet. It is NewRecord without type parameters and
// without a copy, where every nanosecond is paid for each record.
func PutRaw(r *Raw, p TopicPartition, offset, millis int64, key string, hasKey bool, value string, hasValue bool, headers []Header) {
	r.place.TopicPartition, r.place.Offset, r.millis = p, offset, millis
	r.key, r.hasKey, r.value, r.hasValue, r.headers = key, hasKey, value, hasValue, headers
}

// Decoded is r with another key and value: place, time and headers stay.
func Decoded[K, V any](r *Raw, key K, value V) Record[K, V] {
	return Record[K, V]{
		place: r.place, millis: r.millis, key: key, value: value,
		hasKey: r.hasKey, hasValue: r.hasValue, headers: r.headers,
	}
}

// Topic is the topic that the record was read from.
func (r Record[K, V]) Topic() string { return r.place.Topic }

// Partition is the partition that the record was read from.
func (r Record[K, V]) Partition() int32 { return r.place.Partition }

// Offset is the record's offset in its partition.
func (r Record[K, V]) Offset() int64 { return r.place.Offset }

// Place is topic, partition and offset together.
func (r Record[K, V]) Place() Place { return r.place }

// Time is the record's timestamp, to the millisecond.
func (r Record[K, V]) Time() time.Time { return time.UnixMilli(r.millis) }

// Millis is the record's timestamp in milliseconds since 1970.
func (r Record[K, V]) Millis() int64 { return r.millis }

// Key is the decoded key, the zero value when HasKey is false.
func (r Record[K, V]) Key() K { return r.key }

// Value is the decoded value, the zero value when HasValue is false.
func (r Record[K, V]) Value() V { return r.value }

// HasKey tells whether the record has a key.
func (r Record[K, V]) HasKey() bool { return r.hasKey }

// HasValue tells whether the record has a value; one without is a tombstone.
func (r Record[K, V]) HasValue() bool { return r.hasValue }

// Headers are the record's headers in their order.
func (r Record[K, V]) Headers() iter.Seq[Header] { return slices.Values(r.headers) }

// String is "(key,value)", or the value alone when there is no key.
func (r Record[K, V]) String() string {
	if !r.hasKey {
		return fmt.Sprint(r.value)
	}
	return fmt.Sprintf("(%v,%v)", r.key, r.value)
}

// Outgoing is a record on its way to Kafka. It is immutable: key and value are encoded already.
type Outgoing struct {
	topic            string
	key, value       string
	hasKey, hasValue bool
	headers          []Header
}

// NewOutgoing makes a record with a value. The headers are kept, not copied: the caller gives them away.
func NewOutgoing(topic string, key string, hasKey bool, value string, headers ...Header) Outgoing {
	return Outgoing{topic: topic, key: key, hasKey: hasKey, value: value, hasValue: true, headers: headers}
}

// Forward is r under another topic, its key, value and absence of either as they were, with headers added behind its own.
func Forward(r Raw, topic string, headers ...Header) Outgoing {
	all := append(slices.Clone(r.headers), headers...)
	return Outgoing{topic: topic, key: r.key, hasKey: r.hasKey, value: r.value, hasValue: r.hasValue, headers: all}
}

// Tombstone is a record that deletes its key in a compacted topic.
func Tombstone(topic, key string) Outgoing { return Outgoing{topic: topic, key: key, hasKey: true} }

// Topic is where the record goes.
func (o Outgoing) Topic() string { return o.topic }

// Key is the encoded key; ok is false when there is none.
func (o Outgoing) Key() (key string, ok bool) { return o.key, o.hasKey }

// Value is the encoded value; ok is false for a tombstone.
func (o Outgoing) Value() (value string, ok bool) { return o.value, o.hasValue }

// Headers are the record's headers in their order.
func (o Outgoing) Headers() iter.Seq[Header] { return slices.Values(o.headers) }
