package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/goccy/go-yaml"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// shownSetting is one line of config show.
type shownSetting struct {
	key    string
	value  value
	origin Origin
}

// shown lists every key with its effective value: ours, Kafka's, and what behaviours were given. Without a value anywhere, a
// property of Kafka's is left out.
func (c *Config) shown() []shownSetting {
	var all []shownSetting
	for _, s := range settingRows {
		v, ok := c.values[s.key]
		if !ok {
			v = value{key: s.key, texts: s.texts()}
			if s.kind.list {
				v.shape = list
			}
		}
		if s.key == "topics" && len(c.Topics) == 0 {
			v = value{key: s.key, shape: list, origin: c.Origin("pattern")} // the pattern names them
		}
		all = append(all, shownSetting{s.key, v, v.origin})
	}
	all = append(all, c.shownProperties()...)
	for _, key := range c.Keys() {
		if strings.HasPrefix(key, behaviourPrefix) {
			all = append(all, shownSetting{key, c.values[key], c.Origin(key)})
		}
	}
	return all
}

func (c *Config) shownProperties() []shownSetting {
	var all []shownSetting
	for _, p := range kafka.Properties() {
		for _, name := range namesOf(p) {
			key := kafkaPrefix + name
			v, ok := c.values[key]
			if !ok && name == p.Name && !c.setProperty(p.Name) {
				v = value{key: key, texts: []string{c.fallback(p)}}
				ok = v.texts[0] != ""
			}
			if ok {
				all = append(all, shownSetting{key, v, v.origin})
			}
		}
	}
	return all
}

// fallback is what holds for a property that nobody set.
func (c *Config) fallback(p kafka.Property) string {
	switch {
	case p.Name == "bootstrap.servers" && c.embedded():
		return embeddedServers
	case p.Name == "group.id":
		return c.group()
	case p.Name == "enable.idempotence":
		return strconv.FormatBool(c.Settings.Idempotent()) // it gives way to acks
	case p.Name == "isolation.level" && c.Settings.ReadCommitted():
		return "read_committed"
	}
	return p.Default
}

var showFormats = map[string]func(w io.Writer, all []shownSetting, origin bool) error{
	"table": showTable,
	"yaml":  showYAML,
	"json":  showJSON,
}

func showTable(w io.Writer, all []shownSetting, origin bool) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range all {
		// Nothing that a value holds may break the lines or the columns.
		line := s.key + "\t" + oneLine(s.value.shown())
		if origin {
			line += "\t" + oneLine(s.origin.String())
		}
		if _, err := fmt.Fprintln(table, line); err != nil {
			return err
		}
	}
	return table.Flush()
}

func oneLine(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// showYAML prints what LoadConfig would read, secrets aside. The defaults of Kafka's properties are comments: some of them give
// way to what is set, which they would not if they were set themselves.
func showYAML(w io.Writer, all []shownSetting, origin bool) error {
	for _, s := range all {
		written, err := yaml.MarshalWithOptions(s.value.plain(), yaml.Flow(true))
		if err != nil {
			return err
		}
		line := s.key + ": " + strings.TrimSpace(string(written))
		if s.origin.Kind == FromDefault && strings.HasPrefix(s.key, kafkaPrefix) {
			line = "# " + line
		}
		if origin {
			line += "  # " + oneLine(s.origin.String())
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// plain is the value as an encoder takes it, masked if it is a secret.
func (v value) plain() any {
	switch {
	case v.secret:
		return mask
	case v.shape == nothing && v.raw == nil:
		return nil
	case v.shape == list:
		return slices.Concat([]string{}, v.texts)
	case v.raw != nil && strings.HasPrefix(v.key, behaviourPrefix):
		return v.raw
	}
	return v.joined()
}

func showJSON(w io.Writer, all []shownSetting, origin bool) error {
	object := make(map[string]any)
	for _, s := range all {
		object[s.key] = s.value.plain()
		if origin {
			object[s.key] = map[string]any{"value": s.value.plain(), "origin": s.origin.String()}
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object)
}
