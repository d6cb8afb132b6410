package cmd

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// The shipped file, the table and the defaults say the same: the file is written from the table.
func TestShippedConfigIsTheTable(t *testing.T) {
	shipped, err := os.ReadFile("../config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(shipped) != exampleConfig() {
		t.Errorf("config.yaml should be\n%s", exampleConfig())
	}
	c, warnings, err := LoadConfig(LoadOptions{File: "../config.yaml"})
	if err != nil || len(warnings) != 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	for _, s := range settingRows {
		if !c.IsSet(s.key) && s.key != "pattern" {
			t.Errorf("%s is not in config.yaml", s.key)
		}
	}
	if !sameFields(c, mustLoad(t, LoadOptions{})) {
		t.Errorf("config.yaml changes a default: %v", c)
	}
	if c.CheckRun() != nil || !c.embedded() || c.IsSet("kafka.group.id") {
		t.Errorf("config.yaml should set embedded, and no group: %v", c)
	}
}

func TestShippedConfigIsShort(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(exampleConfig()), "\n")
	if len(lines) > 70 {
		t.Errorf("config.yaml has %d lines", len(lines))
	}
	for i, line := range lines {
		if len(line) > 140 {
			t.Errorf("line %d has %d characters: %s", i+1, len(line), line)
		}
	}
}

// The file, and every way to write a key, fit the schema that editors get.
func TestTheSchemaAcceptsWhatIsAccepted(t *testing.T) {
	var shipped any
	if err := yaml.Unmarshal([]byte(exampleConfig()), &shipped); err != nil {
		t.Fatal(err)
	}
	if problem := fits(shipped, configSchema(), "config.yaml"); problem != "" {
		t.Error(problem)
	}
	for key, text := range samples {
		for _, file := range []string{key + ": " + text, nested(key, text), key + ": ${env:X}"} {
			var read any
			if err := yaml.Unmarshal([]byte(file), &read); err != nil {
				t.Fatal(err)
			}
			if problem := fits(read, configSchema(), "config"); problem != "" {
				t.Errorf("%s: %s", file, problem)
			}
		}
	}
}

func TestTheSchemaRefusesMistakes(t *testing.T) {
	for _, file := range []string{"intervall: 2s", "interval: 2", "log: {level: loud}", "delivery: sometimes", "topics: []", "kafka: {group: x}", "memory: 5", "failure.retries: -1"} {
		var read any
		if err := yaml.Unmarshal([]byte(file), &read); err != nil {
			t.Fatal(err)
		}
		if fits(read, configSchema(), "config") == "" {
			t.Errorf("%s fits", file)
		}
	}
}

// fits checks v against the words of JSON Schema that configSchema uses; "" when it fits.
func fits(v any, schema map[string]any, path string) string {
	if any1, ok := schema["anyOf"]; ok {
		for _, one := range any1.([]any) {
			if fits(v, one.(map[string]any), path) == "" {
				return ""
			}
		}
		return path + " fits none"
	}
	if words, ok := schema["enum"]; ok && !slices.Contains(words.([]string), asText(v)) {
		return path + " is no such word"
	}
	if fixed, ok := schema["const"]; ok && !reflect.DeepEqual(asNumber(v), asNumber(fixed)) {
		return path + " is something else"
	}
	if !fitsType(v, schema["type"]) {
		return path + " has the wrong type"
	}
	if pattern, ok := schema["pattern"]; ok && !regexp.MustCompile(pattern.(string)).MatchString(asText(v)) {
		return path + " has the wrong form"
	}
	if least, ok := schema["minimum"]; ok && asNumber(v) < asNumber(least) {
		return path + " is too small"
	}
	switch v := v.(type) {
	case []any:
		if least, ok := schema["minItems"]; ok && len(v) < least.(int) {
			return path + " is too short"
		}
	case map[string]any:
		return fitsObject(v, schema, path)
	}
	return ""
}

func fitsObject(v map[string]any, schema map[string]any, path string) string {
	properties, _ := schema["properties"].(map[string]any)
	patterns, _ := schema["patternProperties"].(map[string]any)
	for key, inner := range v {
		one, ok := properties[key].(map[string]any)
		for pattern, other := range patterns {
			if !ok && regexp.MustCompile(pattern).MatchString(key) {
				one, ok = other.(map[string]any), true
			}
		}
		if !ok && schema["additionalProperties"] == false {
			return path + "." + key + " is not in the schema"
		}
		if problem := fits(inner, one, path+"."+key); problem != "" {
			return problem
		}
	}
	return ""
}

func fitsType(v, types any) bool {
	names := []string{}
	switch t := types.(type) {
	case nil:
		return true
	case string:
		names = append(names, t)
	case []any:
		for _, name := range t {
			names = append(names, name.(string))
		}
	}
	is := map[string]bool{}
	switch v.(type) {
	case nil:
		is["null"] = true
	case string:
		is["string"] = true
	case bool:
		is["boolean"] = true
	case []any:
		is["array"] = true
	case map[string]any:
		is["object"] = true
	case float64:
		is["number"] = true
	default:
		is["number"], is["integer"] = true, true
	}
	return slices.ContainsFunc(names, func(name string) bool { return is[name] })
}

func asText(v any) string { s, _ := v.(string); return s }

func asNumber(v any) float64 {
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		return float64(r.Int())
	case r.CanUint():
		return float64(r.Uint())
	case r.CanFloat():
		return r.Float()
	}
	return -1
}

// Every key and every property of Kafka's has a row, in five cells.
func TestSettingsTableIsWhole(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(settingsTable()), "\n")
	if want := 2 + len(settingRows) + 1 + len(kafka.Properties()); len(rows) != want {
		t.Errorf("%d rows, not %d", len(rows), want)
	}
	for _, row := range rows {
		if bars := strings.Count(row, "|") - strings.Count(row, `\|`); bars != 5 {
			t.Errorf("%d bars: %s", bars, row)
		}
	}
	for _, s := range settingRows {
		if s.doc == "" || s.kind.accepted == "" {
			t.Errorf("%s is not documented", s.key)
		}
	}
}
