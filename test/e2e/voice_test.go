package e2e

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"teal/internal/release"
)

// The site sends plain HTTP over to HTTPS, so that a witness on the wrong side
// would see nothing but redirects, which come from nginx alone and stay whole
// even where the app is gone.
func TestScenarioTheVoiceIsQuietNarrowAndWitnessedOverTLS(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	secure := freePort(t)
	a.edit("teal.yaml", "]}\nroutes", fmt.Sprintf("], hosts: [voda.test], redirect: 308, tls: {listen: [\"127.0.0.1:%d\"], cert: site.pem, key: site.key, self_signed: true}}\nroutes", secure))

	first := a.deploy(1, "--quiet")
	if first.code != 0 || first.stderr != "" || !strings.HasPrefix(first.stdout, a.name+": release 1 is out") {
		t.Errorf("quiet is not the receipt alone: %v", first)
	}
	if lines := strings.Split(strings.TrimSpace(first.stdout), "\n"); len(lines) > 6 || strings.Contains(first.stdout, "1/") {
		t.Errorf("quiet tells of its steps: %v", first)
	}
	var told struct {
		Type    string
		Receipt release.Receipt
	}
	second := a.deploy(2, "-q", "--json")
	second.says(`"type":"begin"`, `"type":"step"`)
	second.last(&told)
	w := told.Receipt.Witness
	if told.Type != "receipt" || w == nil || w.Answered == 0 || w.Lost() > 0 {
		t.Fatalf("no witness over TLS: %+v", told)
	}
	// Redirects would be in nobody's count: they reach no color.
	if c := told.Receipt.Clients; c == nil || c.Requests < w.Answered {
		t.Errorf("nginx sent %+v to the app, of %d requests of the witness", c, w.Answered)
	}
	a.narrow()
	a.unread()
	a.write("compose.yaml", "services: [web]\n")
	refused := a.deploy(4, "--quiet")
	if refused.fails(2, "error: ", "next:"); refused.stdout != "" {
		t.Errorf("%v", refused)
	}
	a.write("compose.yaml", composeFile)
}

// unread has lines that go nowhere: to a disk that is full, and to a reader
// that has left.
func (a *app) unread() {
	a.t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		a.t.Fatal(err)
	}
	defer full.Close()
	left, gone, err := os.Pipe()
	if err != nil {
		a.t.Fatal(err)
	}
	defer gone.Close()
	left.Close()
	for out, want := range map[*os.File]int{full: 1, gone: 0} {
		cmd := a.command(a.t.Context(), built.teal, "logs", "web")
		cmd.Stdout = out
		var stderr strings.Builder
		cmd.Stderr = &stderr
		err := cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != want || (stderr.Len() > 0) != (want > 0) {
			a.t.Errorf("exit %d (%v), want %d\n%s", code, err, want, stderr.String())
		}
	}
}

// drawn are the lines of steps: with a mark, or indented below one.
var drawn = regexp.MustCompile(`^(?:[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏✓✗]| +\|) `)

var colors = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// narrow deploys on a terminal of 30 columns without colors.
func (a *app) narrow() {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), 2*time.Minute)
	defer cancel()
	screen := newTerminal(a.t)
	cmd := a.command(ctx, built.teal, "deploy")
	cmd.Env = append(cmd.Env, "COLUMNS=30", "NO_COLOR=1", "TERM=xterm", "VERSION=3")
	screen.give(cmd)
	if err := cmd.Run(); err != nil {
		a.t.Fatalf("%v\n%s", err, screen)
	}
	a.until("the receipt is on the screen", 10*time.Second, func() bool { return strings.Contains(screen.String(), "release 3 is out") })
	seen, steps := screen.String(), 0
	if strings.Contains(seen, "\x1b[3") || strings.Contains(seen, "\x1b[1m") {
		a.t.Errorf("colors in spite of NO_COLOR: %q", seen)
	}
	for line := range strings.Lines(seen) {
		line = strings.TrimRight(colors.ReplaceAllString(line, ""), "\r\n")
		line = line[strings.LastIndex(line, "\r")+1:]
		if !drawn.MatchString(line) {
			continue
		}
		steps++
		if n := utf8.RuneCountInString(line); n > 29 {
			a.t.Errorf("a line of %d on 30 columns: %q", n, line)
		}
	}
	if steps < 8 {
		a.t.Errorf("%d lines of steps in\n%s", steps, seen)
	}
}
