package kafka

import (
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// producing are the producer's properties.
var producing = []Property{
	{
		Name: "acks", Kind: KindEnum, Role: RoleProducer, Default: "all", parse: acknowledgements,
		Accepted: "0, 1, all (or -1), or n from 2 to 32767",
		Doc:      "Who acknowledges a record: nobody, the leader, all in-sync replicas; n > 1 is all, with the topic's min.insync.replicas checked to be at least n.",
		apply:    applyAcks,
	},
	{
		Name: "enable.idempotence", Kind: KindBool, Role: RoleProducer, Default: "true",
		Doc: "A retry never stands twice and never out of order; needs acks all, and is off with acks 0 and 1.",
	},
	{
		Name: "retries", Kind: KindInt, Role: RoleProducer, Default: "2147483647", min: 0, max: math.MaxInt32,
		Doc:   "How often a record is sent again after an error that may pass; delivery.timeout.ms ends it as well.",
		apply: withInt(kgo.RecordRetries),
	},
	{
		Name: "delivery.timeout.ms", Kind: KindDuration, Role: RoleProducer, Default: "120000", min: second, max: wire,
		Doc:   "The longest from handing a record over to its acknowledgement; at least linger.ms + request.timeout.ms.",
		apply: func(v view, _ any) ([]kgo.Opt, error) { return one(kgo.RecordDeliveryTimeout(v.deliveryTimeout())) },
	},
	{
		Name: "linger.ms", Kind: KindDuration, Role: RoleProducer, Default: "5", min: 0, max: minute,
		Doc: "How long a record waits for others to share its request.", apply: with(kgo.ProducerLinger),
	},
	{
		Name: "batch.size", Kind: KindBytes, Role: RoleProducer, Default: "1000012", min: 512, max: 64 << 20,
		Doc:   "The most that one batch of one partition holds, and so the largest record. Ours; Kafka's is 16 KiB, which larger records may exceed.",
		apply: with32(kgo.ProducerBatchMaxBytes),
	},
	{
		Name: "buffer.memory", Kind: KindBytes, Role: RoleProducer, Default: "32MiB", min: 64 << 10, max: 1 << 40,
		Doc: "The bytes of records that may be unacknowledged; beyond it a record is refused.", apply: withInt(kgo.MaxBufferedBytes),
	},
	{
		Name: "max.in.flight.requests.per.connection", Kind: KindInt, Role: RoleProducer, Default: "5", min: 1, max: 1000,
		Doc: "Requests under way to one broker; above 1 and without idempotence a retry may change the order. Always 5 with idempotence.",
	},
	{
		Name: "compression.type", Kind: KindEnum, Role: RoleProducer, Default: "none",
		choices: []choice{{"none"}, {"gzip"}, {"snappy"}, {"lz4"}, {"zstd"}},
		Doc:     "How batches are compressed.",
		apply: func(_ view, value any) ([]kgo.Opt, error) {
			return one(kgo.ProducerBatchCompression(codecs[value.(string)], kgo.NoCompression()))
		},
	},
	{
		Name: "transaction.timeout.ms", Kind: KindDuration, Role: RoleProducer, Default: "40000", min: second, max: 15 * minute,
		Doc:   "After this long the broker aborts a transaction; below session.timeout.ms, or readers wait for a dead member. Ours; Kafka's is 1 minute.",
		apply: with(kgo.TransactionTimeout),
	},
	{
		Name: "key.serializer", Kind: KindEnum, Role: RoleProducer, Default: "string", choices: serializers("Serializer", "Encoder"),
		Doc: "How the key of an event is written that send or a behaviour publishes; json makes it a JSON string.",
	},
	{
		Name: "value.serializer", Kind: KindEnum, Role: RoleProducer, Default: "richevent", choices: serializers("Serializer", "Encoder"),
		Doc: "How an event is written that send or a behaviour publishes: string and bytes are its content, richevent and json {\"content\":…}.",
	},
}

var codecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

// applyAcks decides on acks, idempotence and requests in flight together, because the client refuses contradictions.
func applyAcks(v view, value any) ([]kgo.Opt, error) {
	levels := map[int]kgo.Acks{-1: kgo.AllISRAcks(), 0: kgo.NoAck(), 1: kgo.LeaderAck()}
	options := []kgo.Opt{kgo.RequiredAcks(levels[value.(acknowledgement).acks])}
	if v.idempotent() {
		return options, nil
	}
	inFlight := kgo.MaxProduceRequestsInflightPerBroker(int(v.number("max.in.flight.requests.per.connection")))
	return append(options, kgo.DisableIdempotentWrite(), inFlight), nil
}

// idempotent follows Java's producer: what was not asked for gives way, what was asked for has been checked.
func (v view) idempotent() bool {
	return v.truth("enable.idempotence") && v.acks().acks == -1 && v.number("max.in.flight.requests.per.connection") <= 5
}

// deliveryTimeout follows Java's producer: the default gives way to the times of which it is the sum.
func (v view) deliveryTimeout() time.Duration {
	timeout := v.duration("delivery.timeout.ms")
	if least := v.duration("linger.ms") + v.duration("request.timeout.ms"); timeout < least && !v.given["delivery.timeout.ms"] {
		return least
	}
	return timeout
}
