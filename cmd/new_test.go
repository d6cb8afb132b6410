package cmd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// runIn runs the go command in a folder, with what is in the module cache only.
func runIn(t *testing.T, folder string, args ...string) string {
	t.Helper()
	c := exec.Command("go", args...)
	c.Dir = folder
	c.Env = append(os.Environ(), "GOFLAGS=-mod=mod -buildvcs=false -ldflags=-w"+tagged(), "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")
	var out, errOut bytes.Buffer
	c.Stdout, c.Stderr = &out, &errOut
	if err := c.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s%s", strings.Join(args, " "), err, errOut.String(), out.String())
	}
	return out.String()
}

// tagged is the tag of the tests, with which this run has compiled all that is needed: franz-go's client alone, and what stands on it,
// would take a fifth of the suite's time again. With HIBANA_TEST_VET, as in CI, the modules are built as their owners build them.
func tagged() string {
	if os.Getenv("HIBANA_TEST_VET") != "" {
		return ""
	}
	return " -tags=synctests"
}

// vetting asks for all of go vet when HIBANA_TEST_VET is set: it has to look at everything that is imported, too, which the checks that
// go test does by itself have seen in this very run.
func vetting() string {
	if os.Getenv("HIBANA_TEST_VET") != "" {
		return "-vet=all"
	}
	return "-vet="
}

// A new module works at once: it is vetted, its tests pass, and it runs a batch on its own broker.
func TestNewModuleWorksAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	orders := filepath.Join(t.TempDir(), "orders")
	t.Run("new", func(t *testing.T) {
		t.Chdir(filepath.Dir(orders)) // what does so cannot be parallel
		var out, errOut bytes.Buffer
		m := Main{Args: []string{"new", "example.com/team/orders"}, Stdout: &out, Stderr: &errOut}
		if code := m.Run(); code != ExitOK {
			t.Fatalf("exit %d: %s", code, errOut.String())
		}
		if said := out.String() + errOut.String(); !strings.Contains(said, "its source tree") || !strings.Contains(said, "cd orders && go test") {
			t.Errorf("it said %s", said)
		}
	})
	t.Parallel()
	before, err := os.ReadFile(filepath.Join(orders, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	runIn(t, orders, "test", vetting(), "./...")
	printed := runIn(t, orders, "run", ".", "--batches", "2", "-X", "interval=500ms", "-X", "embedded.listen=127.0.0.1:0",
		"-X", "embedded.sample=100/s", "-X", "instance="+filepath.Base(t.TempDir())+"-new", "-X", "kafka.group.id=new")
	if strings.Count(printed, "Time: ") != 2 || !strings.Contains(printed, "(spark,") {
		t.Errorf("it printed %s", printed)
	}
	if after, _ := os.ReadFile(filepath.Join(orders, "go.mod")); !bytes.Equal(before, after) {
		t.Errorf("go.mod was not complete: %s", after)
	}
}

func TestNewOverwritesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("orders", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"job.go", "config.yaml"} {
		if err := os.WriteFile(filepath.Join("orders", name), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var errOut bytes.Buffer
	m := Main{Args: []string{"new", "orders"}, Stderr: &errOut}
	if code := m.Run(); code != ExitRefused {
		t.Errorf("exit %d", code)
	}
	for _, name := range []string{"orders/job.go", "orders/config.yaml"} {
		if text, _ := os.ReadFile(name); string(text) != "mine" || !strings.Contains(errOut.String(), name) {
			t.Errorf("%s is %q, and it said %s", name, text, errOut.String())
		}
	}
	if entries, _ := os.ReadDir("orders"); len(entries) != 2 {
		t.Errorf("there are %d files", len(entries))
	}
}

func TestNewRefusesNamesThatAreNoModules(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"new"}, {"new", "a", "b"}, {"new", "../x"}, {"new", ""}, {"new", "a b"}, {"new", "/tmp/x"}, {"new", "main"}, {"new", modulePath + "/x"}} {
		if code := (&Main{Args: args}).Run(); code != ExitUsage {
			t.Errorf("%q: exit %d", args, code)
		}
	}
	if entries, _ := os.ReadDir("."); len(entries) != 0 {
		t.Errorf("it wrote %v", entries)
	}
}

// A published version is asked for by its name; everything else is replaced by the source tree, if that is still there.
func TestNewFindsWhereItComesFrom(t *testing.T) {
	here, err := filepath.Abs("new_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		version, file, want string
		fails               bool
	}{
		{"v1.2.3", "github.com/hibana-stream/hibana/cmd/new_origin.go", "require github.com/hibana-stream/hibana v1.2.3", false},
		{"v1.2.3-rc.1", here, "require github.com/hibana-stream/hibana v1.2.3-rc.1", false},
		{"", here, "replace github.com/hibana-stream/hibana => " + quoted(filepath.Dir(filepath.Dir(here))), false},
		{"(devel)", here, "replace ", false},
		{"v0.0.0-20261124191502-1fbcb3a00000", here, "replace ", false},
		{"v1.2.3+dirty", here, "replace ", false},
		{"", "github.com/hibana-stream/hibana/cmd/new_origin.go", "", true},
		{"(devel)", "/nowhere/cmd/new_origin.go", "", true},
	} {
		o, err := originOf(c.version, c.file)
		if (err != nil) != c.fails {
			t.Errorf("%q in %s: %v", c.version, c.file, err)
		}
		if err != nil {
			continue
		}
		if mod, _, err := o.goMod("x"); err != nil || !strings.Contains(mod, c.want) {
			t.Errorf("%q in %s: %v\n%s", c.version, c.file, err, mod)
		}
	}
	replaced := &debug.BuildInfo{Deps: []*debug.Module{{Path: modulePath, Version: "v1.0.0", Replace: &debug.Module{Path: "/x"}}}}
	if v := builtVersion(replaced); v != "" {
		t.Errorf("a replaced one has version %s", v)
	}
}
