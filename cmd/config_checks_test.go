package cmd

import (
	"errors"
	"strings"
	"testing"
)

// enable.auto.commit, the post's setting, is at-most-once: it commits before the outputs.
func TestAutoCommitMeansAtMostOnce(t *testing.T) {
	c, warnings, err := LoadConfig(yamlFile("kafka:\n  enable.auto.commit: \"true\"\n  auto.commit.interval.ms: \"10000\"\n"))
	if err != nil || c.Delivery != AtMostOnce || c.Origin("delivery").String() != "c.yaml:2:23" {
		t.Fatalf("%v, from %v: %v", c, c.Origin("delivery"), err)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0].String(), "c.yaml:3:28: ") || !strings.Contains(warnings[0].Text, "auto.commit.interval.ms is accepted and not used") {
		t.Errorf("%v", warnings)
	}
	for text, want := range map[string]Delivery{
		"kafka.enable.auto.commit: false":                                    AtLeastOnce,
		"kafka.enable.auto.commit: false\ndelivery: at-most-once":            AtMostOnce,
		"kafka.enable.auto.commit: true\ndelivery: at-most-once":             AtMostOnce,
		"kafka.consumer.enable.auto.commit: true":                            AtMostOnce,
		"kafka.enable.auto.commit: true\nkafka.auto.commit.interval.ms: 10s": AtMostOnce,
	} {
		if c := mustLoad(t, yamlFile(text)); c.Delivery != want {
			t.Errorf("%s: %v", text, c.Delivery)
		}
	}
}

func TestRunWantsToBeToldWhereAndUnderWhichGroup(t *testing.T) {
	for text, missing := range map[string]string{
		"":                                     "kafka.bootstrap.servers",
		"kafka: {group.id: g}":                 "kafka.bootstrap.servers",
		"kafka: {bootstrap.servers: 'b:1'}":    "kafka.group.id",
		"kafka: {bootstrap.servers: embedded}": "",
		"kafka: {bootstrap.servers: 'b:1', group.id: g}":                                             "",
		"kafka: {bootstrap.servers: 'b:1', consumer.group.id: g}":                                    "",
		"kafka: {producer.bootstrap.servers: 'b:1', consumer.bootstrap.servers: 'c:1', group.id: g}": "",
	} {
		err := mustLoad(t, yamlFile(text)).CheckRun()
		var wrong *ConfigError
		if errors.As(err, &wrong) != (missing != "") || err != nil && !strings.Contains(err.Error(), "-X "+missing+"=") {
			t.Errorf("%s: want %q; got %v", text, missing, err)
		}
	}
}

// A real cluster never gets a group that nobody has chosen: its offsets may be somebody else's.
func TestTheDefaultGroupIsTheEmbeddedBrokersOnly(t *testing.T) {
	if c := mustLoad(t, yamlFile("kafka: {bootstrap.servers: 'b:1'}")); c.group() != "" || c.CheckGroup() == nil {
		t.Errorf("group %q", c.group())
	}
	if c := mustLoad(t, yamlFile("kafka: {bootstrap.servers: embedded}")); c.group() != "hibana" || c.CheckGroup() != nil {
		t.Errorf("group %q", c.group())
	}
}

func TestStateNeedsAPlace(t *testing.T) {
	for text, ok := range map[string]bool{"": false, "checkpoint: state": true, "exchange: partition": true, "exchange: topic": true} {
		if err := mustLoad(t, yamlFile(text)).CheckState(); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// With exactly-once, what a transaction has aborted is not read, without anybody having to say so.
func TestExactlyOnceReadsCommittedOnly(t *testing.T) {
	if !mustLoad(t, yamlFile("delivery: exactly-once")).Settings.ReadCommitted() || mustLoad(t, yamlFile("")).Settings.ReadCommitted() {
		t.Error("isolation.level does not follow delivery")
	}
}

func TestAPatternTakesTheTopicsPlace(t *testing.T) {
	c := mustLoad(t, yamlFile("pattern: ^orders"))
	if c.Pattern != "^orders" || len(c.Topics) != 0 {
		t.Errorf("%q %q", c.Pattern, c.Topics)
	}
	o := yamlFile("topics: [a]")
	o.Overrides = []string{"pattern=^b"}
	if c := mustLoad(t, o); c.Pattern != "^b" || len(c.Topics) != 0 {
		t.Errorf("%q %q", c.Pattern, c.Topics)
	}
	o = yamlFile("pattern: ^b")
	o.Overrides = []string{"topics=a"}
	if c := mustLoad(t, o); c.Pattern != "" || len(c.Topics) != 1 {
		t.Errorf("%q %q", c.Pattern, c.Topics)
	}
}

func TestUnusedSettingsAreWarnings(t *testing.T) {
	for text, want := range map[string]string{
		"errors.deadletterqueue.topic.name: x": "not used while errors.tolerance is none",
		"exchange: partition\ncheckpoint: x":   "state lives in the changelog",
		"kafka.acks: 1":                        "order of records may break",
	} {
		_, warnings, err := LoadConfig(yamlFile(text))
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].String(), want) || !strings.HasPrefix(warnings[0].String(), "c.yaml:") {
			t.Errorf("%s: %v, %v", text, warnings, err)
		}
	}
}
