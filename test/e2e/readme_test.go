package e2e

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// The README's files and commands, as they stand there, in a folder of their
// own. Only the port, which may be taken here, and the app's name, which must
// not meet another test's, are replaced.
func TestScenarioTheReadmesCommandsWork(t *testing.T) {
	t.Parallel()
	a := bare(t)
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	tag(a, "shop-web:1", "shop-web:2", "shop-store:1")
	web := block(t, string(text), "yaml compose.yaml")
	a.write("compose.yaml", withCommands(web))
	a.config(strings.NewReplacer("app: shop", "app: NAME", "127.0.0.1:8080", "127.0.0.1:PORT").Replace(block(t, string(text), "yaml teal.yaml")))
	for _, line := range strings.Split(strings.TrimSpace(block(t, string(text), "sh use")), "\n") {
		command, _, _ := strings.Cut(line, "#")
		a.readme(strings.Fields(command))
	}
}

// withCommands gives the README's services the programs of the test image.
func withCommands(compose string) string {
	return strings.NewReplacer(
		"image: shop-web:${VERSION:-1}", "image: shop-web:${VERSION:-1}\n    command: [/web]",
		"image: shop-store:1", "image: shop-store:1\n    command: [/store]",
	).Replace(compose)
}

// readme runs one line of the README: environment first, then teal.
func (a *app) readme(words []string) {
	a.t.Helper()
	var env []string
	for strings.Contains(words[0], "=") {
		env, words = append(env, words[0]), words[1:]
	}
	if words[0] != "teal" {
		a.t.Fatalf("the README runs %q, not teal", words[0])
	}
	if r := a.run(built.teal, env, words[1:]...); r.code != 0 {
		a.t.Errorf("the README's command fails: %v", r)
	}
}

// block is the text of the README's block with the given info string.
func block(t *testing.T, text, info string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n```"+info+"\n")
	body, _, closed := strings.Cut(rest, "\n```")
	if !found || !closed {
		t.Fatalf("the README has no block %q", info)
	}
	return body + "\n"
}

// tag gives the test image the README's names until the test ends.
func tag(a *app, names ...string) {
	for _, name := range names {
		a.docker(func(ctx context.Context, cli *client.Client) error {
			_, err := cli.ImageTag(ctx, client.ImageTagOptions{Source: image, Target: name})
			return err
		})
		a.t.Cleanup(func() { removeTag(name) })
	}
}

func removeTag(name string) {
	cli, err := engine()
	if err != nil {
		return
	}
	defer cli.Close()
	_, _ = cli.ImageRemove(context.Background(), name, client.ImageRemoveOptions{})
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

// The demo is the first thing a newcomer runs.
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
	if !strings.Contains(lines[len(lines)-1], " 0 lost") {
		t.Errorf("the demo ends with %q", lines[len(lines)-1])
	}
}
