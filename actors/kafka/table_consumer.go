package kafka

import (
	"github.com/twmb/franz-go/pkg/kgo"
)

// The canonical names of the offset resets.
const (
	resetEarliest = "earliest"
	resetLatest   = "latest"
	resetNone     = "none"
)

// group are the properties of the consumer group. Who joins reads them from Settings: they are no options of ConsumerOptions.
var group = []Property{
	{
		Name: "group.id", Kind: KindString, Role: RoleConsumer,
		Doc: "The consumer group: its members share the partitions, and the offsets are committed under its name.",
	},
	{
		Name: "group.instance.id", Kind: KindString, Role: RoleConsumer,
		Doc: "The static member's name, which must be unique in the group. Ours when not set: the instance.",
	},
	{
		Name: "auto.offset.reset", Kind: KindEnum, Role: RoleConsumer, Default: resetEarliest,
		choices: []choice{{resetEarliest, "smallest"}, {resetLatest, "largest", "greatest"}, {resetNone}},
		Doc:     "Where a partition without a committed offset starts; none: the stream stops with an error. Ours; Kafka's is latest.",
	},
	{
		Name: "enable.auto.commit", Kind: KindBool, Role: RoleConsumer, Default: "false",
		Doc: "true means delivery: at-most-once, a commit before each batch's outputs. Ours; Kafka's is true.",
	},
	{
		Name: "auto.commit.interval.ms", Kind: KindDuration, Role: RoleConsumer, Default: "5000", min: 0, max: wire,
		Doc: "Accepted and not used: offsets are committed with every batch.",
	},
	{
		Name: "session.timeout.ms", Kind: KindDuration, Role: RoleConsumer, Default: "45000", min: 100, max: wire,
		Doc: "After this long without a heartbeat the group gives a member's partitions to others.",
	},
	{
		Name: "heartbeat.interval.ms", Kind: KindDuration, Role: RoleConsumer, Default: "3000", min: 10, max: wire,
		Doc: "How often a member tells the group that it lives; at most session.timeout.ms.",
	},
	{
		Name: "max.poll.interval.ms", Kind: KindDuration, Role: RoleConsumer, Default: "300000", min: 100, max: wire,
		Doc: "How long a rebalance waits for a member, which may be finishing a batch.",
	},
}

// fetching are the properties of the consumer's fetches.
var fetching = []Property{
	{
		Name: "fetch.min.bytes", Kind: KindBytes, Role: RoleConsumer, Default: "1", min: 1, max: 1 << 30,
		Doc: "A broker waits until it has this much (or fetch.max.wait.ms).", apply: with32(kgo.FetchMinBytes),
	},
	{
		Name: "fetch.max.bytes", Kind: KindBytes, Role: RoleConsumer, Default: "4MiB", min: 1, max: 100 << 20,
		Doc:   "The most that one fetch brings; it decides the memory in use. Ours; Kafka's is 50 MiB.",
		apply: with32(kgo.FetchMaxBytes),
	},
	{
		Name: "max.partition.fetch.bytes", Kind: KindBytes, Role: RoleConsumer, Default: "1MiB", min: 1, max: 100 << 20,
		Doc: "The most that one fetch brings of one partition.", apply: with32(kgo.FetchMaxPartitionBytes),
	},
	{
		Name: "fetch.max.wait.ms", Kind: KindDuration, Role: RoleConsumer, Default: "500", min: 10, max: 10 * minute,
		Doc: "The longest that a broker waits for fetch.min.bytes.", apply: with(kgo.FetchMaxWait),
	},
	{
		Name: "isolation.level", Kind: KindEnum, Role: RoleConsumer, Default: "read_uncommitted",
		choices: []choice{{"read_uncommitted"}, {"read_committed"}},
		Doc:     "read_committed hides the records of open and of aborted transactions.",
		apply: func(_ view, value any) ([]kgo.Opt, error) {
			if value != "read_committed" {
				return nil, nil
			}
			return one(kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		},
	},
	{
		Name: "key.deserializer", Kind: KindEnum, Role: RoleConsumer, Default: "string", choices: serializers("Deserializer", "Decoder"),
		Doc: "Accepted and not used: events are read without their key, and DirectStream is given its decoders in the job.",
	},
	{
		Name: "value.deserializer", Kind: KindEnum, Role: RoleConsumer, Default: "richevent", choices: serializers("Deserializer", "Decoder"),
		Doc: "How Events reads a value: string (UTF-8) and bytes take it as the content, richevent and json want {\"content\":…}.",
	},
}

// serializers are the short names with the classes that say the same: Kafka's, those of Kafka 0.8, and the post's.
func serializers(class, old string) []choice {
	const apache, post = "org.apache.kafka.common.serialization.", "io.github.rvvincelli.blogpost.kafkaspark."
	return []choice{
		{"string", apache + "String" + class, "kafka.serializer.String" + old},
		{"bytes", apache + "ByteArray" + class, "kafka.serializer.Default" + old},
		{"json"},
		{"richevent", post + "RichEvent" + class},
	}
}
