package internal_test

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	fileLines     = 400
	functionLines = 60
	usualLines    = 45 // nine in ten functions are shorter
)

// rule is a rule of the house: broken returns what is wrong with a file.
type rule struct {
	name   string
	why    string
	broken func(s source) []string
	sample [2]string // a file that breaks it
}

var rules = []rule{
	{
		name:   "only cmd/teal exits",
		why:    "a deploy holds a lock and undoes what it began: an exit deep inside skips both",
		broken: exits,
		sample: [2]string{"internal/term/x.go", "package term\nfunc f() { os.Exit(1) }"},
	},
	{
		name:   "no shell",
		why:    "a name that reached a shell has been a way in again and again: argument vectors only",
		broken: shells,
		sample: [2]string{"internal/nginx/x_test.go", `package nginx; func f() { exec.CommandContext(ctx, "/bin/sh", "-c", "true") }`},
	},
	{
		name:   "no panic",
		why:    "an error is wrapped and told once; a panic leaves a deploy half done",
		broken: panics,
		sample: [2]string{"internal/plan/x.go", "package plan\nfunc f() { panic(1) }"},
	},
	{
		name:   "nothing sleeps",
		why:    "what is waited for is asked, with a deadline; a sleep is too long or too short",
		broken: sleeps,
		sample: [2]string{"internal/probe/x_test.go", "package probe\nfunc f() { time.Sleep(1) }"},
	},
	{
		name:   "files are short",
		why:    "one noun a file",
		broken: longFile,
		sample: [2]string{"internal/term/x.go", "package term\n" + strings.Repeat("\n", fileLines)},
	},
	{
		name:   "functions are short",
		why:    "what can't be read at once can't be judged",
		broken: longFunctions,
		sample: [2]string{"internal/term/x.go", "package term\nfunc f() {" + strings.Repeat("\n", functionLines) + "}"},
	},
	{
		name:   "packages are nouns",
		why:    "a drawer for everything becomes the room that all others know",
		broken: drawer,
		sample: [2]string{"internal/utils/x.go", "package utils"},
	},
}

func exits(s source) []string {
	if s.in("cmd/teal", "examples", "test", "bench") || s.test() {
		return nil
	}
	return called(s, "os.Exit", "log.Fatal", "log.Fatalf", "log.Fatalln")
}

func panics(s source) []string {
	if !s.in("internal", "cmd") || s.test() {
		return nil
	}
	return called(s, "panic")
}

func sleeps(s source) []string { return called(s, "time.Sleep") }

func called(s source, names ...string) []string {
	var found []string
	s.calls(func(name string, call *ast.CallExpr) {
		if slices.Contains(names, name) {
			found = append(found, fmt.Sprintf("line %d calls %s", s.fset.Position(call.Pos()).Line, name))
		}
	})
	return found
}

var shellName = regexp.MustCompile(`^(.*/)?(ba|da|z|k|a)?sh$`)

// shells finds commands whose program, the first text among the arguments, is
// a shell.
func shells(s source) []string {
	var found []string
	s.calls(func(name string, call *ast.CallExpr) {
		if !slices.Contains([]string{"exec.Command", "exec.CommandContext", "os.StartProcess", "syscall.Exec"}, name) {
			return
		}
		if text, ok := firstText(call.Args); ok && shellName.MatchString(text) {
			found = append(found, fmt.Sprintf("line %d runs %s", s.fset.Position(call.Pos()).Line, text))
		}
	})
	return found
}

func firstText(args []ast.Expr) (string, bool) {
	for _, arg := range args {
		if lit, ok := arg.(*ast.BasicLit); ok {
			text, err := strconv.Unquote(lit.Value)
			return text, err == nil
		}
	}
	return "", false
}

func longFile(s source) []string {
	if s.lines <= fileLines {
		return nil
	}
	return []string{fmt.Sprintf("%d lines, at most %d", s.lines, fileLines)}
}

func longFunctions(s source) []string {
	var found []string
	s.functions(func(name string, lines int) {
		if lines > functionLines {
			found = append(found, fmt.Sprintf("%s has %d lines, at most %d", name, lines, functionLines))
		}
	})
	return found
}

func drawer(s source) []string {
	for _, name := range []string{s.syntax.Name.Name, path.Base(path.Dir(s.path))} {
		if slices.Contains([]string{"util", "utils", "helper", "helpers", "common", "misc"}, name) {
			return []string{"a package named " + name}
		}
	}
	return nil
}

func TestEveryFileKeepsTheRulesOfTheHouse(t *testing.T) {
	for _, s := range module(t) {
		for _, r := range rules {
			for _, what := range r.broken(s) {
				t.Errorf("%s: %s\n\tbut %s: %s", s.path, what, r.name, r.why)
			}
		}
	}
}

func TestEachRuleFailsOnAFileThatBreaksIt(t *testing.T) {
	for _, r := range rules {
		if found := r.broken(parse(t, r.sample[0], r.sample[1])); len(found) != 1 {
			t.Errorf("%q finds %v in a file that breaks it once", r.name, found)
		}
	}
}

func TestNineInTenFunctionsAreShort(t *testing.T) {
	all, long := 0, 0
	for _, s := range module(t) {
		s.functions(func(_ string, lines int) {
			all++
			if lines > usualLines {
				long++
			}
		})
	}
	if long*10 > all {
		t.Errorf("%d of %d functions have more than %d lines, at most one in ten may", long, all, usualLines)
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	told := map[string]bool{}
	for _, s := range module(t) {
		if s.test() {
			continue
		}
		dir := path.Dir(s.path)
		told[dir] = told[dir] || s.syntax.Doc != nil
	}
	for dir, ok := range told {
		if !ok {
			t.Errorf("%s has no package comment: it states what the package is for and its invariant", dir)
		}
	}
}

// direct matches a requirement of go.mod that teal itself imports.
var direct = regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)

func TestEveryDirectDependencyHasItsReason(t *testing.T) {
	mod, reasons := read(t, "../go.mod"), read(t, "../docs/dependencies.md")
	found := direct.FindAllStringSubmatch(mod, -1)
	if len(found) < 10 {
		t.Fatalf("only %d direct dependencies found in go.mod", len(found))
	}
	for _, m := range found {
		if !strings.Contains(reasons, "`"+m[1]+"`") {
			t.Errorf("docs/dependencies.md gives no reason for %s", m[1])
		}
	}
}

func TestEveryReasonIsForADependencyThereIs(t *testing.T) {
	mod := read(t, "../go.mod")
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(read(t, "../docs/dependencies.md"), -1) {
		if !strings.Contains(mod, "\t"+m[1]+" v") {
			t.Errorf("docs/dependencies.md tells of %s, which go.mod lacks", m[1])
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
