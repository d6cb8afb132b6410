package cmd

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// samples are a value for every key that is not its default.
var samples = map[string]string{
	"interval": "500ms", "topics": "[orders, payments]", "pattern": "^orders", "delivery": "exactly-once", "exchange": "topic",
	"checkpoint": "/var/lib/hibana", "ledger": "ledgers", "instance": "blue-1", "offset.gone": "earliest",
	"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "letters",
	"failure.retries": "7", "failure.backoff": "1s", "failure.then": "skip",
	"memory.records": "1.5GiB", "rate.max.per.partition": "1000", "rate.backpressure": "true", "rate.initial": "500",
	"state.max.bytes": "2GiB", "state.allow.shape.change": "true", "startup.timeout": "5m", "stop.timeout": "1m30s",
	"embedded.listen": "localhost:0", "embedded.partitions": "16", "embedded.data.dir": "data", "embedded.sample": "600/m",
	"console.socket": "/run/hibana.sock", "log.level": "debug", "log.format": "json", "log.file": "hibana.log",
}

// kafkaSamples are for the properties whose kind does not say what they take.
var kafkaSamples = map[string]string{
	"bootstrap.servers": "broker:9092,other:9093", "acks": "all", "enable.idempotence": "true",
	"enable.auto.commit": "false", "security.protocol": "PLAINTEXT", "isolation.level": "read_committed",
	"max.partition.fetch.bytes": "1MiB", "batch.size": "1MB", "buffer.memory": "64MiB",
}

// nested writes a.b.c: v as three levels.
func nested(key, text string) string {
	var b strings.Builder
	for i, part := range strings.Split(key, ".") {
		b.WriteString("\n" + strings.Repeat("  ", i) + part + ":")
	}
	return b.String() + " " + text + "\n"
}

// Whatever the way, a key gets the same value, and knows where it came from.
func TestEveryKeyByEveryWay(t *testing.T) {
	for _, s := range settingRows {
		text, ok := samples[s.key]
		if !ok {
			t.Errorf("no sample for %s", s.key)
			continue
		}
		everyWay(t, s.key, text)
	}
	if len(samples) != len(settingRows) {
		t.Errorf("%d samples for %d keys", len(samples), len(settingRows))
	}
}

func everyWay(t *testing.T, key, text string) {
	t.Helper()
	ways := map[string]LoadOptions{
		"c.yaml:1:": yamlFile(key + ": " + text),
		"c.yaml:":   yamlFile(nested(key, text)),
		variableName(key): {
			Env: []string{"PATH=/bin", variableName(key) + "=" + text},
		},
		"-X " + key + "=": {Overrides: []string{key + "=" + text}},
	}
	var first *Config
	for place, o := range ways {
		c := mustLoad(t, o)
		if !c.IsSet(key) || !strings.HasPrefix(c.Origin(key).String(), place) {
			t.Errorf("%s by %s: set %v, from %v", key, place, c.IsSet(key), c.Origin(key))
		}
		if first == nil {
			first = c
		}
		if !sameConfig(first, c) {
			t.Errorf("%s: %s by %s gives another configuration:\n%+v\n%+v", key, text, place, first, c)
		}
		if reflect.DeepEqual(fieldsOf(c), fieldsOf(mustLoad(t, LoadOptions{}))) && !strings.HasPrefix(key, kafkaPrefix) {
			t.Errorf("%s: %s by %s changes nothing", key, text, place)
		}
	}
}

// fieldsOf is what a configuration says, without where it was said.
func fieldsOf(c *Config) Config {
	plain := *c
	plain.values, plain.Kafka, plain.Settings, plain.excerpt = nil, nil, nil, nil
	return plain
}

func sameConfig(a, b *Config) bool {
	return reflect.DeepEqual(fieldsOf(a), fieldsOf(b)) && a.Settings.String() == b.Settings.String() && a.String() == b.String()
}

func TestEveryKafkaPropertyByEveryWay(t *testing.T) {
	for _, p := range kafka.Properties() {
		text := p.Default
		if sample, ok := kafkaSamples[p.Name]; ok {
			text = sample
		}
		if strings.HasPrefix(p.Name, "sasl.") || strings.HasPrefix(p.Name, "ssl.") {
			continue // each needs others beside it: TestSecurityByEveryWay
		}
		if text == "" {
			text = "any"
		}
		everyWay(t, kafkaPrefix+p.Name, text)
	}
}

func TestSecurityByEveryWay(t *testing.T) {
	settings := [][2]string{
		{"kafka.bootstrap.servers", "broker:9093"}, {"kafka.security.protocol", "SASL_SSL"}, {"kafka.sasl.mechanism", "SCRAM-SHA-512"}, {"kafka.sasl.username", "alice"},
		{"kafka.sasl.password", "wonderland"}, {"kafka.ssl.ca.location", "/etc/ca.pem"},
	}
	var file string
	var env, overrides []string
	for _, s := range settings {
		file += s[0] + ": " + s[1] + "\n"
		env = append(env, variableName(s[0])+"="+s[1])
		overrides = append(overrides, s[0]+"="+s[1])
	}
	for _, o := range []LoadOptions{yamlFile(file), {Env: env}, {Overrides: overrides}} {
		c := mustLoad(t, o)
		if c.Kafka["sasl.password"].Value() != "wonderland" || c.Settings.User() != "alice" {
			t.Errorf("%v: user %q", o.Overrides, c.Settings.User())
		}
	}
}
