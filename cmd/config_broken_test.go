package cmd

import (
	"strings"
	"testing"
)

// broken are configurations that each have one mistake: where it is found, and what its cure must say.
var broken = []struct {
	name, yaml  string
	place, cure string
}{
	{"unknown key", "intervall: 2s", "c.yaml:1:1", `did you mean "interval"?`},
	{"unknown key in a section", "log:\n  levl: info", "c.yaml:2:3", `did you mean "log.level"?`},
	{"unknown key in a flow map", "memory: {recrods: 1MiB}", "c.yaml:1:10", `did you mean "memory.records"?`},
	{"unknown dotted key", "embedded.partition: 3", "c.yaml:1:1", `did you mean "embedded.partitions"?`},
	{"underscores", "batch_interval: 2s", "c.yaml:1:1", `did you mean "interval"?`},
	{"capitals", "Interval: 2s", "c.yaml:1:1", `did you mean "interval"?`},
	{"camel case", "stopTimeout: 2s", "c.yaml:1:1", `did you mean "stop.timeout"?`},
	{"section left out", "bootstrap.servers: a:9092", "c.yaml:1:1", `did you mean "kafka.bootstrap.servers"?`},
	{"wrong section", "kafka:\n  interval: 2s", "c.yaml:2:3", `did you mean "interval"?`},
	{"nothing like it", "log:\n  zzzzzzzzzz: 1", "c.yaml:2:3", "accepted: level, format, file"},
	{"unknown section", "memry: {records: 1MiB}", "c.yaml:1:1", `did you mean "memory"?`},
	{"number without unit", "interval: 2", "c.yaml:1:11", `did you mean "2s"?`},
	{"bad duration", "interval: fast", "c.yaml:1:11", "such as 500ms"},
	{"spelled duration", "stop.timeout: 30 seconds", "c.yaml:1:15", `did you mean "30s"?`},
	{"days", "startup: {timeout: 1d}", "c.yaml:1:20", `did you mean "24h"?`},
	{"interval of zero", "interval: 0", "c.yaml:1:11", "from 10ms"},
	{"interval too short", "interval: 1ms", "c.yaml:1:11", `did you mean "10ms"?`},
	{"negative interval", "interval: -2s", "c.yaml:1:11", "from 10ms"},
	{"duration overflow", "interval: 9999999999h", "c.yaml:1:11", "a duration from"},
	{"list for a duration", "interval: [2s]", "c.yaml:1:11", "takes one value"},
	{"keys for a value", "interval: {value: 2s}", "c.yaml:1:11", "a duration from"},
	{"no value", "topics: [a]\ninterval:\n", "c.yaml:2:1", "without the line: 2s"},
	{"no topics", "topics: []", "c.yaml:1:9", "one or more topics"},
	{"empty topic", `topics: [a, ""]`, "c.yaml:1:9", "one or more topics"},
	{"topic twice", "topics: [a, a]", "c.yaml:1:9", "there twice"},
	{"topic of dots", `topics: ".."`, "c.yaml:1:9", "letters, digits"},
	{"topic with a space", `topics: ["my topic"]`, "c.yaml:1:9", `did you mean "my-topic"?`},
	{"keys among topics", "topics: [{a: 1}]", "c.yaml:1:9", "accepted"},
	{"bad expression", "pattern: '(a'", "c.yaml:1:10", "a regular expression"},
	{"delivery misspelt", "delivery: at_least_once", "c.yaml:1:11", `did you mean "at-least-once"?`},
	{"delivery unknown", "delivery: always", "c.yaml:1:11", "at-most-once, at-least-once, exactly-once"},
	{"exchange unknown", "exchange: partitions", "c.yaml:1:11", `did you mean "partition"?`},
	{"gone unknown", "offset: {gone: skip}", "c.yaml:1:16", "fail, earliest, latest"},
	{"tolerance unknown", "errors:\n  tolerance: some", "c.yaml:2:14", "none, all"},
	{"then unknown", "failure: {then: ignore}", "c.yaml:1:17", "stop, pause, skip"},
	{"retries not whole", "failure: {retries: 1.5}", "c.yaml:1:20", "a whole number from 0 to 1000"},
	{"retries negative", "failure: {retries: -1}", "c.yaml:1:20", "a whole number from 0 to 1000"},
	{"backoff of a minute", "failure: {backoff: 1m}", "c.yaml:1:20", `did you mean "10s"?`},
	{"size with half a unit", "memory.records: 64M", "c.yaml:1:17", `did you mean "64MiB"?`},
	{"size unknown", "memory.records: lots", "c.yaml:1:17", "64KiB"},
	{"size too small", "memory.records: 64", "c.yaml:1:17", `did you mean "1MiB"?`},
	{"size overflow", "memory.records: 99999999999999999999", "c.yaml:1:17", "1TiB"},
	{"yes", "rate: {backpressure: yes}", "c.yaml:1:22", `did you mean "true"?`},
	{"part of a millisecond", "interval: 10.5ms", "c.yaml:1:11", "whole milliseconds"},
	{"rate without unit", "embedded: {sample: 5}", "c.yaml:1:20", `did you mean "5/s"?`},
	{"rate negative", "embedded: {sample: -5/s}", "c.yaml:1:20", "0 for none"},
	{"limit negative", "rate.max.per.partition: -1", "c.yaml:1:25", "0 for no limit"},
	{"no partitions", "embedded: {partitions: 0}", "c.yaml:1:24", "from 1 to 1000"},
	{"open to others", "embedded: {listen: '0.0.0.0:9392'}", "c.yaml:1:20", `did you mean "127.0.0.1:9392"?`},
	{"no port", "embedded: {listen: localhost}", "c.yaml:1:20", "host:port"},
	{"instance with a slash", "instance: a/b", "c.yaml:1:11", `did you mean "a-b"?`},
	{"long socket", "console.socket: /" + strings.Repeat("x", 120), "c.yaml:1:17", "at most 100 bytes"},
	{"level unknown", "log: {level: warning}", "c.yaml:1:14", "trace, debug, info, warn, error"},
	{"value for a section", "rate: 5", "c.yaml:1:7", "max.per.partition, backpressure, initial"},
	{"value for kafka", "kafka: broker:9092", "c.yaml:1:8", "bootstrap.servers"},
	{"list for a section", "log:\n  - level: info", "c.yaml:2:3", "level, format, file"},
	{"behaviour without settings", "behaviours: {audit: 5}", "c.yaml:1:21", "KEY: VALUE"},
	{"key twice", "interval: 1s\ntopics: [a]\ninterval: 2s", "c.yaml:3:1", "first at c.yaml:1:1"},
	{"key twice, nested and dotted", "log: {level: info}\nlog.level: warn", "c.yaml:2:1", "first at c.yaml:1:7"},
	{"tab", "log:\n\tlevel: info", "c.yaml:2:1", "accepted: spaces"},
	{"tab behind spaces", "log:\n  level: info\n \tfile: x", "c.yaml:3:2", "accepted: spaces"},
	{"tab in a value", "topics: [a]\ncheckpoint: a\tb", "c.yaml:2:13", "in quotes"},
	{"indentation", "interval: 1s\n topics: [a]", "c.yaml:2:2", "the same indentation"},
	{"second colon", "checkpoint: a: b", "c.yaml:1:13", "quotes around"},
	{"no space", "topics: [a]\nlog:\n  level:info\n", "c.yaml:3:3", "KEY: VALUE"},
	{"open bracket", "topics: [a", "c.yaml:1:9", "[a, b]"},
	{"open brace", "log: {level: info", "c.yaml:1:6", "{key: value"},
	{"open quote", "instance: \"a\ninterval: 2s", "c.yaml:1:11", `"text"`},
	{"reserved character", "instance: @a", "c.yaml:1:11", "in quotes"},
	{"reference in brackets", "topics: [${env:T}]", "c.yaml:1:11", `["${env:NAME}"]`},
	{"alias", "instance: x\nledger: *a", "c.yaml:2:9", "the value itself"},
	{"anchor", "instance: &a x", "c.yaml:1:11", "the value itself"},
	{"tag", "instance: !!str 5", "c.yaml:1:11", "the value itself"},
	{"merge key", "log: {level: info}\n<<: {interval: 2s}", "c.yaml:2:1", "the keys themselves"},
	{"list at the top", "- interval", "c.yaml:1:1", "KEY: VALUE"},
	{"text at the top", "interval", "c.yaml:1:1", "KEY: VALUE"},
	{"second document", "interval: 2s\n---\ninterval: 3s", "c.yaml:3:", "one document"},
	{"no text", "interval: \xff", "c.yaml:1:11", "UTF-8"},
	{"a byte of nothing", "interval: 2s\r\nlog: {level: i\x00fo}", "c.yaml:2:15", "UTF-8"},
	{"embedded misspelt", "kafka:\n  bootstrap.servers: embeded", "c.yaml:2:22", "embeded:9092"}, //nolint:misspell // which is what is tested
	{"embedded and more", "kafka: {bootstrap.servers: 'embedded,a:1'}", "c.yaml:1:28", "embedded stands alone"},
	{"behaviours as a list", "behaviours: [alarm]", "c.yaml:1:13", "NAME: {SETTING: VALUE}"},
	{"password that is not there", "kafka:\n  security.protocol: SASL_SSL\n  sasl.mechanism: PLAIN\n  sasl.username: a\n  sasl.password: ${env:NOBODY}", "c.yaml:5:18", "NOBODY is not set"},
	{"no variable", "instance: ${env:NOBODY}", "c.yaml:1:11", "NOBODY is not set"},
	{"no secret file", "kafka:\n  sasl.password: ${file:/nowhere}", "c.yaml:2:18", "/nowhere cannot be read"},
	{"open reference", "kafka:\n  sasl.password: '${env:NOBODY'", "c.yaml:2:18", "${env:NAME}, ${file:/path}"},
	{"reference to nothing", "ledger: ${file:}", "c.yaml:1:9", "${env:NAME}, ${file:/path}"},
	{"security without a cluster", "kafka: {security.protocol: SSL}", "c.yaml:1:28", "kafka.bootstrap.servers"},
	{"shell's way", "instance: ${HOST}", "c.yaml:1:11", `did you mean "${env:HOST}"?`},
	{"unknown reference", "instance: ${vault:x}", "c.yaml:1:11", "${env:NAME}, ${file:/path}"},
	{"unknown property", "kafka:\n  bootstrap.sevrers: a", "c.yaml:2:3", `did you mean "kafka.bootstrap.servers"?`},
	{"old property", "kafka: {metadata.broker.list: a}", "c.yaml:1:9", `did you mean "kafka.bootstrap.servers"?`},
	{"Java's key stores", "kafka:\n  ssl.truststore.location: x.jks", "c.yaml:2:3", "ssl.ca.location"},
	{"reset unknown", "kafka:\n  auto.offset.reset: bogus", "c.yaml:2:22", "earliest | smallest"},
	{"reset misspelt", "kafka.auto.offset.reset: earlyest", "c.yaml:1:26", `did you mean "earliest"?`},
	{"acks unknown", "kafka: {acks: most}", "c.yaml:1:15", "0, 1, all"},
	{"milliseconds unknown", "kafka:\n  session.timeout.ms: soon", "c.yaml:2:23", "in milliseconds or with a unit"},
	{"property without value", "kafka:\n  group.id:\n", "c.yaml:2:3", "accepted"},
	{"list for a property", "kafka:\n  group.id: [a, b]", "c.yaml:2:13", "takes one value"},
	{"no password", "kafka:\n  security.protocol: SASL_SSL\n  sasl.mechanism: PLAIN\n  sasl.username: a", "c.yaml:3:19", "sasl.password"},
	{"auto commit and delivery", "delivery: at-least-once\nkafka:\n  enable.auto.commit: true", "c.yaml:3:23", "delivery: at-most-once"},
	{"exactly-once and acks", "delivery: exactly-once\nkafka: {acks: 1}", "c.yaml:2:15", "accepted: all"},
	{"exactly-once and dirty reads", "delivery: exactly-once\nkafka: {isolation.level: read_uncommitted}", "c.yaml:2:26", "read_committed"},
	{"topics and pattern", "topics: [a]\npattern: ^b", "c.yaml:2:10", "one of the two"},
	{"dead letters read again", "topics: [a, b]\nerrors: {tolerance: all, deadletterqueue.topic.name: b}", "c.yaml:2:54", "not read"},
	{"dead letters matched", "pattern: ^a\nerrors: {tolerance: all}", "c.yaml:1:10", "a.dlq"},
	{"one client nowhere", "kafka: {producer.bootstrap.servers: 'a:1'}", "c.yaml:1:37", "kafka.bootstrap.servers"},
}

