package recipe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v4"

	"teal/test/program"
)

// What the recipes have a shell do is run here as their systems run it, with
// a teal that writes down how it was called and ends as the test wants.

const fakeTeal = `#!/bin/sh
echo "$*" >> "$TEAL_CALLS"
printf '%s' "${VERSION-none}" > "$TEAL_CALLS.version"
if [ "$TEAL_CODE" = hang ]; then
  trap 'echo undone >> "$TEAL_CALLS"; exit 130' TERM
  echo hanging >> "$TEAL_CALLS"
  while :; do sleep 0.02; done
fi
exit "$TEAL_CODE"
`

// runner is a machine of a CI system.
type runner struct {
	t     *testing.T
	dir   string
	calls string
	env   []string // what its system sets
}

func newRunner(t *testing.T) runner {
	t.Helper()
	r := runner{t: t, dir: t.TempDir()}
	r.calls = filepath.Join(r.dir, "calls")
	if err := program.Write(filepath.Join(r.dir, "teal"), []byte(fakeTeal)); err != nil {
		t.Fatal(err)
	}
	return r
}

// command is a shell with the script's text in a file, as runners call it.
func (r runner) command(ctx context.Context, script, code string, options ...string) *exec.Cmd {
	r.t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		r.t.Fatal(err)
	}
	file := filepath.Join(r.dir, "script")
	if err := program.Write(file, []byte(script)); err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, bash, append(options, file)...)
	cmd.Dir = r.dir
	cmd.Env = append([]string{
		"PATH=" + r.dir + ":/usr/bin:/bin", "TEAL_CALLS=" + r.calls, "TEAL_CODE=" + code,
		"RUNNER_TEMP=/runner/temp", "GITHUB_STEP_SUMMARY=/runner/summary 1.md",
	}, r.env...)
	return cmd
}

// run runs the script and returns its exit code and output.
func (r runner) run(script, code string, options ...string) (int, string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 30*time.Second)
	defer cancel()
	out, err := r.command(ctx, script, code, options...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode(), string(out)
	}
	return 0, string(out)
}

// called are the command lines that teal was called with.
func (r runner) called() string {
	text, err := os.ReadFile(r.calls)
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	return string(text)
}

// The options that the systems give bash: GitHub's for shell: bash, GitLab's.
var (
	githubBash = []string{"--noprofile", "--norc", "-eo", "pipefail"}
	gitlabBash = []string{"-eo", "pipefail"}
)

type workflow struct {
	Jobs map[string]struct {
		Env   map[string]string
		Steps []struct {
			Name, ID, Run, Shell, If, Uses string
			With                           map[string]string
		}
	}
}

