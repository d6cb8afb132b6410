package cmd

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// README's table is written by settingsTable.
func TestReadmeHasTheSettings(t *testing.T) {
	_, rest, _ := strings.Cut(readme(t), "<!-- settings -->\n")
	table, _, found := strings.Cut(rest, "<!-- /settings -->")
	if !found || table != settingsTable() {
		t.Errorf("between README's markers there should be\n%s", settingsTable())
	}
}

// The configuration for a cluster of one's own is one that hibana run takes.
func TestReadmeConfigurationIsRight(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(readmeFile(t, "yaml", "config.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := LoadConfig(LoadOptions{File: file, Env: []string{"KAFKA_PASSWORD=secret"}})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	if err := c.CheckRun(); err != nil {
		t.Error(err)
	}
}

// README's Go files, as they stand there, are a program: it is vetted, its test passes, it runs, and the behaviour answers.
func TestReadmeIsAProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a program")
	}
	t.Parallel()
	folder := readmeModule(t)
	runIn(t, folder, "test", vetting(), ".")
	runIn(t, folder, "build", "-o", "program", ".")
	socket := filepath.Join(folder, "s")
	program := exec.Command("./program", "-X", "interval=500ms", "-X", "embedded.listen=127.0.0.1:0", "-X", "embedded.sample=100/s",
		"-X", "kafka.group.id=readme", "-X", "console.socket="+socket)
	program.Dir, program.Stderr = folder, t.Output()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	if fires := tellUntil(t, folder, socket); fires == "0" {
		t.Error("the behaviour saw nothing")
	}
	if err := program.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := program.Wait(); err != nil {
		t.Error(err)
	}
}

// tellUntil asks the behaviour until it has seen something.
func tellUntil(t *testing.T, folder, socket string) (fires string) {
	t.Helper()
	fires = "0"
	for deadline := time.Now().Add(3 * time.Minute); fires == "0" && time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		tell := exec.Command("./program", "repl", "--socket", socket, "-c", "tell alarm")
		tell.Dir = folder
		if out, err := tell.Output(); err == nil {
			fires = strings.TrimSpace(strings.TrimPrefix(string(out), "answer"))
		}
	}
	return fires
}

// readmeModule is a module of README's Go files, which reads this source tree.
func readmeModule(t *testing.T) string {
	t.Helper()
	home, err := findOrigin()
	if err != nil {
		t.Skip(err)
	}
	mod, sum, err := home.goMod("example.com/readme")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	files := []newFile{{"go.mod", mod}, {"go.sum", sum}}
	for _, name := range []string{"main.go", "job.go", "job_test.go", "alarm.go"} {
		files = append(files, newFile{name, readmeFile(t, "go", name)})
	}
	if err := writeNew(folder, files); err != nil {
		t.Fatal(err)
	}
	return folder
}

// readmeFile is the block of README whose first line is a comment with the file's name.
func readmeFile(t *testing.T, language, name string) string {
	t.Helper()
	comment := map[string]string{"go": "//", "yaml": "#"}[language]
	block := regexp.MustCompile("(?s)```" + language + "\n" + comment + " " + regexp.QuoteMeta(name) + "\n(.*?)```").FindStringSubmatch(readme(t))
	if block == nil {
		t.Fatalf("README has no %s", name)
	}
	return block[1]
}
