package cmd

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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
	wanted := "c.yaml:1:28: kafka.group.id: "
	if err := mustLoad(t, yamlFile("kafka: {bootstrap.servers: 'b:1'}")).CheckGroup(); !strings.Contains(err.Error(), wanted) || !strings.Contains(err.Error(), "'b:1'}\n"+strings.Repeat(" ", 31)+"^") {
		t.Errorf("want %s and a caret; got %v", wanted, err)
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

// A certificate or token that cannot be read is found where it is named, and before anything is connected.
func TestFilesThatTheConfigurationNamesAreRead(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"security.protocol: SSL\n  ssl.ca.location: /nowhere/ca.pem":                                                                   "c.yaml:5:20: kafka.ssl.ca.location: /nowhere/ca.pem cannot be read",
		"security.protocol: SSL\n  ssl.ca.location: " + empty:                                                                          "c.yaml:5:20: kafka.ssl.ca.location: " + empty + " holds no PEM certificate",
		"security.protocol: SSL\n  producer.ssl.ca.location: " + empty:                                                                 "c.yaml:5:29: kafka.producer.ssl.ca.location: " + empty,
		"security.protocol: SSL\n  ssl.certificate.location: /nowhere/c\n  ssl.key.location: /nowhere/k":                               "c.yaml:5:29: kafka.ssl.certificate.location: /nowhere/c cannot be read",
		"security.protocol: SASL_PLAINTEXT\n  sasl.mechanism: OAUTHBEARER\n  sasl.oauthbearer.token.file: " + empty:                    "c.yaml:6:32: kafka.sasl.oauthbearer.token.file: " + empty + " is empty",
		"security.protocol: SASL_PLAINTEXT\n  sasl.mechanism: OAUTHBEARER\n  sasl.oauthbearer.token.file: /nowhere/token\n  acks: all": "c.yaml:6:32: kafka.sasl.oauthbearer.token.file: /nowhere/token cannot be read",
	} {
		err := mustLoad(t, yamlFile("kafka:\n  bootstrap.servers: b:1\n  group.id: g\n  "+text)).checkStart(true)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "^\n    accepted: ") {
			t.Errorf("want %s; got\n%v", want, err)
		}
	}
}

func TestMistakesOfUsageNameTheCure(t *testing.T) {
	for args, want := range map[string]string{
		"runn":          `hibana: unknown command "runn" (did you mean run?)`,
		"config chek":   `hibana config: unknown command "chek" (did you mean check?)`,
		"run extra":     `hibana run takes no argument, and got "extra"`,
		"--batch 3":     "unknown flag: --batch (did you mean --batches?); hibana --help",
		"--batches x":   `--batches takes a whole number, such as 3, and got "x"`,
		"--batches 0":   `--batches takes a whole number from 1 on, and got 0`,
		"run --for -1s": `--for takes a duration above 0, such as 10s, and got -1s`,
		"run --for 3":   `--for takes a duration, such as 500ms, 10s or 1m30s, and got "3"`,
		"plan --outptu": "(did you mean --output?)",
	} {
		var said bytes.Buffer
		m := Main{Args: strings.Fields(args), Stderr: &said}
		if code := m.Run(); code != ExitUsage || !strings.Contains(said.String(), want) || strings.Contains(said.String(), "hibana: hibana: ") {
			t.Errorf("%s: exit %d, %q; want %q", args, code, said.String(), want)
		}
	}
}
