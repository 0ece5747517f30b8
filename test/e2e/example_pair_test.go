package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"teal/internal/witness"
)

// hook runs what CodeDeploy runs, as appspec.yml names it, with what its agent
// sets and nothing else that says which version it is.
func (a *app) hook(env ...string) (string, error) {
	a.t.Helper()
	spec, err := os.ReadFile(filepath.Join(a.dir, "appspec.yml"))
	if err != nil || !strings.Contains(string(spec), "location: scripts/teal-deploy.sh") || !strings.Contains(string(spec), "timeout: 180") {
		a.t.Fatalf("appspec.yml does not name the hook: %v\n%s", err, spec)
	}
	like := a.command(a.t.Context(), built.teal)
	cmd := exec.CommandContext(a.t.Context(), filepath.Join(a.dir, "scripts/teal-deploy.sh"))
	cmd.Dir, cmd.Env = "/", append(slices.DeleteFunc(like.Env, func(v string) bool { return strings.HasPrefix(v, "VERSION=") }), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// installed puts the app where CodeDeploy copies it to, as appspec.yml says.
func installed(t *testing.T, a *app) {
	t.Helper()
	spec, err := os.ReadFile(filepath.Join(a.dir, "appspec.yml"))
	if err != nil {
		t.Fatal(err)
	}
	there := regexp.MustCompile(`(?m)^ +destination: (/srv/tt-\S+)$`).FindStringSubmatch(string(spec))
	if there == nil {
		t.Fatalf("appspec.yml names no destination below /srv:\n%s", spec)
	}
	if err := os.Symlink(a.dir, there[1]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(there[1]); err != nil {
			t.Error(err)
		}
	})
}

func TestScenarioTwoComposeFilesAreAdoptedAndReleasedByCodeDeploy(t *testing.T) {
	t.Parallel()
	a, s := found(t, "two-compose-files")
	a.adopt(s, "{http: /healthz, timeout: 20s}", "--nginx", filepath.Join(s.Root, "etc/nginx/nginx.conf"))
	a.must("ci", "codedeploy", "--write", "--force")
	if err := os.Symlink(built.teal, filepath.Join(s.Root, "bin/teal")); err != nil { // the copy's bin is on PATH
		t.Fatal(err)
	}
	installed(t, a)
	load := witness.Start(t.Context(), visitors(s))
	served := func(version string) {
		t.Helper()
		if res, body := a.exchange(http.MethodGet, a.port, "/", "", nil); !strings.Contains(body, "version "+version) {
			t.Errorf("/ is answered %d %s, want version %s", res.StatusCode, body, version)
		}
	}
	served("1")
	a.mustDeploy(2)
	served("2")
	if said, err := s.Run(t.Context(), nil, "docker-compose", "-p", "ID-app-blue", "-f", "docker-compose.blue.yml", "down"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if said, err := a.hook("DEPLOYMENT_ID=d-3", "BUNDLE_COMMIT=3"); err != nil {
		t.Errorf("the hook: %v\n%s", err, said)
	}
	served("3")
	if said, err := a.hook("DEPLOYMENT_ID=d-4", "BROKEN=1"); err == nil || !strings.Contains(said, "503") {
		t.Errorf("the hook of a release that never gets healthy: %v\n%s", err, said)
	}
	served("3")
	a.must("rollback")
	served("2")
	if said, err := a.hook("DEPLOYMENT_ID=d-5"); err != nil {
		t.Errorf("the hook: %v\n%s", err, said)
	}
	served("d-5")
	a.lostNothing(load)
	a.follows(s)
}
