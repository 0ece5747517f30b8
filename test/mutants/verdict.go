package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// What became of a test. Only an assertion that failed kills a mutant: a test
// that could not be built, hung or fell over says nothing of what it checks.
const (
	killed   = "killed"
	survived = "SURVIVED"
	passes   = "passes"
	unbuilt  = "unbuilt"
	unrun    = "did not run"
	panicked = "panicked"
	hung     = "timed out"
	fails    = "FAILS"
)

type verdict struct {
	word string
	by   string // the assertion that failed, or why there is none
	took time.Duration
}

// judge builds what was broken and runs the mutant's test.
func judge(ctx context.Context, dir string, m mutant, limit time.Duration) verdict {
	start := time.Now()
	// The test has the limit, and longer to build and to tell of it.
	ctx, cancel := context.WithTimeout(ctx, limit+2*time.Minute)
	defer cancel()
	var v verdict
	if out, err := build(ctx, dir, m); err != nil {
		v = verdict{word: unbuilt, by: firstLines(string(out))}
	} else {
		v = tested(ctx, dir, m, limit)
	}
	v.took = time.Since(start)
	return v
}

// build compiles the package of the file, if it is one of Go's; a test is
// compiled by its own run.
func build(ctx context.Context, dir string, m mutant) ([]byte, error) {
	if filepath.Ext(m.file) != ".go" || strings.HasSuffix(m.file, "_test.go") {
		return nil, nil
	}
	return goCommand(ctx, dir, "build", "./"+filepath.ToSlash(filepath.Dir(m.file))).CombinedOutput()
}

func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	// Without paths what is compiled in one copy serves the next one too.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	return cmd
}

func tested(ctx context.Context, dir string, m mutant, limit time.Duration) verdict {
	cmd := goCommand(ctx, dir, "test", "-json", "-count=1", "-vet=off", "-ldflags=-s -w", "-timeout", limit.String(), "-run", anchored(m.test), "./"+filepath.ToSlash(m.pkg))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	v := read(out)
	switch {
	case ctx.Err() != nil:
		return verdict{word: hung, by: "go test did not end"}
	case v.word == unrun:
		v.by = firstLines(v.by + errs.String())
	case m.file == "" && v.word == survived && err == nil:
		v.word = passes
	case m.file == "" && v.word == killed:
		v.word = fails
	}
	return v
}

// anchored is the pattern for exactly the tests that are named.
func anchored(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^(" + p + ")$"
	}
	return strings.Join(parts, "/")
}

// event is what go test -json says, a line each.
type event struct{ Action, Test, Output string }

// read tells from the events of a run what became of it.
func read(events []byte) verdict {
	var said, loose strings.Builder
	ran, failed, skipped := false, false, false
	for line := range bytes.Lines(events) {
		var e event
		if json.Unmarshal(line, &e) != nil {
			loose.Write(line)
			continue
		}
		if e.Test == "" {
			loose.WriteString(e.Output)
			continue
		}
		said.WriteString(e.Output)
		ran = true
		failed = failed || e.Action == "fail"
		skipped = skipped || e.Action == "skip"
	}
	switch text := said.String(); {
	case !ran:
		return verdict{word: unrun, by: loose.String()}
	case strings.Contains(text, "panic: test timed out"):
		return verdict{word: hung}
	case strings.HasPrefix(text, "panic: "), strings.Contains(text, "\npanic: "):
		return verdict{word: panicked, by: firstLines(text[strings.Index(text, "panic: "):])}
	case failed:
		return verdict{word: killed, by: assertion(text)}
	case skipped:
		return verdict{word: unrun, by: "skipped"}
	}
	return verdict{word: survived}
}

// asserted matches where an assertion failed, in a test or in a script, and
// what it said.
var asserted = regexp.MustCompile(`(?m)^\s*(?:FAIL: )?(\S+(?:_test\.go|\.txt):\d+: .*)$`)

// assertion is the first that a test's log tells of; a note of the test's may
// stand before it.
func assertion(text string) string {
	found := asserted.FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		return firstLines(text)
	}
	return short(found[0][1])
}

func firstLines(text string) string {
	return short(strings.Join(strings.Fields(text), " "))
}

func short(text string) string {
	if r := []rune(text); len(r) > 160 {
		return string(r[:160]) + "…"
	}
	return text
}
