package cmd

import (
	"slices"
	"strings"
	"sync"

	"github.com/hibana-stream/hibana/actors/kafka"
)

const (
	kafkaPrefix     = "kafka."
	behaviourPrefix = "behaviours."
)

// settingOf is the row of key.
func settingOf(key string) (setting, bool) {
	i := slices.IndexFunc(settingRows, func(s setting) bool { return s.key == key })
	if i < 0 {
		return setting{}, false
	}
	return settingRows[i], true
}

// properties are Kafka's by their keys, such as kafka.acks and kafka.producer.acks.
var properties = sync.OnceValue(func() map[string]kafka.Property {
	all := make(map[string]kafka.Property)
	for _, p := range kafka.Properties() {
		for _, name := range namesOf(p) {
			all[kafkaPrefix+name] = p
		}
	}
	return all
})

// kafkaProperty is the property that a key such as kafka.producer.acks stands for.
func kafkaProperty(key string) (kafka.Property, bool) {
	p, ok := properties()[key]
	return p, ok
}

// takesList tells whether the values of key are lists.
func takesList(key string) bool {
	if s, ok := settingOf(key); ok {
		return s.kind.list
	}
	p, ok := kafkaProperty(key)
	return ok && p.Kind == kafka.KindList
}

// namesOf are the names under which a property may be written, its own first.
func namesOf(p kafka.Property) []string {
	names := []string{p.Name}
	for _, role := range []kafka.Role{kafka.RoleProducer, kafka.RoleConsumer} {
		if p.Role == role || p.Role == kafka.RoleBoth {
			names = append(names, string(role)+"."+p.Name)
		}
	}
	return names
}

// allKeys are the keys that there are, Kafka's properties under their own names only.
var allKeys = sync.OnceValue(func() []string {
	var keys []string
	for _, s := range settingRows {
		keys = append(keys, s.key)
	}
	for _, p := range kafka.Properties() {
		keys = append(keys, kafkaPrefix+p.Name)
	}
	return append(keys, "behaviours")
})

// isSection tells whether there are keys that begin with path and a dot.
func isSection(path string) bool {
	if name, ok := strings.CutPrefix(path, behaviourPrefix); ok {
		return !strings.Contains(name, ".")
	}
	return path == "behaviours" || slices.ContainsFunc(allKeys(), func(key string) bool { return strings.HasPrefix(key, path+".") })
}

// freeForm tells whether key may be followed by keys that no table of ours has.
func freeForm(key string) bool {
	return strings.HasPrefix(key, kafkaPrefix) || strings.HasPrefix(key, behaviourPrefix)
}

// members are the keys of a section for people, without the section's name; of the top level for "".
func members(section string) string {
	var names []string
	for _, key := range allKeys() {
		rest, ok := strings.CutPrefix(key, section)
		if section == "" {
			rest, _, _ = strings.Cut(key, ".")
			ok = true
		}
		if ok && !slices.Contains(names, rest) {
			names = append(names, rest)
		}
	}
	return strings.Join(names, ", ")
}
