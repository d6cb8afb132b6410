package cmd_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever comes from Spark finds each operation under its name, with an example whose output is checked.
func TestEveryOperationIsExplainedAndShown(t *testing.T) {
	shown, operations := examples(t), 0
	for _, f := range sources(t) {
		if f.dir != "actors/streaming" || strings.HasSuffix(f.name, "/fluent.go") {
			continue
		}
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() || !isOperation(fn) {
				continue
			}
			operations++
			name := strings.TrimPrefix(receiver(fn)+"_"+fn.Name.Name, "_")
			if !strings.Contains(fn.Doc.Text(), "Spark") {
				t.Errorf("%s: the comment of %s does not say what Spark has for it", f.at(fn), name)
			}
			if !shown[name] {
				t.Errorf("%s: there is no Example%s with an output", f.at(fn), name)
			}
		}
	}
	if operations < 50 {
		t.Errorf("only %d operations found: the search looks for the wrong thing", operations)
	}
}

// isOperation tells whether a function takes or makes a stream, but for what programs rather than jobs call.
func isOperation(fn *ast.FuncDecl) bool {
	found := streams[receiver(fn)]
	for _, fields := range []*ast.FieldList{fn.Type.Params, fn.Type.Results} {
		if fields == nil {
			continue
		}
		for _, field := range fields.List {
			found = found || streams[base(field.Type)]
		}
	}
	return found && fn.Name.Name != "HandOver"
}

var streams = map[string]bool{"Stream": true, "PairStream": true, "MappedStream": true, "EventTimed": true, "Queue": true}

func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	return base(fn.Recv.List[0].Type)
}

// base is the name of a type without its parameters.
func base(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return base(x.X)
	case *ast.Ellipsis:
		return base(x.Elt)
	case *ast.IndexExpr:
		return base(x.X)
	case *ast.IndexListExpr:
		return base(x.X)
	}
	return ""
}

// examples are the names of the engine's examples whose output is checked.
func examples(t *testing.T) map[string]bool {
	t.Helper()
	names, err := filepath.Glob("../actors/streaming/*_test.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no tests of the engine: %v", err)
	}
	shown := map[string]bool{}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			continue // of Go 1.27
		}
		for _, e := range doc.Examples(f) {
			if e.Output != "" {
				shown[e.Name] = true
			}
		}
	}
	return shown
}
