package cmd

import (
	"regexp"
	"strings"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// mask stands for a secret wherever a setting is shown.
const mask = "***"

// shape is how a value was written.
type shape int

const (
	scalar shape = iota
	list
	nothing // null, or no value at all
)

// value is one setting as somebody wrote it.
type value struct {
	key    string
	shape  shape
	texts  []string // one for a scalar, any number for a list
	raw    any      // as YAML sees it; for behaviours, whose settings have no kind
	origin Origin   // of the value
	keyAt  Origin   // of the key, for findings about it
	secret bool     // never shown
}

// joined is the text of a scalar, and a list with commas.
func (v value) joined() string { return strings.Join(v.texts, ",") }

// shown is the text for people: lists in brackets, secrets masked.
func (v value) shown() string {
	switch {
	case v.secret:
		return mask
	case v.shape == list:
		return "[" + strings.Join(v.texts, ", ") + "]"
	case v.shape == nothing:
		return ""
	}
	return v.joined()
}

// indirect tells whether a secret is to be fetched from somewhere else.
func (v value) indirect() bool { return strings.Contains(v.joined(), "${") }

// secretive finds names whose value nobody should see, also when they are misspelt.
var secretive = regexp.MustCompile(`(?i)` + secretWords)

const secretWords = `pass|pasw|pwd|secret|token|credential|jaas|api.?key|private.?key`

// isSecret tells whether the values of key are never shown.
func isSecret(key string) bool {
	if p, ok := kafkaProperty(key); ok {
		return p.Kind == kafka.KindSecret
	}
	if _, ok := settingOf(key); ok {
		return false
	}
	return secretive.MatchString(key)
}
