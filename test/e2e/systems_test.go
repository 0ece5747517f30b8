package e2e

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// teal --host is for workstations and CI agents of other systems. Linux is what
// TestMain built and all scenarios run. A build for another system compiles all
// of its packages anew, for minutes where nothing is cached; what stops one is
// code that doesn't check there, a call that only Unix has. So that is looked
// for, with the compiler's own rules, in teal and in every module it stands on.
func TestScenarioTheCommandLineBuildsForLinuxMacOSAndWindows(t *testing.T) {
	t.Parallel()
	if built.teal == "" {
		t.Error("TestMain built no teal for this system")
	}
	for _, system := range []string{"darwin", "windows"} {
		seen := checkedFor(t, system, "../../cmd/teal")
		if seen["teal/cmd/teal"] == nil || seen["teal/internal/cli"] == nil || len(seen) < 300 {
			t.Errorf("%s: only %d packages are checked", system, len(seen))
		}
		t.Logf("%s: %d packages check", system, len(seen))
	}
}

// compiled is a package as the go command would compile it for a system.
type compiled struct {
	ImportPath, Dir string
	GoFiles         []string
	ImportMap       map[string]string // to what an import leads, where it isn't the package of that name
	Standard        bool
}

// checkedFor checks a program and all that it imports, as the system wants it.
func checkedFor(t *testing.T, system, program string) map[string]*types.Package {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,ImportMap,Standard", program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]*types.Package{"unsafe": types.Unsafe}
	for d := json.NewDecoder(out); ; { // what is imported comes before what imports it
		var s compiled
		if err := d.Decode(&s); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if s.ImportPath != "unsafe" {
			seen[s.ImportPath] = s.checked(t, system, seen)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("go list for %s: %v", system, err)
	}
	return seen
}

func (s compiled) checked(t *testing.T, system string, seen map[string]*types.Package) *types.Package {
	t.Helper()
	files := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range s.GoFiles {
		f, err := parser.ParseFile(files, filepath.Join(s.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("%s: %v", system, err)
		}
		parsed = append(parsed, f)
	}
	rules := types.Config{
		Importer: imports{s, seen}, Sizes: types.SizesFor("gc", runtime.GOARCH),
		IgnoreFuncBodies: s.Standard, // Go's own tests see to those
		Error:            func(err error) { t.Errorf("%s: %v", system, err) },
	}
	p, _ := rules.Check(s.ImportPath, files, parsed, nil) // Error has heard of it
	return p
}

// imports finds what a package imports among those seen before.
type imports struct {
	of   compiled
	seen map[string]*types.Package
}

func (i imports) Import(path string) (*types.Package, error) {
	if other, is := i.of.ImportMap[path]; is {
		path = other
	}
	if p := i.seen[path]; p != nil {
		return p, nil
	}
	return nil, errors.New(path + " is imported and not there")
}