func parsedWorkflow(t *testing.T, text string) workflow {
	t.Helper()
	var w workflow
	if err := yaml.Load([]byte(text), &w); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheGitHubWorkflowPassesActionlint(t *testing.T) {
	for _, v := range variants {
		text := made(t, GitHub, v.app, v.at, ".github/workflows/deploy.yml")
		for _, fault := range linted(t, text) {
			t.Errorf("%s: %s\n%s", v.name, fault, text)
		}
	}
	if linted(t, strings.Replace(made(t, GitHub, voda(), deep, ".github/workflows/deploy.yml"), "github.", "gitbub.", 1)+"\nx: 1\n") == nil {
		t.Error("actionlint takes anything")
	}
}

// linted is what actionlint says; shellcheck looks at the run lines where it
// is installed.
func linted(t *testing.T, text string) []string {
	t.Helper()
	options := actionlint.LinterOptions{}
	if path, err := exec.LookPath("shellcheck"); err == nil {
		options.Shellcheck = path
	}
	l, err := actionlint.NewLinter(io.Discard, &options)
	if err != nil {
		t.Fatal(err)
	}
	faults, err := l.Lint("deploy.yml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range faults {
		all = append(all, f.Error())
	}
	return all
}

func TestTheRunLinesOfTheGitHubWorkflowPassTealsExitCodeOn(t *testing.T) {
	steps := parsedWorkflow(t, made(t, GitHub, voda(), deep, ".github/workflows/deploy.yml")).Jobs["deploy"].Steps
	deploy, abort := steps[1], steps[2]
	if deploy.ID != "teal" || deploy.Shell != "bash" || abort.Shell != "bash" || !strings.Contains(abort.If, "cancelled()") || !strings.HasPrefix(steps[3].With["path"], "${{ runner.temp }}/teal-receipt") {
		t.Fatalf("the workflow has changed: %+v", steps)
	}
	for code, want := range map[string]string{
		"0": "", "1": "::error title=teal deploy::it ended with exit code 1", "2": "::error title=configuration::", "3": "::error title=a gate failed::the new release of voda never got ready",
		"4": "::error title=locked::another deploy of voda runs: wait", "5": "::error title=unreachable::", "130": "::error title=interrupted::",
	} {
		r := newRunner(t)
		got, out := r.run(deploy.Run, code, githubBash...)
		if fmt.Sprint(got) != code || !strings.HasPrefix(out, want) || (code == "0") != (out == "") {
			t.Errorf("teal ends with %s, the step with %d and %q", code, got, out)
		}
		if want := "-f deploy/teal.yaml deploy --summary /runner/temp/teal-receipt.json --summary /runner/summary 1.md\n"; r.called() != want {
			t.Errorf("teal is called with %q, want %q", r.called(), want)
		}
	}
	for code, want := range map[string]int{"0": 0, "2": 0, "1": 1} {
		r := newRunner(t)
		if got, out := r.run(abort.Run, code, githubBash...); got != want || r.called() != "-f deploy/teal.yaml abort\n" {
			t.Errorf("abort ends with %s, the step with %d, %q and %q", code, got, out, r.called())
		}
	}
}

// GitHub tells a cancelled job to the step's shell alone: by SIGINT, later by
// SIGTERM.
func TestACancelledGitHubJobLetsTealUndo(t *testing.T) {
	deploy := parsedWorkflow(t, made(t, GitHub, voda(), deep, ".github/workflows/deploy.yml")).Jobs["deploy"].Steps[1]
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		r := newRunner(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		cmd := r.command(ctx, deploy.Run, "hang", githubBash...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r.until("hanging")
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 || !strings.HasSuffix(r.called(), "undone\n") {
			t.Errorf("%s: %v, teal says %q", signal, err, r.called())
		}
		cancel()
	}
}

func (r runner) until(word string) {
	r.t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(r.called(), word) {
		select {
		case <-deadline:
			r.t.Fatalf("teal never says %q", word)
		case <-tick.C:
		}
	}
}

func TestTheGitLabJobPassesTealsExitCodeOn(t *testing.T) {
	for _, v := range variants {
		var file map[string]any
		text := made(t, GitLab, v.app, v.at, ".gitlab-ci.yml")
		if err := yaml.Load([]byte(text), &file); err != nil {
			t.Fatalf("%s: %v\n%s", v.name, err, text)
		}
		job, ok := file["deploy "+v.app.Name].(map[string]any)
		if !ok || job["resource_group"] != "teal-"+v.app.Name || job["interruptible"] != false {
			t.Fatalf("%s: %+v", v.name, file)
		}
		var script strings.Builder
		for _, part := range job["script"].([]any) {
			script.WriteString(part.(string) + "\n")
		}
		for code, want := range map[string]string{"0": "", "3": "a gate failed: ", "4": "locked: ", "7": "teal deploy ended with exit code 7"} {
			r := newRunner(t)
			got, out := r.run(script.String(), code, gitlabBash...)
			if fmt.Sprint(got) != code || !strings.HasPrefix(out, want) || !strings.Contains(r.called(), "deploy --summary teal-receipt.json --summary teal-summary.md") {
				t.Errorf("%s: teal ends with %s, the job with %d and %q, called with %q", v.name, code, got, out, r.called())
			}
		}
	}
}

func TestTheHookOfCodeDeployEndsAsTealDoes(t *testing.T) {
	for _, v := range variants {
		text := made(t, CodeDeploy, v.app, v.at, "scripts/teal-deploy.sh")
		for _, code := range []string{"0", "3", "4"} {
			r := newRunner(t)
			r.env = []string{"DEPLOYMENT_ID=d-A1B2C3D4E"}
			got, out := r.run(text, code, "--posix")
			want := fmt.Sprintf("-f /srv/%[1]s/%[2]s deploy --summary /srv/%[1]s/teal-receipt.json\n", v.app.Name, v.at.File)
			if fmt.Sprint(got) != code || out != "" || r.called() != want {
				t.Errorf("%s: teal ends with %s, the hook with %d and %q, called with %q", v.name, code, got, out, r.called())
			}
		}
	}
}
