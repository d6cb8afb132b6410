package kafka

import (
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type optionsOf = func(instance string, log *slog.Logger) ([]kgo.Opt, error)

// option is the value that a client made of these options has for one of kgo's options.
func option(t *testing.T, options optionsOf, name any) any {
	t.Helper()
	all, err := options("one", nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := kgo.NewClient(all...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.OptValue(name)
}

// Every property arrives at the client that it is for.
func TestPropertiesReachTheClient(t *testing.T) {
	const producer, consumer, admin = "producer", "consumer", "admin"
	for _, c := range []struct {
		property, text string
		role           string
		option         any
		want           any
	}{
		{"client.id", "x", producer, kgo.ClientID, "x-one"},
		{"client.id", "x", consumer, kgo.ClientID, "x-one"},
		{"client.id", "x", admin, kgo.ClientID, "x-one"},
		{"producer.client.id", "x", producer, kgo.ClientID, "x-one"},
		{"producer.client.id", "x", consumer, kgo.ClientID, "hibana-consumer-one"},
		{"consumer.client.id", "x", producer, kgo.ClientID, "hibana-producer-one"},
		{"linger.ms", "5", admin, kgo.ClientID, "hibana-admin-one"},
		{"client.rack", "r", consumer, kgo.Rack, "r"},
		{"request.timeout.ms", "7s", producer, kgo.ProduceRequestTimeout, 7 * time.Second},
		{"request.timeout.ms", "7s", producer, kgo.RequestTimeoutOverhead, 7 * time.Second},
		{"request.timeout.ms", "40s", producer, kgo.RequestTimeoutOverhead, 10 * time.Second},
		{"request.timeout.ms", "40s", consumer, kgo.RequestTimeoutOverhead, 40 * time.Second},
		{"metadata.max.age.ms", "1s", consumer, kgo.MetadataMaxAge, time.Second},
		{"metadata.max.age.ms", "1s", consumer, kgo.MetadataMinAge, time.Second},
		{"metadata.max.age.ms", "1m", producer, kgo.MetadataMinAge, time.Second},
		{"metadata.max.age.ms", "1m", consumer, kgo.MetadataMinAge, 5 * time.Second},
		{"allow.auto.create.topics", "true", producer, kgo.AllowAutoTopicCreation, true},
		{"allow.auto.create.topics", "false", producer, kgo.AllowAutoTopicCreation, false},
		{"fetch.min.bytes", "10", consumer, kgo.FetchMinBytes, int32(10)},
		{"linger.ms", "5", consumer, kgo.FetchMaxBytes, int32(4 << 20)},
		{"fetch.max.bytes", "8MiB", consumer, kgo.FetchMaxBytes, int32(8 << 20)},
		{"max.partition.fetch.bytes", "2MiB", consumer, kgo.FetchMaxPartitionBytes, int32(2 << 20)},
		{"fetch.max.wait.ms", "700", consumer, kgo.FetchMaxWait, 700 * time.Millisecond},
		{"isolation.level", "read_committed", consumer, kgo.FetchIsolationLevel, 1},
		{"isolation.level", "read_uncommitted", consumer, kgo.FetchIsolationLevel, 0},
		{"acks", "0", producer, kgo.RequiredAcks, kgo.NoAck()},
		{"acks", "0", producer, kgo.DisableIdempotentWrite, true},
		{"acks", "1", producer, kgo.RequiredAcks, kgo.LeaderAck()},
		{"acks", "1", producer, kgo.MaxProduceRequestsInflightPerBroker, 5},
		{"acks", "all", producer, kgo.RequiredAcks, kgo.AllISRAcks()},
		{"acks", "all", producer, kgo.DisableIdempotentWrite, false},
		{"acks", "3", producer, kgo.RequiredAcks, kgo.AllISRAcks()},
		{"enable.idempotence", "false", producer, kgo.DisableIdempotentWrite, true},
		{"max.in.flight.requests.per.connection", "6", producer, kgo.DisableIdempotentWrite, true},
		{"max.in.flight.requests.per.connection", "6", producer, kgo.MaxProduceRequestsInflightPerBroker, 6},
		{"retries", "3", producer, kgo.RecordRetries, int64(3)},
		{"delivery.timeout.ms", "60000", producer, kgo.RecordDeliveryTimeout, time.Minute},
		{"request.timeout.ms", "3m", producer, kgo.RecordDeliveryTimeout, 3*time.Minute + 5*time.Millisecond},
		{"linger.ms", "20", producer, kgo.ProducerLinger, 20 * time.Millisecond},
		{"batch.size", "64KiB", producer, kgo.ProducerBatchMaxBytes, int32(64 << 10)},
		{"buffer.memory", "1GiB", producer, kgo.MaxBufferedBytes, int64(1 << 30)},
		{"compression.type", "zstd", producer, kgo.ProducerBatchCompression, []kgo.CompressionCodec{kgo.ZstdCompression(), kgo.NoCompression()}},
		{"transaction.timeout.ms", "10s", producer, kgo.TransactionTimeout, 10 * time.Second},
		{"bootstrap.servers", "b:1,c:2", consumer, kgo.SeedBrokers, []string{"b:1", "c:2"}},
	} {
		given := pairs("bootstrap.servers", "a:1", c.property, c.text)
		s, err := NewSettings(given)
		if err != nil {
			t.Fatal(err)
		}
		options := map[string]optionsOf{producer: s.ProducerOptions, consumer: s.ConsumerOptions, admin: s.AdminOptions}[c.role]
		if got := option(t, options, c.option); !same(got, c.want) {
			t.Errorf("%s=%s: the %s has %v (%T), want %v (%T)", c.property, c.text, c.role, got, got, c.want, c.want)
		}
	}
}

// same compares numbers by value: kgo keeps some in wider types than its options take.
func same(a, b any) bool {
	if x, y := reflect.ValueOf(a), reflect.ValueOf(b); x.IsValid() && x.CanInt() && y.CanInt() {
		return x.Int() == y.Int()
	}
	return reflect.DeepEqual(a, b)
}

// Nothing is dialled without a broker that somebody has named.
func TestNoBrokersNoOptions(t *testing.T) {
	_, err := mustSettings(t).ConsumerOptions("one", nil)
	if wrong := new(PropertyError); !errors.As(err, &wrong) || wrong.Property != "bootstrap.servers" {
		t.Errorf("%v", err)
	}
}

// A client.id that would be cut is refused, with its length.
func TestClientIDIsNotTooLong(t *testing.T) {
	s := mustSettings(t, "bootstrap.servers", "a:1", "client.id", strings.Repeat("x", 250))
	if _, err := s.ProducerOptions("seven77", nil); err == nil || !strings.Contains(err.Error(), "client.id: with the instance it is 258 bytes") {
		t.Errorf("%v", err)
	}
}

// The wait between two tries doubles up to its bound, give or take a fifth.
func TestBackoffDoubles(t *testing.T) {
	wait := doubling(100*time.Millisecond, time.Second)
	for fails, want := range map[int]time.Duration{0: 100e6, 1: 100e6, 2: 200e6, 3: 400e6, 4: 800e6, 5: 1e9, 50: 1e9, 100000: 1e9} {
		if got := wait(fails); got < want*8/10 || got > want*12/10 {
			t.Errorf("after %d failures: %v", fails, got)
		}
	}
}
