package cmd

import (
	"errors"
	"io/fs"
	"reflect"
	"testing"
	"time"
)

// files serves a configuration file, and what it refers to, from memory.
type files map[string]string

func (f files) read(name string) ([]byte, error) {
	text, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// yamlFile are options that read this text as c.yaml.
func yamlFile(text string) LoadOptions {
	return LoadOptions{File: "c.yaml", ReadFile: files{"c.yaml": text}.read}
}

func mustLoad(t *testing.T, o LoadOptions) *Config {
	t.Helper()
	c, _, err := LoadConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// findings are what is wrong with a configuration; none fails the test.
func findings(t *testing.T, o LoadOptions) []Finding {
	t.Helper()
	_, _, err := LoadConfig(o)
	var wrong *ConfigError
	if !errors.As(err, &wrong) {
		t.Fatalf("no ConfigError but %v", err)
	}
	return wrong.Findings
}

func TestNothingSetIsTheDefaults(t *testing.T) {
	c := mustLoad(t, LoadOptions{})
	if c.Interval != 2*time.Second || !reflect.DeepEqual(c.Topics, []string{"events"}) || c.Delivery != AtLeastOnce || c.Exchange != ExchangeMemory {
		t.Errorf("interval %v, topics %v, delivery %v, exchange %v", c.Interval, c.Topics, c.Delivery, c.Exchange)
	}
	if c.Memory.Records != 64<<20 || c.Embedded.Sample != 5 || c.Startup.Timeout != time.Minute || c.Failure.Then != ThenStop {
		t.Errorf("memory %d, sample %v, startup %v, then %v", c.Memory.Records, c.Embedded.Sample, c.Startup.Timeout, c.Failure.Then)
	}
	if !c.embedded() || c.group() != "hibana" || len(c.Keys()) != 0 {
		t.Errorf("embedded %v, group %q, set %v", c.embedded(), c.group(), c.Keys())
	}
}

// A flag wins over the environment, that over the file, that over the default.
func TestTheStrongerSourceWins(t *testing.T) {
	o := yamlFile("interval: 3s\nlog: {level: debug}\n")
	o.Env = []string{"HIBANA_INTERVAL=4s", "HIBANA_EMBEDDED_SAMPLE=0"}
	o.Overrides = []string{"interval=5s", "interval=6s"}
	c := mustLoad(t, o)
	if c.Interval != 6*time.Second || c.Origin("interval").Kind != FromFlag {
		t.Errorf("interval %v from %v", c.Interval, c.Origin("interval"))
	}
	if c.Embedded.Sample != 0 || c.Origin("embedded.sample").Kind != FromEnv || c.Log.Level != "debug" || c.Origin("log.level").Kind != FromFile {
		t.Errorf("sample %v from %v, level %v from %v", c.Embedded.Sample, c.Origin("embedded.sample"), c.Log.Level, c.Origin("log.level"))
	}
	if o := c.Origin("log.level"); o.String() != "c.yaml:2:14" {
		t.Errorf("log.level from %v", o)
	}
}

func TestListsMayBeWrittenInEveryUsualWay(t *testing.T) {
	for _, o := range []LoadOptions{
		{Overrides: []string{"topics=[a, b]"}}, {Overrides: []string{"topics=a,b"}}, {Overrides: []string{`topics=["a",'b']`}},
		{Env: []string{"HIBANA_TOPICS=a, b"}}, {Env: []string{"T=a,b"}, Overrides: []string{"topics=${env:T}"}},
		yamlFile("topics: [a, b]"), yamlFile("topics:\n- a\n- b\n"), yamlFile("topics: a,b"), yamlFile("\ufefftopics:\r\n  - a\r\n  - b\r\n"),
	} {
		if c := mustLoad(t, o); !reflect.DeepEqual(c.Topics, []string{"a", "b"}) {
			t.Errorf("%q %q: %q", o.Overrides, o.Env, c.Topics)
		}
	}
	if c := mustLoad(t, yamlFile("kafka: {bootstrap.servers: [a:1, b:2], group.id: g}")); !reflect.DeepEqual(c.Settings.Bootstrap(), []string{"a:1", "b:2"}) {
		t.Errorf("servers %q", c.Settings.Bootstrap())
	}
}
