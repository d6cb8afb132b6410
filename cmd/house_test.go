package cmd_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/hibana-stream/hibana"

// imports is the table of who may import whom, the same as in .golangci.yml: the packages of this module, and of
// the libraries in doors the ones a package is the door to. A package that is not here has no place in the house yet.
var imports = map[string][]string{
	"messages":                       {},
	"actors":                         {"messages", "actors/streaming", "actors/checkpoint", protoactor, zerolog},
	"actors/behaviours":              {"messages", protoactor},
	"actors/console":                 {"messages", protoactor},
	"actors/streaming":               {"messages"},
	"actors/streaming/streamingtest": {"messages", "actors/streaming", "actors/checkpoint"},
	"actors/checkpoint":              {"messages"},
	"actors/kafka":                   {"messages", franz},
	"actors/web":                     {"messages"},
	"cmd":                            {everything, zerolog},
	"cmd/hibana":                     {everything, zerolog},
}

const (
	everything = "everything of this module"
	protoactor = "github.com/asynkron/protoactor-go"
	franz      = "github.com/twmb/franz-go"
	zerolog    = "github.com/rs/zerolog"
)

var doors = []string{protoactor, franz, zerolog}

// The names at the top level are fixed: whoever opens the repository sees the house, not its scaffolding.
func TestTopLevelHoldsTheHouseOnly(t *testing.T) {
	listed, err := exec.Command("git", "-C", "..", "ls-files", "-z").CombinedOutput()
	if err != nil {
		t.Skipf("not a git checkout: %v: %s", err, listed)
	}
	house := []string{"actors", "messages", "cmd", "config.yaml", "go.mod", "go.sum", "README.md"}
	for file := range strings.SplitSeq(strings.TrimRight(string(listed), "\x00"), "\x00") {
		top, _, _ := strings.Cut(file, "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(house, top) {
			t.Errorf("%s: %s does not belong at the top level", file, top)
		}
	}
}

// Goroutines begin in streaming.Context and in kafka's source, which wait for them; everywhere else they would outlive a stop.
func TestGoroutinesBeginWhereTheyAreWaitedFor(t *testing.T) {
	for _, f := range sources(t) {
		if under(f.dir, "actors/streaming") || under(f.dir, "actors/kafka") {
			continue
		}
		for n := range ast.Preorder(f.syntax) {
			if g, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s: a go statement; Context.Go launches what must be waited for", f.at(g))
			}
		}
	}
}

// An actor that takes a lock blocks in Receive, and shares what it should have sent.
func TestActorsHoldNoLock(t *testing.T) {
	for _, f := range sources(t) {
		if f.dir != "actors" {
			continue
		}
		for n := range ast.Preorder(f.syntax) {
			s, ok := n.(*ast.SelectorExpr)
			if ok && f.refersTo(s.X, "sync") && (s.Sel.Name == "Mutex" || s.Sel.Name == "RWMutex") {
				t.Errorf("%s: sync.%s; actors exchange messages", f.at(s), s.Sel.Name)
			}
		}
	}
}

// A plain go test says what the linter would say, for whoever does not run the linter.
func TestImportsFollowTheTable(t *testing.T) {
	for _, f := range sources(t) {
		allowed, known := imports[f.dir]
		if !known {
			t.Errorf("%s: package %s is not in the table of imports", f.name, f.dir)
			continue
		}
		for _, spec := range f.syntax.Imports {
			if p, _ := strconv.Unquote(spec.Path.Value); !permitted(f.dir, allowed, p) {
				t.Errorf("%s: %s may not import %s", f.at(spec), f.dir, p)
			}
		}
	}
}

func permitted(dir string, allowed []string, imported string) bool {
	if p, ours := strings.CutPrefix(imported, module+"/"); ours {
		return slices.Contains(allowed, everything) || slices.Contains(allowed, p)
	}
	for _, door := range doors {
		if under(imported, door) {
			return slices.Contains(allowed, door)
		}
	}
	// Only the standard library's names have no dot in their first part.
	first, _, _ := strings.Cut(imported, "/")
	return dir != "messages" || !strings.Contains(first, ".")
}

func under(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }

// source is one Go file of the program itself; tests may import and launch what they need.
type source struct {
	dir, name string // slash-separated, from the top level
	files     *token.FileSet
	syntax    *ast.File
}

func (f source) at(n ast.Node) string {
	return f.name + ":" + strconv.Itoa(f.files.Position(n.Pos()).Line)
}

// refersTo reports whether x is the name under which f imports the package.
func (f source) refersTo(x ast.Expr, imported string) bool {
	id, ok := x.(*ast.Ident)
	return ok && slices.ContainsFunc(f.syntax.Imports, func(s *ast.ImportSpec) bool {
		name := path.Base(imported)
		if s.Name != nil {
			name = s.Name.Name
		}
		return s.Path.Value == strconv.Quote(imported) && id.Name == name
	})
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go"):
			return nil
		}
		f, err := parse(p)
		all = append(all, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go file found: the walk looks in the wrong place")
	}
	return all
}

func parse(p string) (source, error) {
	name := filepath.ToSlash(strings.TrimPrefix(p, ".."+string(filepath.Separator)))
	f := source{dir: path.Dir(name), name: name, files: token.NewFileSet()}
	var err error
	f.syntax, err = parser.ParseFile(f.files, p, nil, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		// fluent.go is for Go 1.27, whose syntax an older parser reads in part only: enough for its imports.
		if builds, _ := build.Default.MatchFile(filepath.Split(p)); !builds && f.syntax != nil {
			err = nil
		}
	}
	return f, err
}
