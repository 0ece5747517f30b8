package e2e

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v4"

	"teal/test/program"
)

// deployJob is the job of the workflow that deploys.
type deployJob struct {
	Env   map[string]string
	Needs string
	Steps []struct{ ID, Run string }
}

const workflowFile = ".github/workflows/deploy.yml"

// workflow has teal write the workflow over the one that was there, and moves
// over by hand what the example's README says: the build job, and the registry.
func (a *app) workflow() deployJob {
	a.t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(a.dir, name))
		if err != nil {
			a.t.Fatal(err)
		}
		return string(text)
	}
	was := read(workflowFile)
	a.teal("ci", "github", "--write").fails(2, "deploy.yml is there already")
	a.must("ci", "github", "--write", "--force")
	if kept := read(workflowFile + ".before-teal"); kept != was {
		a.t.Errorf("what was there is not kept:\n%s", kept)
	}
	_, build, _ := strings.Cut(was, "\njobs:\n")
	build, _, found := strings.Cut(build, "  deploy:\n")
	if !found || !strings.HasPrefix(build, "  build:\n") {
		a.t.Fatalf("the workflow that was there has changed:\n%s", was)
	}
	a.edit(workflowFile, "\njobs:\n", "\njobs:\n"+build)
	a.edit(workflowFile, "# needs: build #", "needs: build #")
	a.edit(workflowFile, "# REGISTRY: ${{ vars.REGISTRY }}", "REGISTRY: ${{ vars.REGISTRY }}")
	job := parsedJob(a.t, read(workflowFile))
	if job.Needs != "build" {
		a.t.Errorf("the deploy waits for %q", job.Needs)
	}
	return job
}

// parsedJob is the deploy job of a workflow that nobody finds fault with.
func parsedJob(t *testing.T, text string) deployJob {
	t.Helper()
	l, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if faults, err := l.Lint("deploy.yml", []byte(text), nil); err != nil || len(faults) > 0 {
		t.Errorf("actionlint: %v, %v\n%s", err, faults, text)
	}
	var workflow struct{ Jobs map[string]deployJob }
	if err := yaml.Load([]byte(text), &workflow); err != nil {
		t.Fatal(err)
	}
	return workflow.Jobs["deploy"]
}

// lines are what the step has the runner run.
func (j deployJob) lines(t *testing.T) string {
	t.Helper()
	for _, s := range j.Steps {
		if s.ID == "teal" {
			return s.Run
		}
	}
	t.Fatalf("the workflow deploys nothing: %+v", j)
	return ""
}

// given is the job's environment as GitHub makes it: each value is
// ${{ a || b }}, the first that isn't empty.
func (j deployJob) given(known map[string]string) []string {
	var set []string
	for name, value := range j.Env {
		first := ""
		for _, term := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(value, "${{ "), " }}"), " || ") {
			if first == "" {
				first = known[term]
			}
		}
		set = append(set, name+"="+first)
	}
	return set
}

// variable is the value that the app's environment has.
func (a *app) variable(name string) string {
	a.t.Helper()
	for _, v := range slices.Backward(a.env) {
		if value, found := strings.CutPrefix(v, name+"="); found {
			return value
		}
	}
	a.t.Fatalf("%s is not set", name)
	return ""
}

// release pushes a version, as the build job does, and runs the step. It has to
// be pulled: nothing of it was here.
func (a shopAPI) release(version string, code int, env ...string) {
	a.t.Helper()
	a.push(version)
	_, before, _ := a.s.Registry()
	a.step(version, code, env...)
	if _, pulled, _ := a.s.Registry(); pulled == before {
		a.t.Errorf("version %s was not asked of the registry", version)
	}
}

// push has a version in the registry and nowhere else.
func (a shopAPI) push(version string) {
	a.t.Helper()
	if err := a.s.Push(a.t.Context(), version); err != nil {
		a.t.Fatal(err)
	}
	registry, _, _ := a.s.Registry()
	if here := a.engine("images", "-q", registry+"/shop/api:"+version); here != "" {
		a.t.Fatalf("version %s is still on this engine: %s", version, here)
	}
}

// step runs the step as the runner does, and returns what it says: what the
// workflow's environment doesn't say, teal isn't told.
func (a shopAPI) step(version string, code int, env ...string) string {
	a.t.Helper()
	known := map[string]string{"github.sha": version, "vars.REGISTRY": a.variable("REGISTRY")}
	for _, secret := range []string{"SLACK_WEBHOOK", "HOOK_URL", "HOOK_KEY"} {
		known["secrets."+secret] = a.variable(secret)
	}
	machine := slices.DeleteFunc(a.command(a.t.Context(), built.teal).Env, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"TAG", "VERSION", "REGISTRY", "SLACK_WEBHOOK", "HOOK_URL", "HOOK_KEY"}, name)
	})
	// A runner keeps the lines in a file, and this is how it has bash read them.
	lines := filepath.Join(a.s.Root, "bin/step")
	if err := program.Write(lines, []byte("#!/usr/bin/env -S bash --noprofile --norc -eo pipefail\n"+a.job.lines(a.t))); err != nil {
		a.t.Fatal(err)
	}
	cmd := exec.CommandContext(a.t.Context(), lines)
	cmd.Dir = a.dir
	cmd.Env = slices.Concat(machine, env, a.job.given(known), []string{"RUNNER_TEMP=" + a.s.Root, "GITHUB_STEP_SUMMARY=" + filepath.Join(a.s.Root, "summary.md")})
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		a.t.Fatalf("the step ends with %d, want %d: %v\n%s", got, code, err, out)
	}
	return string(out)
}
