package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
)

const modulePath = "github.com/hibana-stream/hibana"

// origin is where a new module gets hibana from: a published version, or the source tree that this program was built from.
type origin struct {
	version string // "" for a build from a source tree
	tree    string
}

// published versions are releases; what go makes up for a checkout (v0.0.0-date-commit, +dirty) is none.
var published = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[a-z]+(\.\d+)?)?$`)

// findOrigin reads it from the build.
func findOrigin() (origin, error) {
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = builtVersion(info)
	}
	_, file, _, _ := runtime.Caller(0)
	return originOf(version, file)
}

// builtVersion is hibana's version in a build, be it the program or a part of one; "" when it comes from a source tree.
func builtVersion(info *debug.BuildInfo) string {
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == modulePath && m.Replace == nil {
			return m.Version
		}
	}
	return ""
}

// originOf decides: file is where this source file was when it was compiled.
func originOf(version, file string) (origin, error) {
	tree := filepath.Dir(filepath.Dir(file))
	if published.MatchString(version) {
		return origin{version: version}, nil
	}
	if _, err := os.Stat(filepath.Join(tree, "go.mod")); !filepath.IsAbs(file) || err != nil {
		return origin{}, errors.New("new: this build has no published version, and its source tree is not on this machine; run it from a checkout: go run ./cmd/hibana new NAME")
	}
	return origin{tree: tree}, nil
}

// remark says what go.mod points to.
func (o origin) remark() string {
	if o.version != "" {
		return "go.mod asks for hibana " + o.version
	}
	return "this build has no published version: a replace in go.mod points to its source tree, " + o.tree
}

// first is what has to be done before anything else.
func (o origin) first() string {
	if o.version != "" {
		return "go mod tidy && "
	}
	return ""
}

// goMod are the new module's go.mod and go.sum. From a source tree they are complete: the tree's own requirements are taken over, so
// that nothing need be looked up.
func (o origin) goMod(module string) (mod, sum string, err error) {
	if o.version != "" {
		return fmt.Sprintf("module %s\n\ngo 1.26.0\n\nrequire %s %s\n", module, modulePath, o.version), "", nil
	}
	own, err := os.ReadFile(filepath.Join(o.tree, "go.mod"))
	if err != nil {
		return "", "", err
	}
	sums, err := os.ReadFile(filepath.Join(o.tree, "go.sum"))
	if err != nil {
		return "", "", err
	}
	_, rest, _ := strings.Cut(string(own), "\n")
	mod = fmt.Sprintf("module %s\n%s\nrequire %s v0.0.0\n\nreplace %s => %s\n", module, rest, modulePath, modulePath, quoted(o.tree))
	return mod, string(sums), nil
}

// quoted is a path as go.mod wants it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t\"'`()[]{},") {
		return fmt.Sprintf("%q", path)
	}
	return path
}
