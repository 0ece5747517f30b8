package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// out is what go test -json says of a run, an event a line.
func out(events ...string) []byte { return []byte(strings.Join(events, "\n") + "\n") }

func TestOnlyAnAssertionThatFailedKills(t *testing.T) {
	const said = `{"Action":"output","Test":"TestX","Output":"    x_test.go:7: got 1, want 2\n"}`
	for name, run := range map[string]struct {
		events []byte
		word   string
		by     string
	}{
		"an assertion":         {out(said, `{"Action":"fail","Test":"TestX"}`, `{"Action":"fail"}`), killed, "x_test.go:7: got 1, want 2"},
		"a script's assertion": {out(`{"Action":"output","Test":"TestX/y","Output":"            FAIL: testdata/y.txt:3: no match\n"}`, `{"Action":"fail","Test":"TestX/y"}`), killed, "testdata/y.txt:3: no match"},
		"a note, and no fault": {out(said, `{"Action":"pass","Test":"TestX"}`, `{"Action":"pass"}`), survived, ""},
		"a build that fails":   {out(`{"Action":"build-output","Output":"x.go:1: undefined: y\n"}`, `{"Action":"build-fail"}`, `{"Action":"fail"}`), unrun, "x.go:1: undefined: y\n"},
		"a set-up that fails":  {out(`{"Action":"output","Output":"no engine\n"}`, `{"Action":"fail"}`), unrun, "no engine\n"},
		"no such test":         {out(`{"Action":"output","Output":"testing: warning: no tests to run\n"}`, `{"Action":"pass"}`), unrun, "testing: warning: no tests to run\n"},
		"a panic":              {out(`{"Action":"output","Test":"TestX","Output":"panic: nil\n"}`, `{"Action":"fail","Test":"TestX"}`), panicked, "panic: nil"},
		"a limit":              {out(`{"Action":"output","Test":"TestX","Output":"panic: test timed out after 1s\n"}`, `{"Action":"fail","Test":"TestX"}`), hung, ""},
		"a skip":               {out(`{"Action":"skip","Test":"TestX"}`, `{"Action":"pass"}`), unrun, "skipped"},
	} {
		if got := read(run.events); got.word != run.word || got.by != run.by {
			t.Errorf("%s: got %s by %q, want %s by %q", name, got.word, got.by, run.word, run.by)
		}
	}
}

func TestAMutantIsAppliedOnceAndTakenBack(t *testing.T) {
	c := &copied{dir: t.TempDir()}
	file := filepath.Join(c.dir, "x.go")
	const whole = "one two two\n"
	if err := os.WriteFile(file, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
	is := func(want string) {
		t.Helper()
		if text, err := os.ReadFile(file); err != nil || string(text) != want {
			t.Errorf("the file is %q, %v, want %q", text, err, want)
		}
	}
	for _, old := range []string{"two", "three"} {
		if _, err := c.apply(mutant{file: "x.go", old: old, with: "x"}); err == nil {
			t.Errorf("%q is in there twice or never, and was replaced", old)
		}
	}
	is(whole)
	restore, err := c.apply(mutant{file: "x.go", old: "one", with: "1"})
	if err != nil {
		t.Fatal(err)
	}
	is("1 two two\n")
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	is(whole)
}

func TestASurvivorFailsTheRun(t *testing.T) {
	if err := conclude(io.Discard, map[string]int{killed: 2}, 2, false, nil); err != nil {
		t.Errorf("all were killed: %v", err)
	}
	for word := range map[string]bool{survived: true, unbuilt: true, unrun: true, panicked: true, hung: true} {
		if conclude(io.Discard, map[string]int{killed: 1, word: 1}, 2, false, nil) == nil {
			t.Errorf("one %s passes", word)
		}
	}
	if conclude(io.Discard, map[string]int{killed: 2}, 2, true, nil) == nil {
		t.Error("a test that fails as it is passes for a baseline")
	}
}

// The names say what of which issue is broken; each is one mutant's alone, and
// its test is there.
func TestEachMutantHasItsNameAndItsTest(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range table() {
		if seen[m.name] {
			t.Errorf("two are named %q", m.name)
		}
		seen[m.name] = true
		if m.old == m.with {
			t.Errorf("%s changes nothing", m.name)
		}
		if !hasTest(t, m) {
			t.Errorf("%s: %s has no %s", m.name, m.pkg, m.test)
		}
	}
}

func hasTest(t *testing.T, m mutant) bool {
	t.Helper()
	name, _, _ := strings.Cut(m.test, "/")
	files, err := filepath.Glob(filepath.Join("../..", m.pkg, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests: %v", m.pkg, err)
	}
	form := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name) + `\(t \*testing\.T\)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if form.Match(text) {
			return true
		}
	}
	return false
}
