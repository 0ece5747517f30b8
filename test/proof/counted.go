package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"teal/internal/term"
)

// Some parts are tests of the rooms, run for how many cases they have looked
// at: what the tests print is counted, and a test that prints nothing has
// looked at nothing.

// counted is a kind of case: how a test tells their number, and how the table
// does.
type counted struct {
	form *regexp.Regexp
	name string
}

var (
	ofFuzz = []counted{{regexp.MustCompile(`execs: (\d+)`), "executions"}}

	ofDeaths = counted{regexp.MustCompile(`\b(\d+) deaths\b`), "deaths"}
	ofSecond = counted{regexp.MustCompile(`\b(\d+) second deaths\b`), "second deaths"}
	ofFaults = counted{regexp.MustCompile(`\b(\d+) faults\b`), "faults"}
	ofRandom = counted{regexp.MustCompile(`\b(\d+) commands\n`), "commands of random histories"}
	ofCuts   = counted{regexp.MustCompile(`\b(\d+) power cuts\b`), "power cuts"}
)

// fuzz changes each text of a teal.yaml at random for a while, and compares
// what nginx reads with what is meant.
func (p *proof) fuzz(ctx context.Context) error {
	out, err := tested(ctx, "-run", "^$", "-fuzz", "^FuzzTealYamlToNginx$", "-fuzztime", fuzzTime(p.size).String(), "teal/test/injection")
	// One line after another tells how many there were so far.
	if at := strings.LastIndex(out, "execs: "); at >= 0 {
		out = out[at:]
	}
	return p.count("fuzz: teal.yaml to nginx's configuration", ofFuzz, out, err)
}

// fuzzTime is a fortieth of what the whole may take.
func fuzzTime(s size) time.Duration { return s.limit / 40 }

// crashes lets teal die, fail or lose its power at every change that a command
// makes, with Docker, nginx and the journal played in the process and with the
// real disk's changes replayed. The short form does without: make test has run
// the same tests in their rooms just before.
func (p *proof) crashes(ctx context.Context) error {
	if p.size == brief {
		return nil
	}
	kinds := []counted{ofDeaths, ofSecond, ofFaults, ofRandom, ofCuts}
	run := "^(TestADeathAtAnyChange|TestAFaultAtAnyChange|TestADiskThatFails|TestARandomHistory|TestAPowerCut)"
	out, err := tested(ctx, "-v", "-run", run, "teal/internal/deploy", "teal/internal/nginx")
	return p.count("crash cases checked", kinds, out, err)
}

// tested is what these tests print. The outcome of the tests is in the error.
func tested(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-timeout", "10m"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // go ends its children then
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// count enters a row of cases. A kind without any, or a test that fails, fails
// the proof; only an interrupt ends it.
func (p *proof) count(name string, kinds []counted, out string, err error) error {
	r := row{Name: name}
	var told []string
	for _, k := range kinds {
		n := k.in(out)
		told = append(told, term.Count(n)+" "+k.name)
		if n == 0 {
			r.Broken = fmt.Sprintf("no %s were counted", k.name)
		}
	}
	r.Note = strings.Join(told, ", ")
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.Broken = fmt.Sprintf("go test: %v\n%s", err, strings.TrimSpace(out))
		err = nil
	}
	p.table = append(p.table, r)
	fmt.Fprintf(p.out, "%s: %s\n", r.Name, r.Note)
	return err
}

// in is the sum of what the tests tell of the kind.
func (k counted) in(out string) (sum int) {
	for _, found := range k.form.FindAllStringSubmatch(out, -1) {
		n, _ := strconv.Atoi(found[1]) // digits, by the form
		sum += n
	}
	return sum
}
