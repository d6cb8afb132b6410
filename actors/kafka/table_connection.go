package kafka

import (
	"math"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	second = int64(1000) // in milliseconds, as the bounds of durations are
	minute = 60 * second
	hour   = 60 * minute
	wire   = int64(math.MaxInt32) // the most that the protocol's 32 bits carry
)

// connection are the properties of every client.
var connection = []Property{
	{
		Name: "bootstrap.servers", Kind: KindList, Role: RoleBoth, parse: brokers,
		Accepted: "host:port, more than one with commas between them (port 9092 when left out), or embedded",
		Doc:      "The brokers to ask for the others; \"embedded\" is a broker inside this process.",
		apply: func(_ view, servers any) ([]kgo.Opt, error) {
			if len(servers.([]string)) == 0 {
				return nil, &PropertyError{Property: "bootstrap.servers", Reason: "it is not set, and there is no default"}
			}
			return one(kgo.SeedBrokers(servers.([]string)...))
		},
	},
	{
		Name: "client.id", Kind: KindString, Role: RoleBoth,
		Doc:   "The name in the brokers' logs and quotas; the instance is appended. Ours when not set: hibana-producer, -consumer, -admin.",
		apply: applyClientID,
	},
	{
		Name: "client.rack", Kind: KindString, Role: RoleBoth,
		Doc:   "The rack or zone of this program, so that the nearest replica is read.",
		apply: unlessEmpty(func(rack string) kgo.Opt { return kgo.Rack(rack) }),
	},
	{
		Name: "request.timeout.ms", Kind: KindDuration, Role: RoleBoth, Default: "30000", min: 100, max: 15 * minute,
		Doc:   "How long the leader waits for the acknowledgements that acks asks for; other requests: how long the client waits for the answer.",
		apply: applyRequestTimeout,
	},
	{
		Name: "retry.backoff.ms", Kind: KindDuration, Role: RoleBoth, Default: "100", min: 1, max: 5 * minute,
		Doc:   "The wait before a failed request is sent again; it doubles up to retry.backoff.max.ms, give or take a fifth. After a look-up of the leaders the next waits retry.backoff.max.ms.",
		apply: applyBackoff,
	},
	{
		Name: "retry.backoff.max.ms", Kind: KindDuration, Role: RoleBoth, Default: "1000", min: 1, max: 15 * minute,
		Doc: "The longest wait between two tries; retry.backoff.ms when that is longer.",
	},
	{
		Name: "metadata.max.age.ms", Kind: KindDuration, Role: RoleBoth, Default: "30000", min: 10, max: hour,
		Doc:   "How soon new partitions and moved leaders are noticed at the latest. Ours; Kafka's is 5 minutes.",
		apply: applyMetadataAge,
	},
	{
		Name: "allow.auto.create.topics", Kind: KindBool, Role: RoleBoth, Default: "false",
		Doc:   "Lets the broker create a topic that is asked for. Ours (and librdkafka's); Java's consumer has true. The embedded broker creates always.",
		apply: when(true, kgo.AllowAutoTopicCreation),
	},
}

// one is a single option, as an applyFunc returns it.
func one(options ...kgo.Opt) ([]kgo.Opt, error) { return options, nil }

// with hands the parsed value to an option.
func with[T any, O kgo.Opt](option func(T) O) applyFunc {
	return func(_ view, value any) ([]kgo.Opt, error) { return one(option(value.(T))) }
}

// with32 hands a size or a number to an option that takes 32 bits; the row's bounds keep it within them.
func with32[O kgo.Opt](option func(int32) O) applyFunc {
	return func(_ view, value any) ([]kgo.Opt, error) { return one(option(int32(value.(int64)))) }
}

// withInt hands a size or a number to an option that takes an int.
func withInt[O kgo.Opt](option func(int) O) applyFunc {
	return func(_ view, value any) ([]kgo.Opt, error) { return one(option(int(value.(int64)))) }
}

// when adds an option that takes nothing, if the property has this value.
func when[O kgo.Opt](wanted bool, option func() O) applyFunc {
	return func(_ view, value any) ([]kgo.Opt, error) {
		if value.(bool) != wanted {
			return nil, nil
		}
		return one(option())
	}
}

// unlessEmpty adds an option if the text is set.
func unlessEmpty(option func(string) kgo.Opt) applyFunc {
	return func(_ view, value any) ([]kgo.Opt, error) {
		if value.(string) == "" {
			return nil, nil
		}
		return one(option(value.(string)))
	}
}

// applyMetadataAge sets the client's pauses between two look-ups, the longest and the shortest. A record that was refused because its
// leader may have moved is sent again after a look-up: a producer does not pause longer for that than for any other try.
func applyMetadataAge(v view, value any) ([]kgo.Opt, error) {
	age := value.(time.Duration)
	shortest := min(age, 5*time.Second)
	if v.role == RoleProducer {
		shortest = min(age, max(v.longestBackoff(), 10*time.Millisecond)) // less than that the client refuses
	}
	return one(kgo.MetadataMaxAge(age), kgo.MetadataMinAge(shortest))
}
