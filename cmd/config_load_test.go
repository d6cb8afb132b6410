package cmd

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// files serves a configuration file, and what it refers to, from memory.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// yamlFile are options that read this text as c.yaml.
func yamlFile(text string) LoadOptions {
	return LoadOptions{File: "c.yaml", ReadFile: files{"c.yaml": text}.read}
}

func mustLoad(t *testing.T, o LoadOptions) *Config {
	t.Helper()
	c, _, err := LoadConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// findings are what is wrong with a configuration; none fails the test.
func findings(t *testing.T, o LoadOptions) []Finding {
	t.Helper()
	_, _, err := LoadConfig(o)
	var wrong *ConfigError
	if !errors.As(err, &wrong) {
		t.Fatalf("no ConfigError but %v", err)
	}
	return wrong.Findings
}

func TestNothingSetIsTheDefaults(t *testing.T) {
	c := mustLoad(t, LoadOptions{})
	if c.Interval != 2*time.Second || !reflect.DeepEqual(c.Topics, []string{"events"}) || c.Delivery != AtLeastOnce || c.Exchange != ExchangeMemory {
		t.Errorf("interval %v, topics %v, delivery %v, exchange %v", c.Interval, c.Topics, c.Delivery, c.Exchange)
	}
	if c.Memory.Records != 64<<20 || c.Embedded.Sample != 5 || c.Startup.Timeout != time.Minute || c.Failure.Then != ThenStop {
		t.Errorf("memory %d, sample %v, startup %v, then %v", c.Memory.Records, c.Embedded.Sample, c.Startup.Timeout, c.Failure.Then)
	}
	if !c.embedded() || c.group() != "hibana" || len(c.Keys()) != 0 {
		t.Errorf("embedded %v, group %q, set %v", c.embedded(), c.group(), c.Keys())
	}
}

// samples are a value for every key that is not its default.
var samples = map[string]string{
	"interval": "500ms", "topics": "[orders, payments]", "pattern": "^orders", "delivery": "exactly-once", "exchange": "topic",
	"checkpoint": "/var/lib/hibana", "ledger": "ledgers", "instance": "blue-1", "offset.gone": "earliest",
	"errors.tolerance": "all", "errors.deadletterqueue.topic.name": "letters",
	"failure.retries": "7", "failure.backoff": "1s", "failure.then": "skip",
	"memory.records": "1.5GiB", "rate.max.per.partition": "1000", "rate.backpressure": "true",
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
	_, name, _ := cutLast(key, ".")
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
			t.Errorf("%s (%s) by %s: set %v, from %v", key, name, place, c.IsSet(key), c.Origin(key))
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
	plain.values, plain.Kafka, plain.Settings = nil, nil, nil
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
		{"kafka.security.protocol", "SASL_SSL"}, {"kafka.sasl.mechanism", "SCRAM-SHA-512"}, {"kafka.sasl.username", "alice"},
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

// A flag wins over the environment, that over the file, that over the default.
func TestTheStrongerSourceWins(t *testing.T) {
	o := yamlFile("interval: 3s\nlog: {level: debug}\n")
	o.Env = []string{"HIBANA_INTERVAL=4s", "HIBANA_EMBEDDED_SAMPLE=0"}
	o.Overrides = []string{"interval=5s", "interval=6s"}
	c := mustLoad(t, o)
	if c.Interval != 6*time.Second || c.Origin("interval").Kind != FromFlag {
		t.Errorf("interval %v from %v", c.Interval, c.Origin("interval"))
	}
	if c.Embedded.Sample != 0 || c.Origin("embedded.sample").Kind != FromEnv || c.Log.Level != "debug" || c.Origin("log.level").Kind != FromFile {
		t.Errorf("sample %v from %v, level %v from %v", c.Embedded.Sample, c.Origin("embedded.sample"), c.Log.Level, c.Origin("log.level"))
	}
	if o := c.Origin("log.level"); o.String() != "c.yaml:2:14" {
		t.Errorf("log.level from %v", o)
	}
}

func TestListsMayBeWrittenInEveryUsualWay(t *testing.T) {
	for _, o := range []LoadOptions{
		{Overrides: []string{"topics=[a, b]"}}, {Overrides: []string{"topics=a,b"}}, {Overrides: []string{`topics=["a",'b']`}},
		{Env: []string{"HIBANA_TOPICS=a, b"}}, {Env: []string{"T=a,b"}, Overrides: []string{"topics=${env:T}"}},
		yamlFile("topics: [a, b]"), yamlFile("topics:\n- a\n- b\n"), yamlFile("topics: a,b"), yamlFile("\ufefftopics:\r\n  - a\r\n  - b\r\n"),
	} {
		if c := mustLoad(t, o); !reflect.DeepEqual(c.Topics, []string{"a", "b"}) {
			t.Errorf("%q %q: %q", o.Overrides, o.Env, c.Topics)
		}
	}
	if c := mustLoad(t, yamlFile("kafka: {bootstrap.servers: [a:1, b:2], group.id: g}")); !reflect.DeepEqual(c.Settings.Bootstrap(), []string{"a:1", "b:2"}) {
		t.Errorf("servers %q", c.Settings.Bootstrap())
	}
}

// A section whose keys are all commented out is no mistake, and neither is a file of comments.
func TestEmptySectionsAreAccepted(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "kafka:\n  # group.id: x\nlog:\n", "kafka: {}\nbehaviours:\n  audit:\n", "---\ninterval: 2s\n"} {
		mustLoad(t, yamlFile(text))
	}
}

// Text needs no quotes in a flag or a variable, whatever YAML would make of it.
func TestTextIsTakenAsItIs(t *testing.T) {
	for _, text := range []string{"[a-z]+", "^a#b", "a: b", "*x", "@home", "%d", "!x", "&a", "- a", "{2}", "true", "007", "null"} {
		if text == "*x" || text == "{2}" {
			continue // no regular expressions
		}
		c := mustLoad(t, LoadOptions{Overrides: []string{"pattern=" + text}})
		if c.Pattern != text {
			t.Errorf("%q became %q", text, c.Pattern)
		}
	}
	c := mustLoad(t, yamlFile("instance: 007\ncheckpoint: 'a b'\nlog.file: |\n  x.log\n"))
	if c.Instance != "007" || c.Checkpoint != "a b" || c.Log.File != "x.log" {
		t.Errorf("instance %q, checkpoint %q, file %q", c.Instance, c.Checkpoint, c.Log.File)
	}
}

func TestBehavioursAreFreeForm(t *testing.T) {
	o := yamlFile("behaviours:\n  audit:\n    limit: 5\n    path: /tmp/${env:WHO}\n    deep: {er: [1, two, 3.5, true]}\n  quiet: {}\n")
	o.Env = []string{"WHO=me"}
	o.Overrides = []string{"behaviours.audit.limit=6", "behaviours.late={every: 5s, on: false}"}
	c := mustLoad(t, o)
	want := map[string]map[string]any{
		"audit": {"limit": uint64(6), "path": "/tmp/me", "deep.er": []any{uint64(1), "two", 3.5, true}},
		"quiet": {},
		"late":  {"every": "5s", "on": false},
	}
	if !reflect.DeepEqual(c.Behaviours, want) {
		t.Errorf("%#v", c.Behaviours)
	}
	c = mustLoad(t, LoadOptions{Env: []string{"HIBANA_BEHAVIOURS={audit: {limit: 5}}"}})
	if !reflect.DeepEqual(c.Behaviours, map[string]map[string]any{"audit": {"limit": uint64(5)}}) {
		t.Errorf("%#v", c.Behaviours)
	}
}

// Kubernetes injects HIBANA_SERVICE_HOST for a service called hibana; a misspelt name should still be noticed.
func TestUnknownVariablesAreWarnings(t *testing.T) {
	_, warnings, err := LoadConfig(LoadOptions{Env: []string{
		"HIBANA_SERVICE_HOST=10.0.0.1", "HIBANA_INTRVAL=hunter22", "HIBANA_TEST_KAFKA=x", "HIBANAX=1",
	}})
	if err != nil || len(warnings) != 2 {
		t.Fatalf("%v, %v", warnings, err)
	}
	if text := warnings[1].String(); !strings.Contains(text, "did you mean HIBANA_INTERVAL?") || strings.Contains(text, "hunter22") {
		t.Error(text)
	}
}

// Two keys with one variable, or a key that is also a section, could not be told apart.
func TestKeysAreDistinct(t *testing.T) {
	seen := make(map[string]string)
	for _, key := range allKeys() {
		if other, ok := seen[variableName(key)]; ok {
			t.Errorf("%s and %s have the same variable", key, other)
		}
		seen[variableName(key)] = key
		if key != "behaviours" && isSection(key) {
			t.Errorf("%s is a key and a section", key)
		}
	}
}
