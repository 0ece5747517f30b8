package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// The files and commands of the README and of each page of docs, as they stand
// there, in a folder of their own. Only the port, which may be taken here, and
// the app's name, which must not meet another test's, are replaced. A command
// that has to fail says so: # exit 3.
func TestScenarioTheCommandsOfTheDocumentationWork(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	names := append(pages, "../../README.md")
	tag(t, "shop-web:1", "shop-web:2", "shop-store:1")
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\n```sh use\n") {
			t.Run(filepath.Base(name), func(t *testing.T) { runPage(t, string(b)) })
		}
	}
}

// runPage writes the page's files and runs its commands.
func runPage(t *testing.T, text string) {
	a := bare(t)
	if compose, ok := block(text, "yaml compose.yaml"); ok {
		a.write("compose.yaml", withCommands(compose))
	}
	if teal, ok := block(text, "yaml teal.yaml"); ok {
		a.config(strings.NewReplacer("app: shop", "app: NAME", "127.0.0.1:8080", "127.0.0.1:PORT").Replace(teal))
	}
	for commands, ok := block(text, "sh use"); ok; commands, ok = block(text, "sh use") {
		for _, line := range strings.Split(strings.TrimSpace(commands), "\n") {
			a.documented(line)
		}
		_, text, _ = strings.Cut(text, "\n```sh use\n")
	}
}

// withCommands gives the pages' services the programs of the test image.
func withCommands(compose string) string {
	return strings.NewReplacer(
		"image: shop-web:${VERSION:-1}", "image: shop-web:${VERSION:-1}\n    command: [/web]",
		"image: shop-store:1", "image: shop-store:1\n    command: [/store]",
	).Replace(compose)
}

// block is the text of the first block with the given info string.
func block(text, info string) (string, bool) {
	_, rest, found := strings.Cut(text, "\n```"+info+"\n")
	body, _, closed := strings.Cut(rest, "\n```")
	return body + "\n", found && closed
}

// tagged counts the tests that want an image's name: the last takes it away.
var tagged = struct {
	sync.Mutex
	by map[string]int
}{by: map[string]int{}}

// tag gives the test image the pages' names until the test ends.
func tag(t *testing.T, names ...string) {
	t.Helper()
	cli, err := engine()
	if err != nil {
		t.Fatal(err)
	}
	defer cli.Close()
	tagged.Lock()
	defer tagged.Unlock()
	for _, name := range names {
		if _, err := cli.ImageTag(t.Context(), client.ImageTagOptions{Source: image, Target: name}); err != nil {
			t.Fatal(err)
		}
		tagged.by[name]++
		t.Cleanup(func() { removeTag(name) })
	}
}

func removeTag(name string) {
	tagged.Lock()
	defer tagged.Unlock()
	if tagged.by[name]--; tagged.by[name] > 0 {
		return
	}
	cli, err := engine()
	if err != nil {
		return
	}
	defer cli.Close()
	_, _ = cli.ImageRemove(context.Background(), name, client.ImageRemoveOptions{})
}

// controls are what moves a terminal's cursor and colors its text.
var (
	controls = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")
	figures  = regexp.MustCompile(`[0-9][0-9.,]*( m?s\b)?`)
	gaps     = regexp.MustCompile(` +`)
)

// likeness is a line without what differs from run to run: its figures, and
// the room they take.
func likeness(line string) string {
	return strings.TrimSpace(gaps.ReplaceAllString(figures.ReplaceAllString(controls.ReplaceAllString(line, ""), "N"), " "))
}

// The session at the top of the README is what a person at a terminal sees,
// with other figures and fewer lines.
func TestScenarioTheReadmesSessionIsWhatATerminalShows(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	a := bare(t)
	tag(t, "shop-web:1", "shop-web:2", "shop-store:1")
	a.write("compose.yaml", withCommands(part(t, string(text), "yaml compose.yaml")))
	a.config(strings.NewReplacer("app: shop", "app: NAME", "127.0.0.1:8080", "127.0.0.1:PORT").Replace(part(t, string(text), "yaml teal.yaml")))
	a.mustDeploy(1)
	load := a.gentle()
	shown := map[string]bool{}
	for line := range strings.Lines(part(t, string(text), "console")) {
		line = strings.ReplaceAll(strings.TrimSpace(line), "shop", a.name)
		if command, is := strings.CutPrefix(line, "$ "); is {
			shown = a.typed(command)
			continue
		}
		if line != "…" && !shown[likeness(line)] {
			t.Errorf("the terminal does not show %q", line)
		}
	}
	a.unhurt(load)
}

// typed runs a command at a terminal and returns the lines that were shown.
func (a *app) typed(command string) map[string]bool {
	a.t.Helper()
	env, args, is := split(command)
	if !is {
		a.t.Fatalf("the session has %q, not teal", command)
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), 3*time.Minute)
	defer cancel()
	screen := newTerminal(a.t)
	cmd := a.command(ctx, built.teal, args...)
	cmd.Env = append(cmd.Env, append(env, "TERM=xterm")...)
	screen.give(cmd)
	if err := cmd.Run(); err != nil {
		a.t.Fatalf("%s: %v\n%s", command, err, screen)
	}
	a.t.Logf("%s", controls.ReplaceAllString(screen.String(), ""))
	shown := map[string]bool{}
	for line := range strings.SplitSeq(strings.ReplaceAll(screen.String(), "\r", "\n"), "\n") {
		shown[likeness(line)] = true
	}
	return shown
}

// What the README says of make is what make knows.
func TestTheReadmesMakeTargetsExist(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "make" {
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		out, err := exec.CommandContext(ctx, "make", "-C", "../..", "--dry-run", words[1]).CombinedOutput()
		cancel()
		if err != nil {
			t.Errorf("make %s: %v\n%s", words[1], err, out)
		}
	}
}

// Installing is run as it stands there, but for the place.
func TestTheReadmesInstallationWorks(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	place := t.TempDir() + "/teal"
	_, section, _ := strings.Cut(string(text), "\n## Install\n")
	for line := range strings.Lines(part(t, section, "sh")) {
		command, _, _ := strings.Cut(line, "#")
		words := strings.Fields(strings.ReplaceAll(command, "/usr/local/bin/teal", place))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		cmd := exec.CommandContext(ctx, words[0], words[1:]...)
		cmd.Dir = "../.."
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	if out, err := exec.CommandContext(t.Context(), place, "version").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "teal ") {
		t.Errorf("what was installed: %v\n%s", err, out)
	}
}

// demoTook is how the demo's last line tells its own time.
var demoTook = regexp.MustCompile(`, in [0-9]+\.[0-9] s$`)

// The demo is the first thing a newcomer runs. How long that takes is in its
// last line, and no test's to judge.
func TestScenarioTheDemoLosesNothingAndLeavesNothing(t *testing.T) {
	demo := built.dir + "/demo"
	if err := goBuild(demo, "../../examples/demo"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, demo, "-teal", built.teal, "-app", "../../examples/demo/app")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the demo: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	t.Log(lines[len(lines)-1])
	if last := lines[len(lines)-1]; !strings.Contains(last, " 0 lost") || !demoTook.MatchString(last) {
		t.Errorf("the demo ends with %q", lines[len(lines)-1])
	}
}
