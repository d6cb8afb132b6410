package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const hunter = "hunter2-and-more"

// Whatever goes wrong around it, a secret is in no output. Each of these holds it in a place where it could slip out.
func TestSecretsAreInNoFinding(t *testing.T) {
	for _, text := range []string{
		"kafka: {sasl.password: SECRET, acks: most}",
		"kafka:\n  acks: most\n  sasl.password: SECRET",
		"kafka: {sasl.password: [SECRET]}",
		"kafka: {sasl.pasword: SECRET}",
		"kafka: {sasl.psswrd: SECRET}",
		"kafka:\n  sasl.pass: SECRET\n",
		"sasl.password: SECRET",
		"sasl:\n  password: SECRET",
		"kafka: {sasl.password: SECRET",
		"kafka: {sasl.password:SECRET}",
		"kafka:\n  sasl.password:SECRET\n",
		"kafka.sasl.password:SECRET",
		"kafka:\n  sasl.password: SECRET\n  sasl.password: SECRET\n",
		"kafka:\n  sasl.password:\n    SECRET\n  acks: most\n",
		"kafka:\n  sasl.password: \"SECRET\n",
		"kafka:\n  sasl.password: 'SECRET' x\n",
		"kafka:\n  sasl.password: SECRET: x\n",
		"kafka:\n  sasl.password: @SECRET\n",
		"kafka:\n  sasl.password: &SECRET x\n",
		"kafka:\n  sasl.password: *SECRET\n",
		"kafka:\n  sasl.password: !SECRET\n",
		"kafka:\n\tsasl.password: SECRET\n",
		"kafka:\n  sasl.password: a\tSECRET\n",
		"kafka:\n  sasl.password: SECRET\n    acks: all\n",
		"kafka:\n  sasl.password: {SECRET: 1}\n",
		"kafka:\n  sasl.password: |\n    SECRET\n    more\n  acks: most\n",
		"kafka:\n  group.id: ${env:SECRET_NAME}\n  acks: ${env:SECRET_NAME}\n",
		"kafka:\n  security.protocol: ${env:SECRET_NAME}\n",
		"kafka:\n  group.id: a-${file:/secret}-b\n  fetch.max.wait.ms: ${file:/secret}\n",
		"interval: ${env:SECRET_NAME}",
		"topics: [\"${env:SECRET_NAME}\", \"${env:SECRET_NAME}\"]",
		"topics: '${env:SECRET_NAME} x'",
		"embedded.listen: ${env:SECRET_NAME}",
		"pattern: (${env:SECRET_NAME}",
		"delivery: ${env:SECRET_NAME}",
		"delivery: exactly-once\nkafka: {acks: 1, group.id: \"${env:SECRET_NAME}\", sasl.password: SECRET}",
		"topics: [a]\nerrors.tolerance: all\nerrors.deadletterqueue.topic.name: ${env:SECRET_NAME}\nlog.level: loud",
		"kafka:\n  sasl.password: SECRET\n", // without the rest of SASL
	} {
		o := LoadOptions{
			File:     "c.yaml",
			ReadFile: files{"c.yaml": strings.ReplaceAll(text, "SECRET_NAME", "S_NAME"), "/secret": hunter + "\n"}.read,
			Env:      []string{"S_NAME=" + hunter, "HIBANA_KAFKA_SASL_PASWORD=" + hunter},
		}
		o.ReadFile = files{"c.yaml": hidden(text), "/secret": hunter + "\n"}.read
		_, warnings, err := LoadConfig(o)
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		told := err.Error() + fmt.Sprint(warnings)
		if strings.Contains(told, hunter) || strings.Contains(told, "hunter2") {
			t.Errorf("%s\nsays\n%s", text, told)
		}
	}
}

// hidden puts the secret in, but for the names of variables.
func hidden(text string) string {
	const variable = "\x00"
	text = strings.ReplaceAll(text, "SECRET_NAME", variable)
	return strings.ReplaceAll(strings.ReplaceAll(text, "SECRET", hunter), variable, "S_NAME")
}

func TestSecretsAreInNoFindingOfFlags(t *testing.T) {
	for _, override := range []string{
		"kafka.sasl.password=SECRET", "kafka.sasl.pasword=SECRET", "kafka.producer.sasl.password=SECRET", "sasl.password=SECRET",
		"kafka.sasl.password:SECRET", "kafka.sasl.password SECRET=", "kafka.sasl.password:SECRET=x", "kafka={sasl.password: SECRET, acks: most}",
		"kafka={sasl.password: SECRET", "behaviours.a.token={SECRET: [}", "passwd=SECRET", "foo=SECRET", "behaviours.a=SECRET",
		"interval=${env:S_NAME}", "kafka.acks=${env:S_NAME}", "log=SECRET",
	} {
		o := LoadOptions{Overrides: []string{strings.ReplaceAll(override, "SECRET", hunter), "interval=nonsense"}, Env: []string{"S_NAME=" + hunter}}
		if _, _, err := LoadConfig(o); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s\nsays\n%v", override, err)
		}
	}
}

