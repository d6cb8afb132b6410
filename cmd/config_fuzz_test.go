package cmd

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Whatever is written, LoadConfig gives either a configuration that can be shown or findings with places; it never fails in
// another way, and it never says the secret.
func FuzzLoadConfig(f *testing.F) {
	for _, b := range broken {
		f.Add(b.yaml, "interval=2s", "4s")
	}
	for key, text := range samples {
		f.Add(nested(key, text), key+"="+text, text)
	}
	f.Add(exampleConfig(), "kafka={acks: 1}", "[a, b]")
	f.Add("kafka: {sasl.password: ${env:SECRET}}", "behaviours.a={b: [1, {}]}", "${file:/secret}")
	f.Add("\"\\u0000\": ? [", "topics=[${env:SECRET}]", "'")
	const secret = "s3cr3t-s3cr3t"
	f.Fuzz(func(t *testing.T, yaml, override, variable string) {
		o := LoadOptions{
			File: "c.yaml", ReadFile: files{"c.yaml": yaml, "/secret": secret}.read,
			Overrides: []string{override},
			Env:       []string{"HIBANA_INTERVAL=" + variable, "HIBANA_TOPICS=" + variable, "HIBANA_BEHAVIOURS=" + variable, "SECRET=" + secret, "HIBANA_KAFKA_SASL_PASSWORD=" + secret},
		}
		c, warnings, err := LoadConfig(o)
		var told strings.Builder
		for _, w := range warnings {
			told.WriteString(w.String())
		}
		if err != nil {
			checkFindings(t, err)
			told.WriteString(err.Error())
		} else {
			if c.Interval <= 0 || len(c.Topics) == 0 && c.Pattern == "" || c.Settings == nil {
				t.Errorf("an impossible configuration: %v", c)
			}
			for _, show := range showFormats {
				_ = show(io.MultiWriter(&told, io.Discard), c.shown(), true)
			}
		}
		if strings.Contains(told.String(), secret) && !strings.Contains(yaml+override+variable, "s3cr3t") {
			t.Errorf("it says the secret:\n%s", told.String())
		}
	})
}

func checkFindings(t *testing.T, err error) {
	t.Helper()
	var wrong *ConfigError
	if !errors.As(err, &wrong) || len(wrong.Findings) == 0 {
		t.Fatalf("no findings: %v", err)
	}
	for _, f := range wrong.Findings {
		if f.Origin.Kind == FromFile && f.Origin.Line < 0 || f.Problem == "" {
			t.Errorf("no place or no problem: %#v", f)
		}
	}
}
