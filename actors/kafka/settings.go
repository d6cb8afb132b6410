package kafka

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Settings are Kafka properties, checked: what the program's clients are made of. It is immutable, safe for concurrent use,
// and no formatting of it shows a secret.
type Settings struct {
	producer, consumer, admin view
	text                      map[string]string // as given, secrets masked
	warnings                  []string
}

// view is what one client sees of the properties: its own prefix first, then the bare name, then the default.
type view struct {
	role   Role
	values map[string]any
	given  map[string]bool

	instance string // of the options under way
}

// NewSettings reads properties by their Kafka names; the prefixes "producer." and "consumer." give one client a value of its
// own. The error joins a *PropertyError for everything that is wrong; it touches neither files nor the network.
func NewSettings(values map[string]string) (*Settings, error) {
	s := &Settings{text: make(map[string]string)}
	parsed, errs := s.read(values)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	s.producer = newView(RoleProducer, parsed, "producer.", "")
	s.consumer = newView(RoleConsumer, parsed, "consumer.", "")
	s.admin = newView(roleAdmin, parsed, "", "consumer.", "producer.")
	if errs := s.contradictions(); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	s.warnings = s.warn()
	return s, nil
}

func (s *Settings) read(values map[string]string) (parsed map[string]any, errs []error) {
	parsed = make(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		p, ok := lookup(name)
		if !ok {
			errs = append(errs, unknown(name))
			continue
		}
		value, err := p.parse(values[name])
		s.text[name] = values[name]
		if p.Kind == KindSecret {
			s.text[name] = mask
		}
		if err != nil {
			errs = append(errs, &PropertyError{Property: name, Value: s.text[name], Accepted: p.Accepted, Reason: err.Error()})
		}
		parsed[name] = value
	}
	return parsed, errs
}

func newView(role Role, parsed map[string]any, prefixes ...string) view {
	v := view{role: role, values: make(map[string]any), given: make(map[string]bool)}
	for _, p := range table {
		v.values[p.Name] = p.fallback()
		for _, prefix := range prefixes {
			if value, ok := parsed[prefix+p.Name]; ok {
				v.values[p.Name], v.given[p.Name] = value, true
				break
			}
		}
	}
	return v
}

// fallback is the parsed default, or the zero value of the kind where there is none.
func (p Property) fallback() any {
	if p.Default != "" {
		if value, err := p.parse(p.Default); err == nil {
			return value
		}
	}
	switch p.Kind {
	case KindList:
		return []string(nil)
	case KindSecret:
		return secretly("")
	}
	return ""
}

func (v view) text(name string) string            { return v.values[name].(string) }
func (v view) secret(name string) string          { return v.values[name].(secret)() }
func (v view) list(name string) []string          { return v.values[name].([]string) }
func (v view) number(name string) int64           { return v.values[name].(int64) }
func (v view) truth(name string) bool             { return v.values[name].(bool) }
func (v view) duration(name string) time.Duration { return v.values[name].(time.Duration) }
func (v view) acks() acknowledgement              { return v.values["acks"].(acknowledgement) }

// Warnings are sentences about settings that are accepted and may surprise, in a stable order.
func (s *Settings) Warnings() []string { return slices.Clone(s.warnings) }

// Masked is the text of a property as it was given, stars for a secret; the default when it was not given, and "" for a
// name that is not known.
func (s *Settings) Masked(name string) string {
	if text, ok := s.text[name]; ok {
		return text
	}
	p, _ := lookup(name)
	return p.Default
}

// String lists what was given, by name, secrets as stars.
func (s *Settings) String() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s.text)) {
		all = append(all, fmt.Sprintf("%s=%s", name, s.text[name]))
	}
	return strings.Join(all, " ")
}

// GoString is String, so that %#v shows no secret either.
func (s *Settings) GoString() string { return "kafka.Settings{" + s.String() + "}" }