// secretive configuration: every way to have a secret that is right.
func secretConfig(t *testing.T) *Config {
	t.Helper()
	o := yamlFile("kafka:\n  bootstrap.servers: b:9092\n  group.id: ${env:GROUP}\n  security.protocol: SASL_SSL\n  sasl.mechanism: PLAIN\n" +
		"  sasl.username: ${file:/user}\n  sasl.password: " + hunter + "\ncheckpoint: /srv/${env:GROUP}\n" +
		"topics: [a, '${env:GROUP}']\nbehaviours: {audit: {token: " + hunter + ", url: 'x${env:GROUP}', list: ['${env:GROUP}']}}\n")
	o.ReadFile = files{"c.yaml": string(mustRead(t, o)), "/user": hunter + "\n"}.read
	o.Env = []string{"GROUP=" + hunter}
	o.Overrides = []string{"kafka.consumer.client.id=${env:GROUP}"}
	return mustLoad(t, o)
}

func mustRead(t *testing.T, o LoadOptions) []byte {
	t.Helper()
	data, err := o.ReadFile(o.File)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSecretsArriveAndAreNeverShown(t *testing.T) {
	c := secretConfig(t)
	if c.group() != hunter || c.Settings.User() != hunter || c.Kafka["sasl.password"].Value() != hunter || c.Checkpoint != "/srv/"+hunter || c.Topics[1] != hunter {
		t.Errorf("a secret did not arrive: %q %q", c.group(), c.Checkpoint)
	}
	if audit := c.Behaviours["audit"]; audit["token"] != hunter || audit["url"] != "x"+hunter || audit["list"].([]any)[0] != hunter {
		t.Errorf("a secret did not arrive: %v", audit)
	}
	var out bytes.Buffer
	for _, origin := range []bool{false, true} {
		for _, show := range showFormats {
			if err := show(&out, c.shown(), origin); err != nil {
				t.Fatal(err)
			}
		}
	}
	fmt.Fprintf(&out, "%v %+v %#v %s %v %+v %#v", c, c, c, c, c.Kafka, *c, c.Kafka["sasl.password"])
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("shown:\n%s", out.String())
	}
	if !strings.Contains(out.String(), mask) {
		t.Error("nothing is masked")
	}
}

func TestDollarsMayBeWritten(t *testing.T) {
	c := mustLoad(t, LoadOptions{Overrides: []string{"checkpoint=/a/$${env:X}", "ledger=$HOME", "log.file=100%$"}})
	if c.Checkpoint != "/a/${env:X}" || c.Ledger != "$HOME" || c.Log.File != "100%$" {
		t.Errorf("%q %q %q", c.Checkpoint, c.Ledger, c.Log.File)
	}
}

// To override a value is the way to do without the secret that it refers to.
func TestOnlyTheWinnerIsFetched(t *testing.T) {
	o := yamlFile("kafka: {bootstrap.servers: '${env:NOWHERE}', group.id: '${file:/nowhere}'}")
	o.Overrides = []string{"kafka.bootstrap.servers=embedded", "kafka.group.id=g"}
	if c := mustLoad(t, o); !c.embedded() || c.group() != "g" {
		t.Errorf("%v", c)
	}
}

func TestShowIsReadable(t *testing.T) {
	c := mustLoad(t, yamlFile("interval: 3s\ntopics: [a, b]\nkafka: {acks: 1}\nbehaviours: {x: {limit: 5, on: [1, a]}}\ncheckpoint: \"a\\nb: c\"\n"))
	var table, yaml, object bytes.Buffer
	for out, show := range map[*bytes.Buffer]string{&table: "table", &yaml: "yaml", &object: "json"} {
		if err := showFormats[show](out, c.shown(), true); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{"interval  3s  c.yaml:1:11", "topics  [a, b]  c.yaml:2:9", "kafka.acks  1  c.yaml:3:15", "delivery  at-least-once  default", `checkpoint  "a\nb: c"  c.yaml:5:13`} {
		if !strings.Contains(strings.Join(strings.FieldsFunc(table.String(), func(r rune) bool { return r == '\n' }), "\n"), strings.Split(line, "  ")[0]) || !hasRow(table.String(), line) {
			t.Errorf("no row %q in\n%s", line, table.String())
		}
	}
	again := mustLoad(t, yamlFile(yaml.String()))
	if !sameFields(c, again) {
		t.Errorf("what is shown reads otherwise:\n%v\n%v\n%s", c, again, yaml.String())
	}
	var decoded map[string]struct{ Value, Origin any }
	if err := json.Unmarshal(object.Bytes(), &decoded); err != nil || decoded["interval"].Origin != "c.yaml:1:11" {
		t.Errorf("%v: %v", err, decoded["interval"])
	}
}

// hasRow finds a row whatever the width of its columns.
func hasRow(table, row string) bool {
	for line := range strings.SplitSeq(table, "\n") {
		if strings.Join(strings.Fields(line), " ") == strings.Join(strings.Fields(row), " ") {
			return true
		}
	}
	return false
}

func sameFields(a, b *Config) bool {
	return fmt.Sprintf("%+v", plainFields(fieldsOf(a))) == fmt.Sprintf("%+v", plainFields(fieldsOf(b))) && a.Settings.Acks() == b.Settings.Acks()
}

// plainFields drops the methods, so that formatting shows the fields.
func plainFields(c Config) any { type fields Config; return fields(c) }
