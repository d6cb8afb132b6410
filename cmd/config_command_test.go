package cmd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// configure runs hibana config with these arguments.
func configure(env []string, args ...string) (code int, stdout, stderr string) {
	var out, told bytes.Buffer
	m := Main{Args: append([]string{"config"}, args...), Env: env, Stdout: &out, Stderr: &told}
	code = m.Run()
	return code, out.String(), told.String()
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestConfigCheckSaysOkOrEverything(t *testing.T) {
	name := writeConfig(t, "interval: 1s\ntopics: [a]\n")
	if code, out, told := configure(nil, "check", "-f", name); code != ExitOK || out != "ok: "+name+", 2 settings\n" || told != "" {
		t.Errorf("%d %q %q", code, out, told)
	}
	code, out, told := configure(nil, "check", "-f", name, "-X", "interval=x", "-X", "foo=1", "-X", "topics=[]")
	if code != ExitUsage || out != "" || strings.Count(told, "accepted:") != 3 || !strings.Contains(told, "3 errors in the configuration") {
		t.Errorf("%d %q %q", code, out, told)
	}
	if code, _, told := configure(nil, "check", "-f", name+".not"); code != ExitUsage || !strings.Contains(told, "no such file") {
		t.Errorf("%d %q", code, told)
	}
}

func TestConfigShowMasksSecretsAndNamesOrigins(t *testing.T) {
	name := writeConfig(t, "kafka: {group.id: '${env:GROUP}'}\n")
	for _, format := range []string{"table", "yaml", "json"} {
		code, out, told := configure([]string{"GROUP=" + hunter, "HIBANA_LOG_LEVEL=debug"}, "show", "--origin", "-o", format, "-f", name, "-X", "interval=1s")
		if code != ExitOK || strings.Contains(out+told, hunter) || !strings.Contains(out, mask) {
			t.Errorf("%s: %d\n%s%s", format, code, out, told)
		}
		for _, origin := range []string{name + ":1:19", "HIBANA_LOG_LEVEL", "-X interval=1s", "default"} {
			if !strings.Contains(out, origin) {
				t.Errorf("%s: no %s in\n%s", format, origin, out)
			}
		}
	}
	if code, _, told := configure(nil, "show", "-o", "xml"); code != ExitUsage || !strings.Contains(told, "table, yaml, json") {
		t.Errorf("%d %q", code, told)
	}
}

func TestConfigSchemaIsJSON(t *testing.T) {
	code, out, _ := configure(nil, "schema")
	var schema map[string]any
	if err := json.Unmarshal([]byte(out), &schema); err != nil || code != ExitOK || schema["properties"] == nil {
		t.Errorf("%d %v", code, err)
	}
}
