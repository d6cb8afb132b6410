package kafka

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Kind is what the text of a property is read as.
type Kind string

// The kinds.
const (
	// KindString is any text.
	KindString Kind = "string"
	// KindList is texts with commas between them.
	KindList Kind = "list"
	// KindInt is a whole number.
	KindInt Kind = "int"
	// KindDuration is milliseconds (1500), or a duration with units (1.5s, 2m).
	KindDuration Kind = "duration"
	// KindBytes is a number of bytes, alone (65536) or with a unit (64KiB, 1MB).
	KindBytes Kind = "bytes"
	// KindEnum is one of a few words, in capital or small letters.
	KindEnum Kind = "enum"
	// KindBool is true or false.
	KindBool Kind = "bool"
	// KindSecret is text that is never shown.
	KindSecret Kind = "secret"
)

// Role tells which client a property configures.
type Role string

// The roles. The prefixes "producer." and "consumer." give a property of both roles a value for one of them.
const (
	RoleBoth     Role = "both"
	RoleProducer Role = "producer"
	RoleConsumer Role = "consumer"

	roleAdmin Role = "admin"
)

// Property is one row of the table that drives the parsing of Kafka properties, their documentation, the schema and the
// mapping to the client.
type Property struct {
	// Name is Kafka's own.
	Name string
	Kind Kind
	Role Role
	// Default is the text that stands for a property that is not set: Kafka's, unless Doc says otherwise.
	Default string
	// Accepted says in words which values are accepted.
	Accepted string
	// Doc is one line.
	Doc string

	choices  []choice
	min, max int64 // bytes, milliseconds, or a plain number; ignored when both are 0
	parse    func(text string) (any, error)
	apply    applyFunc
}

// applyFunc turns the parsed value into options; view holds the other properties of the same client.
type applyFunc func(v view, value any) ([]kgo.Opt, error)

// choice is one value of an enumeration under all its names, the canonical one first.
type choice []string

var table = describe(slices.Concat(connection, group, fetching, producing, security))

// describe completes rows with what follows from them.
func describe(rows []Property) []Property {
	for i := range rows {
		if rows[i].parse == nil {
			rows[i].parse = rows[i].parser()
		}
		if rows[i].Accepted == "" {
			rows[i].Accepted = rows[i].accepted()
		}
	}
	return rows
}

// Properties is the table, in the order in which it documents.
func Properties() []Property { return slices.Clone(table) }

func property(name string) (Property, bool) {
	for _, p := range table {
		if p.Name == name {
			return p, true
		}
	}
	return Property{}, false
}

// lookup finds the property that a name, which may carry a role's prefix, stands for.
func lookup(name string) (Property, bool) {
	if p, ok := property(name); ok {
		return p, true
	}
	for _, role := range []Role{RoleProducer, RoleConsumer} {
		bare, ok := strings.CutPrefix(name, string(role)+".")
		if p, known := property(bare); ok && known && (p.Role == role || p.Role == RoleBoth) {
			return p, true
		}
	}
	return Property{}, false
}

// serves tells whether a client of this role takes p.
func (p Property) serves(role Role) bool { return p.Role == RoleBoth || p.Role == role }

// nearest is the supported name that a wrong one most likely stands for, "" when none is close.
func nearest(wrong string) string {
	prefix, bare := "", strings.ToLower(strings.NewReplacer("_", ".", "-", ".").Replace(wrong))
	for _, role := range []Role{RoleProducer, RoleConsumer} {
		if rest, ok := strings.CutPrefix(bare, string(role)+"."); ok {
			prefix, bare = string(role)+".", rest
		}
	}
	best, score := "", 0.7
	for _, p := range table {
		if s := levenshtein.Match(bare, p.Name, nil); s > score {
			best, score = p.Name, s
		}
	}
	if _, ok := lookup(prefix + best); ok {
		return prefix + best
	}
	return best
}

// PropertyError is a Kafka property that cannot be accepted. Its text never holds a secret.
type PropertyError struct {
	// Property is the name as it was given.
	Property string
	// Value is the text as it was given; stars for a secret, empty for an unknown name.
	Value string
	// Accepted says in words which values would do; empty for an unknown name.
	Accepted string
	// Nearest is a supported name that is close to an unknown one, or its modern name; may be empty.
	Nearest string
	// Reason says what else is wrong, such as a contradiction to another property; may be empty.
	Reason string
}

// Error is one sentence.
func (e *PropertyError) Error() string {
	switch {
	case e.Accepted != "" && e.Reason != "":
		return fmt.Sprintf("%s: %q is not accepted (%s); accepted: %s", e.Property, e.Value, e.Reason, e.Accepted)
	case e.Accepted != "":
		return fmt.Sprintf("%s: %q is not accepted; accepted: %s", e.Property, e.Value, e.Accepted)
	case e.Reason != "":
		return fmt.Sprintf("%s: %s", e.Property, e.Reason)
	case e.Nearest != "":
		return fmt.Sprintf("unknown Kafka property %q; did you mean %q?", e.Property, e.Nearest)
	}
	return fmt.Sprintf("unknown Kafka property %q", e.Property)
}

// unknown is the error for a name that is not in the table.
func unknown(name string) *PropertyError {
	bare := strings.TrimPrefix(strings.TrimPrefix(name, "producer."), "consumer.")
	if modern, ok := renamed[bare]; ok {
		return &PropertyError{Property: name, Nearest: modern, Reason: fmt.Sprintf("Kafka calls this %s now", modern)}
	}
	if reason, ok := refused[bare]; ok {
		return &PropertyError{Property: name, Reason: reason}
	}
	if p, ok := property(bare); ok {
		return &PropertyError{Property: name, Nearest: p.Name, Reason: fmt.Sprintf("%s is a property of the %s only", p.Name, p.Role)}
	}
	return &PropertyError{Property: name, Nearest: nearest(name)}
}
