package kafka

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// An unknown name is an error that names the nearest supported one, or what has become of it.
func TestUnknownNames(t *testing.T) {
	for name, want := range map[string]string{
		"bootstrap.server":          `unknown Kafka property "bootstrap.server"; did you mean "bootstrap.servers"?`,
		"bootstrap_servers":         `unknown Kafka property "bootstrap_servers"; did you mean "bootstrap.servers"?`,
		"auto.ofset.reset":          `unknown Kafka property "auto.ofset.reset"; did you mean "auto.offset.reset"?`,
		"producer.client-id":        `unknown Kafka property "producer.client-id"; did you mean "producer.client.id"?`,
		"consumer.group.ids":        `unknown Kafka property "consumer.group.ids"; did you mean "consumer.group.id"?`,
		"Acks":                      `unknown Kafka property "Acks"; did you mean "acks"?`,
		"xyzzy":                     `unknown Kafka property "xyzzy"`,
		"metadata.broker.list":      "metadata.broker.list: Kafka calls this bootstrap.servers now",
		"request.required.acks":     "request.required.acks: Kafka calls this acks now",
		"zookeeper.connect":         "zookeeper.connect: nothing here talks to ZooKeeper; leave it out and set bootstrap.servers",
		"producer.transactional.id": "producer.transactional.id: it is derived from group.id and instance; leave it out and set delivery: exactly-once",
		"consumer.acks":             "consumer.acks: acks is a property of the producer only",
		"producer.group.id":         "producer.group.id: group.id is a property of the consumer only",
	} {
		if _, err := NewSettings(map[string]string{name: "1"}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, modern := range renamed {
		if _, ok := property(modern); !ok {
			t.Errorf("%s is renamed to %s, which does not exist", name, modern)
		}
	}
}

// Several mistakes are told at once, in the order of the names.
func TestAllMistakesAreTold(t *testing.T) {
	_, err := NewSettings(map[string]string{"acks": "x", "linger.ms": "x", "nonsense": "x"})
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.HasPrefix(err.Error(), "acks:") {
		t.Errorf("%v", err)
	}
}

// Properties that contradict each other are errors of one sentence.
func TestContradictions(t *testing.T) {
	sasl := func(more ...string) map[string]string {
		return pairs(append([]string{"security.protocol", "SASL_SSL"}, more...)...)
	}
	for want, given := range map[string]map[string]string{
		"enable.idempotence: true needs acks: all, and acks is 1":                                                                     pairs("enable.idempotence", "true", "acks", "1"),
		"enable.idempotence: true allows max.in.flight.requests.per.connection up to 5, and it is 6":                                  pairs("enable.idempotence", "true", "max.in.flight.requests.per.connection", "6"),
		"delivery.timeout.ms: 10s is less than linger.ms + request.timeout.ms, which is 30.005s":                                      pairs("delivery.timeout.ms", "10s"),
		"heartbeat.interval.ms: 1m0s is more than session.timeout.ms, which is 45s; a third of it is usual":                           pairs("heartbeat.interval.ms", "1m"),
		"retry.backoff.max.ms: 50ms is less than retry.backoff.ms, which is 100ms":                                                    pairs("retry.backoff.max.ms", "50"),
		"max.partition.fetch.bytes: 2097152 is more than fetch.max.bytes, which is 1048576":                                           pairs("max.partition.fetch.bytes", "2MiB", "fetch.max.bytes", "1MiB"),
		"buffer.memory: 65536 is less than batch.size, which is 1000012":                                                              pairs("buffer.memory", "64KiB"),
		"sasl.mechanism: it is not set, and security.protocol SASL_SSL needs one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER": sasl(),
		"sasl.username: it is not set, and sasl.mechanism PLAIN needs it":                                                             sasl("sasl.mechanism", "PLAIN", "sasl.password", "p"),
		"sasl.password: it is not set, and sasl.mechanism PLAIN needs it":                                                             sasl("sasl.mechanism", "PLAIN", "sasl.username", "u"),
		"sasl.oauthbearer.token.file: it is not set, and sasl.mechanism OAUTHBEARER needs it":                                         sasl("sasl.mechanism", "OAUTHBEARER"),
		"sasl.password: it is set, but security.protocol PLAINTEXT sends no credentials; set SASL_SSL, or SASL_PLAINTEXT":             pairs("sasl.password", "p"),
		"ssl.ca.location: it is set, but security.protocol PLAINTEXT does not encrypt; set SSL, or SASL_SSL":                          pairs("ssl.ca.location", "ca.pem"),
		"ssl.key.location: it is not set, and ssl.certificate.location needs its key":                                                 pairs("security.protocol", "SSL", "ssl.certificate.location", "c.pem"),
		"ssl.certificate.location: it is not set, and ssl.key.location is for it":                                                     pairs("security.protocol", "SSL", "ssl.key.location", "k.pem"),
	} {
		if _, err := NewSettings(given); err == nil || err.Error() != want {
			t.Errorf("want %s\ngot  %v", want, err)
		}
	}
}

func pairs(all ...string) map[string]string {
	m := make(map[string]string)
	for i := 0; i < len(all); i += 2 {
		m[all[i]] = all[i+1]
	}
	return m
}

func mustSettings(t *testing.T, all ...string) *Settings {
	t.Helper()
	s, err := NewSettings(pairs(all...))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is accepted and may surprise is told; what cannot is not.
func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		want  string
		given []string
	}{
		{"", nil},
		{"", []string{"acks", "3", "auto.offset.reset", "smallest", "bootstrap.servers", "kafkabroker:9092"}},
		{"acks 1 turns idempotence off: with retries the order of records may break", []string{"acks", "1"}},
		{"acks 0 turns idempotence off: with retries the order of records may break", []string{"acks", "0"}},
		{"", []string{"acks", "1", "retries", "0"}},
		{"a record that is retried may stand twice", []string{"acks", "1", "max.in.flight.requests.per.connection", "1"}},
		{"enable.idempotence false turns idempotence off", []string{"enable.idempotence", "false"}},
		{"max.in.flight.requests.per.connection above 5 turns idempotence off", []string{"max.in.flight.requests.per.connection", "6"}},
		{"auto.commit.interval.ms is accepted and not used", []string{"auto.commit.interval.ms", "10000"}},
		{"batch.size 16384 is also the largest record", []string{"batch.size", "16384"}},
		{"sends the password unencrypted", []string{"security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", "PLAIN", "sasl.username", "u", "sasl.password", "p"}},
		{"transaction.timeout.ms 1m0s is longer than session.timeout.ms 45s", []string{"transaction.timeout.ms", "60000"}},
	} {
		got := strings.Join(mustSettings(t, c.given...).Warnings(), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v: %q", c.given, got)
		}
	}
}

// The post's own settings, as they stand in it.
func TestThePostsSettings(t *testing.T) {
	s := mustSettings(t,
		"bootstrap.servers", "kafkabroker:9092", "acks", "3", "producer.client.id", "clientid",
		"key.serializer", "org.apache.kafka.common.serialization.StringSerializer",
		"value.serializer", "io.github.rvvincelli.blogpost.kafkaspark.RichEventSerializer",
		"group.id", "mygroup", "consumer.client.id", "consumerid",
		"enable.auto.commit", "true", "auto.commit.interval.ms", "10000", "auto.offset.reset", "smallest")
	if on, given := s.AutoCommit(); !on || !given {
		t.Error("enable.auto.commit")
	}
	if s.Group() != "mygroup" || s.MinISR() != 3 || s.Acks() != -1 || s.Reset() != ResetEarliest || !s.Idempotent() {
		t.Errorf("%v %v %v %v", s.Group(), s.MinISR(), s.Acks(), s.Reset())
	}
	if s.KeySerializer() != "string" || s.ValueSerializer() != "richevent" || s.Bootstrap()[0] != "kafkabroker:9092" {
		t.Errorf("%v %v %v", s.KeySerializer(), s.ValueSerializer(), s.Bootstrap())
	}
	if got := option(t, s.ProducerOptions, kgo.ClientID); got != "clientid-one" {
		t.Errorf("producer's client.id %v", got)
	}
	if got := option(t, s.ConsumerOptions, kgo.ClientID); got != "consumerid-one" {
		t.Errorf("consumer's client.id %v", got)
	}
}

// A secret is stars wherever settings are shown, also in errors about it.
func TestSecretsAreMasked(t *testing.T) {
	const password = "correct horse"
	s := mustSettings(t, "security.protocol", "SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.username", "u", "sasl.password", password)
	_, err := NewSettings(pairs("sasl.password", password, "producer.sasl.password", password, "acks", "1"))
	shown := fmt.Sprintf("%v %+v %#v %s %s %v %+v %#v", s, s, s, s.Masked("sasl.password"), s.Masked("producer.sasl.password"), err,
		s.consumer, s.consumer)
	if strings.Contains(shown, password) || s.Masked("sasl.password") != "********" {
		t.Error(shown)
	}
	if s.Masked("acks") != "all" || s.Masked("sasl.username") != "u" {
		t.Errorf("%q %q", s.Masked("acks"), s.Masked("sasl.username"))
	}
}
