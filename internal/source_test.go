// Package internal_test keeps the law: which room may import which, and the
// rules of the house. Each ban has its reason, and each is shown to fail on a
// file that breaks it.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// source is one Go file of the module.
type source struct {
	path   string // from the module's root, with slashes: internal/term/json.go
	lines  int
	syntax *ast.File
	fset   *token.FileSet
}

// parse reads a file's syntax, comments included.
func parse(t *testing.T, name string, text any) source {
	t.Helper()
	fset := token.NewFileSet()
	disk := filepath.Join("..", filepath.FromSlash(name))
	syntax, err := parser.ParseFile(fset, disk, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{path: name, lines: fset.File(syntax.FileStart).LineCount(), syntax: syntax, fset: fset}
}

// module reads every Go file of the module.
func module(t *testing.T) []source {
	t.Helper()
	var files []source
	err := filepath.WalkDir("..", func(disk string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && disk != ".." && (name == "testdata" || name == "bin" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") {
			rel, err := filepath.Rel("..", disk)
			if err != nil {
				return err
			}
			files = append(files, parse(t, filepath.ToSlash(rel), nil))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d Go files found: the law looks at the wrong folder", len(files))
	}
	return files
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) in(dirs ...string) bool {
	for _, dir := range dirs {
		if strings.HasPrefix(s.path, dir+"/") {
			return true
		}
	}
	return false
}

// room is the file's folder right under internal, "" for files elsewhere.
func (s source) room() string {
	rest, ok := strings.CutPrefix(path.Dir(s.path), "internal/")
	if !ok {
		return ""
	}
	room, _, _ := strings.Cut(rest, "/")
	return room
}

func (s source) imports() []string {
	var paths []string
	for _, spec := range s.syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// functions calls visit with every function and how many lines it has.
func (s source) functions(visit func(name string, lines int)) {
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if f, ok := n.(*ast.FuncDecl); ok && f.Body != nil {
			visit(f.Name.Name, s.fset.Position(f.End()).Line-s.fset.Position(f.Pos()).Line+1)
		}
		return true
	})
}

// calls calls visit with every call of a package's function (os.Exit) or of a
// built-in (panic).
func (s source) calls(visit func(name string, call *ast.CallExpr)) {
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		switch f := call.Fun.(type) {
		case *ast.Ident:
			visit(f.Name, call)
		case *ast.SelectorExpr:
			if pkg, ok := f.X.(*ast.Ident); ok {
				visit(pkg.Name+"."+f.Sel.Name, call)
			}
		}
		return true
	})
}
