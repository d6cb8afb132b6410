package cmd

import (
	"strings"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// configSchema is the JSON schema of the configuration file. A key may be written dotted, nested, or partly so; Kafka's
// properties are offered in their own dotted names.
func configSchema() map[string]any {
	schema := schemaOf("")
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "hibana's config.yaml"
	return schema
}

// schemaOf is the schema of the keys that begin with section: each under the rest of its name, and under every part of it.
func schemaOf(section string) map[string]any {
	properties := make(map[string]any)
	for _, s := range settingRows {
		rest, ok := strings.CutPrefix(s.key, section)
		if !ok {
			continue
		}
		properties[rest] = schemaOfSetting(s)
		for i, r := range rest {
			if r == '.' {
				properties[rest[:i]] = schemaOf(section + rest[:i+1])
			}
		}
	}
	if section == "" {
		properties["kafka"] = schemaOfKafka(properties)
		properties["behaviours"] = map[string]any{
			"type": []any{"object", "null"}, "description": "settings of behaviours, by their names",
			"additionalProperties": map[string]any{"type": []any{"object", "null"}},
		}
	}
	return closed(properties, map[string]any{"^behaviours\\.": map[string]any{}}, section == "")
}

// closed is an object with these keys only. A section whose keys are all commented out is null.
func closed(properties, patterns map[string]any, root bool) map[string]any {
	schema := map[string]any{"type": []any{"object", "null"}, "properties": properties, "additionalProperties": false}
	if root {
		schema["patternProperties"] = patterns
	}
	return schema
}

func schemaOfSetting(s setting) map[string]any {
	schema := map[string]any{"description": s.doc + " (" + s.kind.accepted + ")"}
	for word, v := range s.kind.schema {
		schema[word] = v
	}
	switch {
	case s.kind.list:
		schema["default"] = s.texts()
	default:
		schema["default"] = s.fallback
	}
	return schema
}

// schemaOfKafka is the schema of the section, and adds the same properties to the top level, dotted.
func schemaOfKafka(top map[string]any) map[string]any {
	properties := make(map[string]any)
	for _, p := range kafka.Properties() {
		schema := map[string]any{
			"description": p.Doc + " (" + p.Accepted + ")",
			"type":        []any{"string", "number", "boolean"},
		}
		if p.Kind == kafka.KindList {
			schema["type"] = []any{"string", "array"}
		}
		if p.Default != "" {
			schema["default"] = p.Default
		}
		for _, name := range namesOf(p) {
			properties[name] = schema
			top[kafkaPrefix+name] = schema
		}
	}
	return closed(properties, nil, false)
}
