package cmd

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hibana-stream/hibana/messages"
)

//go:embed scaffold
var scaffold embed.FS

// newFile is a file of a new module.
type newFile struct{ name, text string }

// templates are the files that are the same in each module but for NAME. Their names end in .txt, so that Go takes them for no program.
var templates = []string{"main.go", "job.go", "job_test.go", "Dockerfile", "gitignore"}

// moduleFiles are all files of a new module.
func moduleFiles(module, folder string, home origin) ([]newFile, error) {
	var files []newFile
	for _, name := range templates {
		text, err := fs.ReadFile(scaffold, "scaffold/"+name+".txt")
		if err != nil {
			return nil, err
		}
		files = append(files, newFile{strings.Replace(name, "gitignore", ".gitignore", 1), strings.ReplaceAll(string(text), "NAME", folder)})
	}
	mod, sum, err := home.goMod(module)
	if err != nil {
		return nil, err
	}
	files = append(files, newFile{"config.yaml", exampleConfig()}, newFile{"go.mod", mod})
	if sum != "" {
		files = append(files, newFile{"go.sum", sum})
	}
	return files, nil
}

// writeNew writes all files or none: when one of them is there already, it names those that are.
func writeNew(folder string, files []newFile) error {
	var there []string
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(folder, f.name)); !errors.Is(err, fs.ErrNotExist) {
			there = append(there, filepath.Join(folder, f.name))
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("%w: nothing is overwritten, and there is already %s", messages.ErrRefused, strings.Join(there, ", "))
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeOnce(filepath.Join(folder, f.name), f.text); err != nil {
			return err
		}
	}
	return nil
}

// writeOnce creates a file, and fails if somebody has created it meanwhile.
func writeOnce(name, text string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