func TestBrokenConfigurationsNamePlaceAndCure(t *testing.T) {
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			all := findings(t, yamlFile(b.yaml))
			f := all[0]
			if !strings.HasPrefix(f.String(), b.place) || !strings.Contains(f.String(), b.cure) {
				t.Errorf("want %s … %s; got\n%s", b.place, b.cure, f)
			}
			if f.Origin.Line > 0 && !strings.Contains(f.String(), "\n    "+f.Line+"\n    "+strings.Repeat(" ", f.Origin.Column-1)+"^") && !strings.Contains(f.Line, "\t") {
				t.Errorf("no line with a caret:\n%s", f)
			}
			if len(all) > 1 {
				t.Errorf("one mistake, %d findings:\n%v", len(all), all)
			}
			if f.Accepted == "" && f.Nearest == "" && !strings.Contains(f.Problem, "set ") && !strings.Contains(f.Problem, "needs") {
				t.Errorf("no cure:\n%s", f)
			}
		})
	}
}

func TestAllFindingsAreReportedInOrder(t *testing.T) {
	o := yamlFile("interval: 2\nlogg: {}\nkafka: {acks: x}\nmemory.records: 1\n")
	o.Env = []string{"HIBANA_LOG_LEVEL=loud"}
	o.Overrides = []string{"foo=1", "topics=[]", "nonsense", "log.level=loud", "kafka.acks=all", "kafka={group.id: [a]}"}
	var places []string
	for _, f := range findings(t, o) {
		places = append(places, f.Origin.String())
	}
	want := "c.yaml:1:11, c.yaml:2:1, c.yaml:3:15, c.yaml:4:17, HIBANA_LOG_LEVEL, -X foo=***, -X nonsense, -X topics=[], -X log.level=loud, -X kafka=***"
	if got := strings.Join(places, ", "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBrokenFlagsAndVariablesNameThemselves(t *testing.T) {
	for override, cure := range map[string]string{
		"interval=2": `did you mean "2s"?`, "intervall=2s": `did you mean "interval"?`, "interval": "-X KEY=VALUE", "=5": "-X KEY=VALUE",
		"log=5": "level, format, file", "my key=5": "spaces", "behaviours.x=5": "KEY: VALUE", "kafka.acks=most": "0, 1, all", "log={levl: info}": `did you mean "log.level"?`,
		"behaviours.x={a: [}": "", "kafka.x={": "",
	} {
		f := findings(t, LoadOptions{Overrides: []string{override}})[0]
		if !strings.HasPrefix(f.String(), "-X ") || !strings.Contains(f.String(), cure) {
			t.Errorf("-X %s: %s", override, f)
		}
	}
	f := findings(t, LoadOptions{Env: []string{"HIBANA_KAFKA_ACKS=most"}})[0]
	if !strings.HasPrefix(f.String(), "HIBANA_KAFKA_ACKS: kafka.acks: ") {
		t.Error(f)
	}
}

// A long line, as of a file that is no configuration, is cut around the column.
func TestLongLinesAreCut(t *testing.T) {
	x := strings.Repeat("x", 300)
	f := findings(t, yamlFile("topics: [a]\nlog: {file: "+x+", levl: info, format: "+x+"}"))[0]
	shown := strings.Split(f.String(), "\n")
	if len(f.Line) > mostLine || !strings.HasPrefix(shown[1][strings.IndexByte(shown[2], '^'):], "levl") {
		t.Errorf("%s", f)
	}
}

func TestMissingFileIsNamed(t *testing.T) {
	o := LoadOptions{File: "nowhere.yaml", ReadFile: files{}.read}
	if f := findings(t, o)[0]; !strings.HasPrefix(f.String(), "nowhere.yaml: there is no such file") {
		t.Error(f)
	}
	if f := findings(t, LoadOptions{File: t.TempDir()})[0]; !strings.Contains(f.String(), "directory") {
		t.Error(f)
	}
}
