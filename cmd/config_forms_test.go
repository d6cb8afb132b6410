package cmd

import (
	"reflect"
	"strings"
	"testing"
)

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

// Kubernetes injects HIBANA_SERVICE_HOST for a service called hibana, and HIBANA_KAFKA_PORT_9092_TCP for one called hibana-kafka.
func TestVariablesOfOthersAreWarnings(t *testing.T) {
	_, warnings, err := LoadConfig(LoadOptions{Env: []string{
		"HIBANA_SERVICE_HOST=10.0.0.1", "HIBANA_KAFKA_SERVICE_PORT_BOOTSTRAP=9092", "HIBANA_KAFKA_PORT_9092_TCP=tcp://10.0.0.1:9092",
		"HIBANA_STATE_PORT=tcp://x", "HIBANA_TEST_KAFKA=x", "HIBANAX=1",
	}})
	if err != nil || len(warnings) != 4 {
		t.Fatalf("%v, %v", warnings, err)
	}
}

// A misspelt HIBANA_KAFKA_BOOTSTRAP_SERVERS would be a run on the embedded broker.
func TestMisspeltVariablesAreErrors(t *testing.T) {
	for wrong, right := range map[string]string{
		"HIBANA_INTRVAL": "HIBANA_INTERVAL", "HIBANA_KAFKA_BOOTSTRAP_SERVER": "HIBANA_KAFKA_BOOTSTRAP_SERVERS",
		"HIBANA_KAFKA_GROUPID": "HIBANA_KAFKA_GROUP_ID", "HIBANA_TOPIC": "HIBANA_TOPICS",
		"HIBANA_BOOTSTRAP_SERVERS": "HIBANA_KAFKA_BOOTSTRAP_SERVERS", "HIBANA_GROUP_ID": "HIBANA_KAFKA_GROUP_ID",
		"HIBANA_BOOTSTRAP_SERVER": "HIBANA_KAFKA_BOOTSTRAP_SERVERS",
	} {
		f := findings(t, LoadOptions{Env: []string{wrong + "=hunter22"}})
		if len(f) != 1 || f[0].Nearest != right || f[0].Origin.Name != wrong || strings.Contains(f[0].String(), "hunter22") {
			t.Errorf("%s: %v", wrong, f)
		}
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
