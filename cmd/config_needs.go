package cmd

import (
	"errors"
	"strings"

	"github.com/hibana-stream/hibana/actors/kafka"
)

// CheckRun says what hibana run needs and nobody has set: where Kafka is, and on a real cluster the group. Defaults do not
// count, so that a typing mistake never becomes a run on the embedded broker. The error is a *ConfigError.
func (c *Config) CheckRun() error {
	var findings []Finding
	if !c.setProperty("bootstrap.servers") {
		findings = append(findings, Finding{
			Key:      serversKey,
			Problem:  "nobody has said where Kafka is",
			Accepted: "in a file  kafka: {bootstrap.servers: \"broker:9092\"}  or  -X kafka.bootstrap.servers=broker:9092  (embedded is a broker inside this process)",
		})
	} else if err := c.CheckGroup(); err != nil {
		return err
	}
	if len(findings) > 0 {
		return &ConfigError{Findings: findings}
	}
	return nil
}

// CheckGroup says that a real cluster needs a group that somebody has chosen: offsets are committed under its name. It holds for
// every way to start. The error is a *ConfigError.
func (c *Config) CheckGroup() error {
	if c.embedded() || c.group() != "" {
		return nil
	}
	at := c.propertyKey("group.id") // which may be empty
	if !c.IsSet(at) {
		at = c.propertyKey("bootstrap.servers")
	}
	return c.found(at, Finding{
		Key:      groupKey,
		Problem:  "nobody has named the consumer group of this cluster, under which offsets are committed and instances share the work",
		Accepted: "in a file  kafka: {group.id: counts}  or  -X kafka.group.id=counts",
	})
}

// checkStart is what every start needs; strict is hibana run, which wants to be told where Kafka is.
func (c *Config) checkStart(strict bool) error {
	check := c.CheckGroup
	if strict {
		check = c.CheckRun
	}
	if err := check(); err != nil {
		return err
	}
	return c.CheckFiles()
}

// CheckFiles reads the certificates and the token that the properties name, so that a file that does not serve is found where it
// was named, and before anything is connected. The error is a *ConfigError.
func (c *Config) CheckFiles() error {
	var wrong *kafka.FileError
	err := c.Settings.CheckFiles()
	if !errors.As(err, &wrong) {
		return err
	}
	key, accepted := c.propertyKey(wrong.Setting), "a PEM file that this user may read"
	if strings.HasPrefix(wrong.Setting, "sasl.") {
		accepted = "a file with a token that this user may read"
	}
	return c.found(key, Finding{Key: key, Problem: wrong.Err.Error(), Accepted: accepted})
}

// located is a property that the cluster contradicts, at the place where it was set.
func (c *Config) located(wrong *kafka.PropertyError) *ConfigError {
	key := c.propertyKey(wrong.Property)
	return c.found(key, Finding{Key: key, Problem: wrong.Reason, Accepted: wrong.Accepted})
}

// found is one finding at the place where a key was set.
func (c *Config) found(key string, f Finding) *ConfigError {
	f.Origin = c.Origin(key)
	if c.excerpt != nil {
		f.Line, f.cut = c.excerpt(f.Origin)
	}
	return &ConfigError{Findings: []Finding{f}}
}

// CheckState says what a job with keyed state or windows needs: under exchange: memory a checkpoint folder, because state is saved
// with its offsets or not at all. The error is a *ConfigError.
func (c *Config) CheckState() error {
	if c.Exchange != ExchangeMemory || c.Checkpoint != "" {
		return nil
	}
	return c.found("checkpoint", Finding{
		Key:      "checkpoint",
		Problem:  "the job keeps state, and there is no folder to save it in",
		Accepted: "a folder, such as -X checkpoint=state; or exchange: partition, when the job's keys are the records' keys",
	})
}
