package cmd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("hibana", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// loadDeployed loads a configuration as it would be on the machine it is for: the files that it names are there.
func loadDeployed(t *testing.T, text string, env ...string) *Config {
	t.Helper()
	folder := t.TempDir()
	for _, name := range regexp.MustCompile(`/(run|etc)/[a-z./-]+/[a-z.-]+`).FindAllString(text, -1) {
		if strings.HasSuffix(name, "socket") || !strings.Contains(text, "${file:"+name) {
			continue
		}
		there := filepath.Join(folder, filepath.Base(name))
		if err := os.WriteFile(there, []byte("secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, name, there)
	}
	file := filepath.Join(folder, "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := LoadConfig(LoadOptions{File: file, Env: env})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v %v", warnings, err)
	}
	if err := c.CheckRun(); err != nil {
		t.Errorf("hibana run would refuse it: %v", err)
	}
	return c
}

// manifests are the objects of kubernetes.yaml by their kinds.
func manifests(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for d := yaml.NewDecoder(bytes.NewReader([]byte(deployed(t, "kubernetes.yaml")))); ; {
		var object map[string]any
		if err := d.Decode(&object); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[object["kind"].(string)] = object
	}
}

// at goes down a path of keys and, in lists, numbers.
func at(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			v = v.(map[string]any)[s]
		case int:
			v = v.([]any)[s]
		}
	}
	return v
}

func TestTheManifestsRunAConfigurationThatIsRight(t *testing.T) {
	all := manifests(t)
	c := loadDeployed(t, at(all["ConfigMap"], "data", "config.yaml").(string), "HIBANA_INSTANCE=hibana-0")
	if c.Instance != "hibana-0" || c.embedded() {
		t.Errorf("instance %q, embedded %v", c.Instance, c.embedded())
	}
	pod := at(all["StatefulSet"], "spec", "template", "spec")
	if grace := at(pod, "terminationGracePeriodSeconds").(uint64); time.Duration(grace)*time.Second <= c.Stop.Timeout {
		t.Errorf("a pod is killed after %d s, and a stop may take %v", grace, c.Stop.Timeout)
	}
	if path := at(pod, "containers", 0, "env", 0, "valueFrom", "fieldRef", "fieldPath"); path != "metadata.name" {
		t.Errorf("the instance is %v", path)
	}
	if _, ok := at(all["Secret"], "stringData").(map[string]any)["password"]; !ok {
		t.Error("there is no password in the Secret")
	}
}

func TestTheUnitRunsAConfigurationThatIsRight(t *testing.T) {
	c := loadDeployed(t, deployed(t, "config.yaml"))
	unit := deployed(t, "hibana.service")
	for _, line := range []string{"Type=exec", "Restart=on-failure", "RestartPreventExitStatus=2", "StateDirectory=hibana", "RuntimeDirectory=hibana"} {
		if !strings.Contains(unit, "\n"+line+"\n") {
			t.Errorf("hibana.service lacks %s", line)
		}
	}
	found := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindStringSubmatch(unit)
	if found == nil {
		t.Fatal("no TimeoutStopSec")
	}
	if seconds, _ := strconv.Atoi(found[1]); time.Duration(seconds)*time.Second <= c.Stop.Timeout {
		t.Errorf("systemd kills after %d s, and a stop may take %v", seconds, c.Stop.Timeout)
	}
	if c.Checkpoint != "/var/lib/hibana" || c.Console.Socket != "/run/hibana/socket" {
		t.Errorf("its folders are not the unit's: %s, %s", c.Checkpoint, c.Console.Socket)
	}
}

func TestImagesAreStaticAndWithoutRoot(t *testing.T) {
	scaffolded, err := scaffold.ReadFile("scaffold/Dockerfile.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{deployed(t, "Dockerfile"), string(scaffolded)} {
		for _, line := range []string{"CGO_ENABLED=0", "distroless/static", ":nonroot", "ENTRYPOINT"} {
			if !strings.Contains(text, line) {
				t.Errorf("no %s in\n%s", line, text)
			}
		}
	}
}
