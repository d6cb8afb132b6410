package cmd

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

func newNewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME",
		Short: "Write a program of your own, with a job and its test",
		Long: "new writes a Go module into the folder NAME: a job to begin with, its test, a configuration and a Dockerfile.\n" +
			"NAME may be a module's path; the folder is its last part. Nothing is overwritten.",
		Example: "  hibana new orders\n  hibana new example.com/team/orders",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &UsageError{errors.New("new: it takes one NAME, as in hibana new orders")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return writeModule(c, args[0]) },
	}
}

// writeModule writes the files, and says what comes next.
func writeModule(c *cobra.Command, module string) error {
	folder, err := folderOf(module)
	if err != nil {
		return &UsageError{err}
	}
	home, err := findOrigin()
	if err != nil {
		return err
	}
	files, err := moduleFiles(module, folder, home)
	if err != nil {
		return err
	}
	if err := writeNew(folder, files); err != nil {
		return err
	}
	for _, f := range files {
		c.Printf("  %s/%s\n", folder, f.name)
	}
	c.Println(home.remark())
	c.Printf("next: cd %s && %sgo test ./... && go run .\n", folder, home.first())
	return nil
}

var moduleNames = regexp.MustCompile(`^[a-z0-9][a-zA-Z0-9._~-]*(/[a-zA-Z0-9][a-zA-Z0-9._~-]*)*$`)

// folderOf is the folder of a module: the last part of its path.
func folderOf(module string) (string, error) {
	folder := path.Base(module)
	switch {
	case !moduleNames.MatchString(module):
		return "", fmt.Errorf("new: %q is no module's path; letters, digits, dots, - and _, as in orders or example.com/team/orders", module)
	case module == modulePath || strings.HasPrefix(module, modulePath+"/"):
		return "", fmt.Errorf("new: %s is this program itself", module)
	case module == "std" || module == "cmd" || module == "main":
		return "", fmt.Errorf("new: Go keeps the name %s for itself", module)
	}
	return folder, nil
}
