package cmd

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// inline reads the value of a variable or a flag as YAML would: a list for a key that takes one, keys for a section, and text
// otherwise, so that a regular expression or a password needs no quotes.
func (l *loader) inline(v value, text string) {
	_, isSetting := settingOf(v.key)
	_, isKafka := kafkaProperty(v.key)
	trimmed := strings.TrimSpace(text)
	switch {
	case takesList(v.key):
		v.shape, v.texts = list, entries(trimmed)
		l.accept(v)
	case !isSetting && !isKafka && (freeForm(v.key) || isSection(v.key)):
		l.inlineTree(v, trimmed)
	default:
		v.texts = []string{unquote(text)}
		l.accept(v)
	}
}

// inlineTree reads what may be keys: {audit: {limit: 5}}.
func (l *loader) inlineTree(v value, text string) {
	if isSection(v.key) && !strings.HasPrefix(text, "{") {
		l.report(v.origin, v.key, "keys belong here, and this is none", "{KEY: VALUE}, with one of: "+members(v.key+"."), foreign[plain(v.key)])
		return
	}
	if !strings.HasPrefix(v.key, behaviourPrefix) && !strings.HasPrefix(text, "{") {
		v.texts = []string{unquote(text)} // a Kafka property that there is not
		l.accept(v)
		return
	}
	root := l.parse(text, v.origin)
	if root == nil {
		return
	}
	if _, isMap := root.(ast.MapNode); isMap {
		l.behaviour(v.key)
		l.mapping(root, v.key, v.origin)
		return
	}
	l.leaf(v, root)
}

// entries are the parts of a list: [a, b] or a,b.
func entries(text string) []string {
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = strings.TrimSpace(text[1 : len(text)-1])
	}
	var all []string
	if text == "" {
		return all
	}
	for entry := range strings.SplitSeq(text, ",") {
		all = append(all, unquote(strings.TrimSpace(entry)))
	}
	return all
}

// unquote takes the quotes off that YAML would.
func unquote(text string) string {
	if n := len(text); n >= 2 && text[0] == text[n-1] && (text[0] == '"' || text[0] == '\'') {
		return text[1 : n-1]
	}
	return text
}
