package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// LoadOptions say where a configuration comes from.
type LoadOptions struct {
	// File is read; "" for none. It must exist.
	File string
	// Overrides are key=value, as -X takes them; a later one wins.
	Overrides []string
	// Env are NAME=value pairs: those that begin with HIBANA_ set keys, and ${env:NAME} finds any of them.
	Env []string
	// ReadFile reads File and what ${file:…} names; nil reads from the disk.
	ReadFile func(name string) ([]byte, error)
}

// mostFile bounds configuration files and secrets: more is a wrong file, not a long configuration.
const mostFile = 128 << 10

// LoadConfig reads the file, then the environment, then the overrides; what comes later wins, and what nobody sets has its default.
// The error is a *ConfigError with everything that is wrong.
func LoadConfig(o LoadOptions) (*Config, []Warning, error) {
	l := &loader{options: o, config: &Config{values: make(map[string]value)}}
	l.file()
	l.environment()
	l.overrides()
	l.resolve()
	l.defaults()
	l.assign()
	l.kafka()
	if len(l.findings) == 0 {
		l.crossCheck()
	}
	if len(l.findings) > 0 {
		return nil, l.warnings, &ConfigError{Findings: l.cleaned()}
	}
	l.config.excerpt = l.cutOut
	return l.config, l.warnings, nil
}

// loader is one call of LoadConfig under way.
type loader struct {
	options  LoadOptions
	config   *Config
	lines    []string // of the file
	secrets  []string // texts that nothing may show
	findings []Finding
	warnings []Warning
}

// accept takes one value in; a value from a weaker source gives way, though it must be right as well.
func (l *loader) accept(v value) {
	if !l.known(v) {
		return
	}
	v.secret = v.secret || isSecret(v.key)
	if v.shape == scalar && takesList(v.key) {
		v.shape, v.texts = list, entries(v.joined())
	}
	if v.secret {
		l.hide(v)
	}
	if before, ok := l.config.values[v.key]; ok {
		if before.origin.Kind == FromFile && v.origin.Kind == FromFile {
			l.report(v.keyAt, v.key, "it is there twice, first at "+before.keyAt.String(), "one of the two", "")
			return
		}
		l.checkLoser(before)
	}
	l.config.values[v.key] = v
}

// known reports a key that does not exist. Kafka's properties have a table of their own, which kafka asks.
func (l *loader) known(v value) bool {
	if _, ok := settingOf(v.key); ok || freeForm(v.key) {
		return true
	}
	l.unknown(v)
	return false
}

func (l *loader) unknown(v value) {
	nearest, accepted := nearestKey(v.key), ""
	if isSecret(v.key) || isSecret(nearest) {
		l.hide(v)
	}
	if nearest == "" {
		section, _, _ := cutLast(v.key, ".")
		if !isSection(section) {
			section = ""
		}
		accepted = members(sectionOf(section))
	}
	l.report(v.keyAt, v.key, "there is no such key", accepted, nearest)
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// checkLoser checks what another source overrides: a wrong value is wrong even so. What must be fetched is left alone, because
// overriding it is the way to do without.
func (l *loader) checkLoser(v value) {
	if v.indirect() {
		return
	}
	if s, ok := settingOf(v.key); ok {
		l.try(v, s, new(Config))
	}
	name, ok := strings.CutPrefix(v.key, kafkaPrefix)
	if !ok || !l.single(v) {
		return
	}
	_, err := kafka.NewSettings(map[string]string{name: v.joined()})
	for _, wrong := range propertyErrors(err) {
		if _, exists := kafkaProperty(v.key); wrong.Accepted != "" || !exists { // rather than what would go with it
			l.property(wrong, v, true)
		}
	}
}

// assign reads what was set into the fields.
func (l *loader) assign() {
	for _, s := range settingRows {
		if v, ok := l.config.values[s.key]; ok {
			l.try(v, s, l.config)
		}
	}
	l.behaviours()
}

// try reads v into c.
func (l *loader) try(v value, s setting, c *Config) {
	var wrong *badValue
	switch {
	case v.shape == nothing:
		l.report(v.origin, v.key, "it has no value", s.kind.accepted+"; without the line: "+s.written(), "")
	case v.shape == list && !s.kind.list:
		l.report(v.origin, v.key, "it has a list, and takes one value", s.kind.accepted, "")
	case errors.As(s.kind.set(c, v.texts), &wrong):
		if v.secret {
			wrong = &badValue{problem: "the value, which came by ${…}, is not accepted"}
		}
		l.report(v.origin, v.key, wrong.problem, s.kind.accepted, wrong.nearest)
	}
}

// defaults fills the fields of what nobody set.
func (l *loader) defaults() {
	for _, s := range settingRows {
		if err := s.kind.set(l.config, s.texts()); err != nil {
			panic(fmt.Sprintf("the default of %s: %v", s.key, err)) // a test reads the whole table
		}
	}
}

// texts are the default as a file would give it.
func (s setting) texts() []string {
	if !s.kind.list {
		return []string{s.fallback}
	}
	return entries(s.fallback)
}

// written is the default as it is written in YAML.
func (s setting) written() string {
	if s.fallback == "" {
		return `""`
	}
	return s.fallback
}

// report adds a finding. Its line is cut out of the file, secrets masked.
func (l *loader) report(at Origin, key, problem, accepted, nearest string) {
	f := Finding{Origin: at, Key: key, Problem: problem, Accepted: accepted, Nearest: nearest}
	f.Line, f.cut = l.cutOut(at)
	l.findings = append(l.findings, f)
}

// cutOut is the line of the file that a place is in, without secrets, and how much is missing in front of it.
func (l *loader) cutOut(at Origin) (line string, cut int) {
	if at.Kind != FromFile || at.Line == 0 {
		return "", 0
	}
	return around(l.clean(l.excerpt(at.Line)), at.Column)
}

func (l *loader) warn(at Origin, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{Origin: at, Text: fmt.Sprintf(format, args...)})
}

// read reads a whole file, up to mostFile.
func (l *loader) read(name string) ([]byte, error) {
	if l.options.ReadFile != nil {
		return l.options.ReadFile(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if len(data) > mostFile {
		return nil, fmt.Errorf("it has more than %d bytes", mostFile)
	}
	return data, err
}

// environ finds a variable; the last of several wins, as in a process.
func (l *loader) environ(name string) (string, bool) {
	for _, e := range slices.Backward(l.options.Env) {
		if text, ok := strings.CutPrefix(e, name+"="); ok {
			return text, true
		}
	}
	return "", false
}
