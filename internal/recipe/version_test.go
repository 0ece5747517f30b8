package recipe

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// What a system knows of the version reaches teal by the lines as they are
// written; nobody sets a variable besides.

// version is what teal was given.
func (r runner) version() string {
	text, err := os.ReadFile(r.calls + ".version")
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	return string(text)
}

// evaluated is what GitHub makes of the values: each is ${{ a || b }}, the
// first that isn't empty.
func evaluated(env, context map[string]string) []string {
	var set []string
	for name, value := range env {
		inner := strings.TrimSuffix(strings.TrimPrefix(value, "${{ "), " }}")
		known := ""
		for _, term := range strings.Split(inner, " || ") {
			if known == "" {
				known = context[term]
			}
		}
		set = append(set, name+"="+known)
	}
	return set
}

const wild = `v1" $(id) '${x}; %PATH% &`

func TestGitHubGivesTheCommitOrWhatWasAskedForByHand(t *testing.T) {
	job := parsedWorkflow(t, made(t, GitHub, voda(), deep, ".github/workflows/deploy.yml")).Jobs["deploy"]
	for _, step := range job.Steps {
		if strings.Contains(step.Run, "${{") {
			t.Errorf("%q has an expression in its lines: its value would be run", step.Name)
		}
	}
	for want, context := range map[string]map[string]string{
		"abc": {"github.sha": "abc"}, "v7": {"github.sha": "abc", "inputs.version": "v7"}, wild: {"github.sha": "abc", "inputs.version": wild},
	} {
		for _, step := range job.Steps[1:3] {
			r := newRunner(t)
			r.env = evaluated(job.Env, context)
			if code, out := r.run(step.Run, "0", githubBash...); code != 0 || r.version() != want {
				t.Errorf("%s: teal is given %q, want %q; exit %d, %s", step.Name, r.version(), want, code, out)
			}
		}
	}
}

func TestGitLabGivesTheCommitOrWhatWasAskedForByHand(t *testing.T) {
	var file map[string]struct {
		Variables map[string]string
		Script    []string
	}
	text := made(t, GitLab, voda(), deep, ".gitlab-ci.yml")
	text = text[strings.Index(text, "deploy voda:"):]
	if err := yaml.Load([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	job := file["deploy voda"]
	for want, asked := range map[string]map[string]string{"abc": nil, "v7": {"VERSION": "v7"}, wild: {"VERSION": wild}} {
		given := map[string]string{}
		for name, value := range job.Variables {
			given[name] = os.Expand(value, func(name string) string { return map[string]string{"CI_COMMIT_SHA": "abc"}[name] })
		}
		maps.Copy(given, asked) // a pipeline's variables come before a job's
		r := newRunner(t)
		for name, value := range given {
			r.env = append(r.env, name+"="+value)
		}
		if code, out := r.run(strings.Join(job.Script, "\n"), "0", gitlabBash...); code != 0 || r.version() != want {
			t.Errorf("teal is given %q, want %q; exit %d, %s", r.version(), want, code, out)
		}
	}
}

func TestCodeDeployGivesTheCommitOrItsDeployment(t *testing.T) {
	text := made(t, CodeDeploy, voda(), deep, "scripts/teal-deploy.sh")
	for want, env := range map[string][]string{
		"d-A1B2C3D4E": {"DEPLOYMENT_ID=d-A1B2C3D4E"}, "abc": {"DEPLOYMENT_ID=d-A1B2C3D4E", "BUNDLE_COMMIT=abc"},
		"5": {"VERSION=5"}, wild: {"DEPLOYMENT_ID=d-A1B2C3D4E", "BUNDLE_COMMIT=" + wild},
	} {
		r := newRunner(t)
		r.env = env
		if code, out := r.run(text, "0", "--posix"); code != 0 || r.version() != want {
			t.Errorf("teal is given %q, want %q; exit %d, %s", r.version(), want, code, out)
		}
	}
	r := newRunner(t)
	if code, out := r.run(text, "0", "--posix"); code == 0 || r.called() != "" || !strings.Contains(out, "CodeDeploy did not call this, set VERSION") {
		t.Errorf("without a version: exit %d, teal is called with %q: %s", code, r.called(), out)
	}
}

// WSL is handed the variables that WSLENV names and no others.
func TestOnWindowsEachVariableThatIsGivenReachesWSL(t *testing.T) {
	text := made(t, Jenkins, voda(), deep, "Jenkinsfile")
	_, rest, found := strings.Cut(text, `given.add("WSLENV=`)
	list, _, ends := strings.Cut(rest, `${env.WSLENV`)
	if want := []string{"HOOK_SECRET/u", "SLACK_WEBHOOK_URL/u", "VERSION/u", ""}; !found || !ends || !slices.Equal(slices.Sorted(slices.Values(strings.Split(list, ":"))), slices.Sorted(slices.Values(want))) {
		t.Errorf("WSLENV has %q:\n%s", list, text)
	}
}
