package e2e

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// canary is in every secret that is planted here, so that one search finds any.
const canary = "tealtestcanary"

// planted is an application with a secret of each kind: of a registry, of a
// webhook, and in a service's environment.
type planted struct {
	*guarded
	hook *hook
	told []string // all that was printed
	seen int      // arguments of teal's that the watch has read
}

func newPlanted(t *testing.T) *planted {
	p := &planted{guarded: newGuarded(t), hook: newHook(t)}
	p.write("compose.yaml", `services:
  web:
    image: '`+p.ref()+`'
    environment: {BROKEN: "${BROKEN:-}", DATABASE_PASSWORD: "${DATABASE_PASSWORD}"}
`)
	p.config(tealFile + `notify:
  - {webhook: {url_env: HOOK_URL, secret_env: HOOK_KEY}}
  - {slack: {url_env: DEAD_URL}}
`)
	p.edit("teal.yaml", "timeout: 15s", "timeout: 10s")
	return p
}

// env is the environment of the commands, with the credentials as they are.
func (p *planted) with(password string) {
	auth := base64.StdEncoding.EncodeToString([]byte(puller + ":" + password))
	p.env = []string{
		p.login(`{"auths": {"HOST": {"auth": "` + auth + `"}}}`), "DATABASE_PASSWORD=" + canary + "-database",
		"HOOK_URL=" + p.hook.URL + "/" + canary + "-hook", "HOOK_KEY=" + canary + "-key", "DEAD_URL=http://127.0.0.1:1/" + canary + "-dead",
	}
}

// tells runs a command and keeps what it says.
func (p *planted) tells(code int, env []string, args ...string) {
	p.t.Helper()
	r := p.run(built.teal, env, args...)
	p.told = append(p.told, r.String())
	if r.code != code {
		p.t.Errorf("want exit %d: %v", code, r)
	}
}

// watched reads the arguments of all processes while do runs.
func (p *planted) watched(do func()) {
	p.t.Helper()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				p.arguments()
			}
		}
	}()
	do()
	close(done)
	<-ended
}

func (p *planted) arguments() {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if strings.HasPrefix(string(text), built.teal) {
			p.seen++
		}
		if strings.Contains(string(text), canary) {
			p.t.Errorf("%s: %q", path, text)
		}
	}
}

func TestScenarioNoSecretIsToldWrittenOrPassedOn(t *testing.T) {
	t.Parallel()
	p := newPlanted(t)
	p.push(1)
	p.with(pullerSecret)
	p.watched(func() {
		p.tells(0, nil, "doctor")
		p.tells(0, nil, "plan")
		p.tells(0, nil, "deploy")
		p.tells(0, nil, "deploy", "--json")
		p.tells(3, []string{"BROKEN=1"}, "deploy", "--summary", filepath.Join(p.dir, "summary.md"))
		p.refusedByTheRegistry()
		p.tells(2, nil, "rollback", "--to", "99")
		p.tells(0, nil, "rollback", "--json")
		p.diesAndIsTakenBack()
		for _, args := range [][]string{
			{"status"}, {"status", "--json"}, {"history"}, {"history", "--json"}, {"logs", "web"}, {"proxy", "show"}, {"proxy", "reload"},
			{"init"}, {"ci", "github"}, {"ci", "gitlab"}, {"ci", "jenkins"}, {"ci", "codedeploy"}, {"version"},
		} {
			p.tells(0, nil, args...)
		}
	})
	if p.seen < 10 || !strings.Contains(p.hook.heard(t), "succeeded") || p.asked.Load() == 0 {
		t.Errorf("this shows nothing: %d arguments were seen, the registry was asked %d times", p.seen, p.asked.Load())
	}
	if at := slices.IndexFunc(p.told, func(text string) bool { return strings.Contains(text, canary) }); at >= 0 {
		t.Errorf("a secret is told: %s", p.told[at])
	}
	p.filesKeepIt()
	p.journalKeepsIt()
}

// refusedByTheRegistry deploys with a password that isn't the registry's.
func (p *planted) refusedByTheRegistry() {
	p.t.Helper()
	p.with(canary + "-password")
	p.edit("compose.yaml", "    environment", "    pull_policy: always\n    environment")
	p.tells(3, nil, "deploy")
	p.edit("compose.yaml", "    pull_policy: always\n", "")
	p.with(pullerSecret)
}

// diesAndIsTakenBack leaves what a killed deploy does, and has it taken back.
func (p *planted) diesAndIsTakenBack() {
	p.t.Helper()
	r := p.run(built.crash, []string{"TEAL_TEST_DIE_AT=12"}, "deploy")
	p.told = append(p.told, r.String())
	p.filesKeepIt()
	p.tells(0, nil, "abort")
}

// filesKeepIt looks into all that was written. The database alone may hold
// secrets, for teal alone to read.
func (p *planted) filesKeepIt() {
	p.t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Dir(p.state), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || path == filepath.Join(p.dir, "docker/config.json") {
			return nil // gone meanwhile, or the test's own
		}
		files++
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if strings.HasPrefix(filepath.Base(path), "teal.db") {
			if info.Mode().Perm() != 0o600 {
				p.t.Errorf("%s has mode %s", path, info.Mode())
			}
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte(canary)) {
			p.t.Errorf("%s (%s) has a secret:\n%s", path, info.Mode(), text)
		}
		return nil
	})
	if err != nil || files < 10 {
		p.t.Errorf("%d files, %v: this shows nothing", files, err)
	}
}

// journalKeepsIt reads all texts of the journal, receipts too. Specs have what
// compose files say, and are what a rollback runs.
func (p *planted) journalKeepsIt() {
	p.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.state, "teal.db")+"?mode=ro")
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	all := ""
	for _, columns := range []string{"name, subnet, '' FROM apps", "images, by, reason FROM releases", "kind, by, receipt FROM deploys", "step, failure, '' FROM steps"} {
		rows, err := db.QueryContext(p.t.Context(), "SELECT "+columns)
		if err != nil {
			p.t.Fatal(err)
		}
		for rows.Next() {
			var a, b string
			var c []byte
			if err := rows.Scan(&a, &b, &c); err != nil {
				p.t.Fatal(err)
			}
			all += fmt.Sprintln(a, b, unzipped(c))
		}
		if err := rows.Close(); err != nil {
			p.t.Fatal(err)
		}
	}
	if strings.Contains(all, canary) || !strings.Contains(all, `"witness"`) {
		p.t.Errorf("the journal has a secret, or not what it should:\n%s", all)
	}
}

// unzipped is the text of a receipt, or the text as it is.
func unzipped(text []byte) string {
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return string(text)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		return string(text)
	}
	return string(plain)
}
