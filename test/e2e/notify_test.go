package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// hook is a webhook's receiver. Its address holds a secret.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	events []string
	bodies []string
}

const hookPath = "/hook/tealtestsecret"

func newHook(t *testing.T) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var m struct{ Event string }
		_ = json.Unmarshal(body, &m) // Slack's have no event, and are only counted
		h.mu.Lock()
		defer h.mu.Unlock()
		h.events, h.bodies = append(h.events, m.Event), append(h.bodies, string(body))
	}))
	t.Cleanup(h.Close)
	return h
}

// heard is what came since the last time, and nothing of it is secret.
func (h *hook) heard(t *testing.T) string {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	events, all := strings.Join(h.events, " "), strings.Join(h.bodies, "\n")
	h.events, h.bodies = nil, nil
	if strings.Contains(all, "tealtestsecret") {
		t.Errorf("a secret was sent: %s", all)
	}
	return events
}

// keepsSecrets checks that no output, nor anything in the folder, shows one.
func (r result) keepsSecrets() {
	r.t.Helper()
	if strings.Contains(r.stdout+r.stderr, "tealtestsecret") {
		r.t.Errorf("a secret is shown: %v", r)
	}
}

// notifies adds those who are told to teal.yaml.
func (a *app) notifies(lines string) {
	a.t.Helper()
	a.config(faultyTeal + "notify:\n" + lines)
}

func TestScenarioThoseWhoAreToldHearOfADeployFromItsStartToItsEnd(t *testing.T) {
	t.Parallel()
	a, all, failures := bare(t), newHook(t), newHook(t)
	a.write("compose.yaml", faultyCompose)
	a.notifies("  - {webhook: {url_env: HOOK_URL, secret_env: HOOK_KEY}}\n  - {slack: {url_env: SLACK_URL}, events: [failed]}\n")
	a.env = []string{"HOOK_URL=" + all.URL + hookPath, "HOOK_KEY=tealtestsecretkey", "SLACK_URL=" + failures.URL + hookPath}
	hears := func(r result, code int, want string) {
		t.Helper()
		r.keepsSecrets()
		if heard := all.heard(t); r.code != code || heard != want {
			t.Errorf("heard %q, want %q\n%v", heard, want, r)
		}
	}
	summary := filepath.Join(a.dir, "summary.md")
	hears(a.deploy(1), 0, "started succeeded")
	hears(a.deploy(2, "--json"), 0, "started succeeded")
	hears(a.teal("rollback"), 0, "started rolled back")
	if len(failures.bodies) != 0 {
		t.Errorf("slack was told of what it didn't ask for: %q", failures.bodies)
	}
	hears(a.run(built.teal, []string{"FAULT=exit"}, "deploy", "--summary", summary), 3, "started failed")
	if len(failures.bodies) != 1 || !strings.Contains(failures.bodies[0], "DATABASE_URL is not set") {
		t.Errorf("slack heard %q", failures.bodies)
	}
	text, err := os.ReadFile(summary)
	if err != nil || !strings.Contains(string(text), "deploy of release 3 failed") || !strings.Contains(string(text), "**Next:**") {
		t.Errorf("the summary: %v\n%s", err, text)
	}
	b := a.begin(t.Context(), "FAULT=never")
	b.step(2)
	b.interrupt()
	code, _ := b.end()
	hears(result{t: t, stderr: b.err.String(), code: code}, 130, "started cancelled")
}

// A target that is down and one that hangs: the deploy goes on, the receipt
// says so, and neither address is shown.
func TestScenarioATargetThatIsDownOrHangsNeverHoldsUpADeploy(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.write("compose.yaml", faultyCompose)
	gone := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gone }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(gone) })
	file := filepath.Join(a.dir, "hook.url")
	if err := os.WriteFile(file, []byte(slow.URL+hookPath+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.notifies("  - {webhook: {url_env: DOWN}}\n  - {webhook: {url_file: hook.url}}\n  - {slack: {url_env: NOT_SET}}\n")
	a.env = append(a.env, fmt.Sprintf("DOWN=http://127.0.0.1:%d%s", freePort(t), hookPath))
	r := a.deploy(1, "--json")
	r.keepsSecrets()
	var end struct {
		Receipt struct {
			Outcome  string
			Notified []struct {
				Target, Error string
				OK            bool
			}
		}
	}
	r.last(&end)
	told := fmt.Sprint(end.Receipt.Notified)
	if r.code != 0 || end.Receipt.Outcome != "done" ||
		told != "[{webhook 1 started and succeeded: it refuses the connection false} {webhook 2 started and succeeded: no answer within 5s false} {slack started and succeeded: the variable NOT_SET is not set false}]" {
		t.Errorf("told %s\n%v", told, r)
	}
	if live := a.status().Live; live != "blue" {
		t.Errorf("live is %q", live)
	}
	a.notifies("  - {webhook: {url_env: DOWN}}\n")
	q := a.deploy(2, "--quiet")
	q.keepsSecrets()
	if q.code != 0 || !strings.Contains(q.stdout, "not told  webhook: started and succeeded: it refuses the connection") {
		t.Errorf("%v", q)
	}
}

func TestScenarioTheSummaryOfADeployOverSSHIsWrittenHere(t *testing.T) {
	t.Parallel()
	s, a := newSSHD(t, built.dir), newApp(t)
	s.runs(a)
	files := t.TempDir()
	there := []string{"--host", s.url(), "--state", a.state, "-f", a.dir + "/teal.yaml", "--env", "VERSION=1", "deploy"}
	r := a.must(append(there, "--summary", files+"/how.md", "--summary", files+"/how.json")...)
	r.says("start blue", "release 1 is out, blue is live")
	if strings.Contains(r.stdout, "{\"") {
		t.Errorf("the story is not told for people: %v", r)
	}
	for name, want := range map[string]string{"how.md": "### " + a.name + ": release 1 is out", "how.json": `"outcome":"done"`} {
		text, err := os.ReadFile(filepath.Join(files, name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	a.serves(1)
}
