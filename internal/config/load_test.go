package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

// The samples use every key of the format: full most of them, the others
// those that can't stand beside them.
const full = `app: voda
compose: {files: [compose.yaml, deploy/compose.prod.yaml]}
addresses: containers
services:
  web:
    port: 3000
    replicas: 2
    health:
      http: /healthz?full=1
      host: voda.example:8080
      port: 3001
      status: [204, "200-202"]
      body: 'it says "ready"; {really}'
      answers: 5
      timeout: 1m30s
      request: 500ms
  db_proxy: {port: 5432, health: {tcp: true}}
  mail: {health: {tcp: 25}}
  cron: {health: {exec: [pgrep, -f, "cron; $x"]}, handoff: stop-first}
  java: {port: 8080, health: {docker: true}, handoff: overlap}
  worker: {health: {up: true}}
  idle:
site:
  hosts: [Voda.example, "*.voda.example"]
  listen: [80, "127.0.0.1:8080", "[::]:80"]
  tls: {listen: [443, "[::]:443"], cert: tls/voda.pem, key: /etc/tls/voda.key, self_signed: true, http2: false, acme: acme/}
  redirect: 308
  trusted_proxies: [10.0.0.0/8, "fd00::/8", 192.0.2.7]
  error_pages: {502: pages/502.html, "404": /srv/404.html}
  gzip: true
  access_log: {path: /var/log/nginx/voda.log, format: json}
routes:
  - {path: /, to: web, options: {balance: least_conn, headers: {Strict-Transport-Security: "max-age=600; preload", X-A: '*'}}}
  - {path: /api/v1/, to: java, strip: true, max_body: 50m}
  - path: /api/
    to: java
    max_body: unlimited
    options: {read_timeout: 2m, send_timeout: 90s, buffering: false, request_buffering: true, buffer_size: 16k, limit_rate: 500k}
  - {path: /static/, files: ./static, options: {expires: 720h}}
proxy:
  - {kind: container, service: edge, sites: /etc/nginx/conf.d, listen: [8080], label: edge}
  - {kind: container, container: legacy_nginx.1}
  - {kind: host, bin: /usr/sbin/nginx, config: /etc/nginx/nginx.conf, sites: /etc/nginx/sites-enabled/}
deploy:
  release: {service: java, command: [bin/migrate, "--to; $x"], timeout: 3m}
  drain: {timeout: 10s, streams: 1m}
  standby: warm
  keep: 7
  witness: {off: true, rate: 50}
notify:
  - {slack: {url_env: SLACK_WEBHOOK_URL}, events: [failed, rolled back]}
  - {webhook: {url_file: hook.url, secret_env: HOOK_SECRET}}
  - {webhook: {url_env: hook_url, secret_file: /run/secrets/hook}}
  - {slack: {url_file: slack.url}}
`

// paired has compose files of each color's own, and loopback ports.
const paired = `app: voda
compose: {shared: [compose.yaml], blue: [blue.yaml], green: green.yaml}
addresses: ports
services:
  web: {port: 8080, replicas: 2, ports: {blue: [3000, 3002], green: [3001, 3003]}, compose: {blue: blue-web, green: [green-1, green-2]}}
  api: {port: 8080, compose: {green: green-api}}
  bg: {}
routes: [{path: /, to: web}, {path: /api/, to: api}]
site: {access_log: access.log}
`

// owned has a site whose server blocks are somebody's own.
const owned = `app: voda
services: {web: {port: 80}, api: {port: 81}}
site: {hosts: [voda.example], tls: {cert: site.pem, key: site.key}, adopted: {before: {web: shop_up, api: "127.0.0.1:8081"}, first: green}}
routes: [{path: /, to: web, options: {balance: least_conn}}, {path: /api/, to: api}]
proxy: host
`

// folder makes a folder with the text as teal.yaml and the compose files that
// the samples name, and works in it.
func folder(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, "teal.yaml", text)
	write(t, "compose.yaml", "services: {}\n")
	write(t, "deploy/compose.prod.yaml", "services: {}\n")
	write(t, "blue.yaml", "services: {}\n")
	write(t, "green.yaml", "services: {}\n")
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// problems are the lines of Load's error, none if it has none.
func problems(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *release.Error
	if !errors.As(err, &e) || e.Code != release.Invalid {
		t.Fatalf("want a *release.Error that is invalid, have %#v", err)
	}
	return append([]string{e.What}, e.Detail...)
}

func TestWhatIsLeftOutGetsItsDefault(t *testing.T) {
	dir := folder(t, "app: voda\nservices: {web: {port: 80}}\nroutes: [{path: /, to: web}]\nsite:\n")
	got, err := Load("teal.yaml")
	if err != nil {
		t.Fatal(problems(t, err))
	}
	want := release.App{
		Name: "voda", Dir: dir, File: dir + "/teal.yaml", Compose: []string{dir + "/compose.yaml"},
		Services: []release.Service{{Name: "web", Port: 80, Replicas: 1,
			Health: release.Health{Answers: 3, Timeout: time.Minute, Request: 2 * time.Second}}},
		Site:    release.Site{Listen: []string{"80"}},
		Routes:  []release.Route{{Path: "/", To: "web"}},
		Proxies: []release.Proxy{{Kind: release.ProxyStandalone}},
		Policy: release.Policy{
			Drain:   release.DrainLimits{Timeout: 30 * time.Second, Streams: 5 * time.Minute},
			Standby: release.StandbyCold, Keep: 5, Witness: release.WitnessPolicy{Rate: 20},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAllMistakesAreToldAtOnceInTheOrderOfTheFile(t *testing.T) {
	folder(t, "routes: [{path: /, to: wep}]\napp: Voda\nservices:\n  web: {prot: 80}\ndeploy: {keep: 1}\n")
	_, err := Load("teal.yaml")
	want := []string{
		`teal.yaml:1:24: routes[0].to: no service "wep" in services: did you mean "web"?`,
		`teal.yaml:2:6: app: "Voda" is not an app name: a letter, then letters, digits and single dashes, 32 at most, all lower case`,
		`teal.yaml:4:9: unknown key "prot" in services.web: did you mean "port"?`,
		`teal.yaml:5:16: deploy.keep: 1 is out of range: 2 to 1000`,
	}
	if diff := cmp.Diff(want, problems(t, err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var e *release.Error
	if errors.As(err, &e); e.Next != "fix teal.yaml, then run teal plan" {
		t.Errorf("next is %q", e.Next)
	}
}

func TestAFileOfNonsenseIsCutShort(t *testing.T) {
	folder(t, strings.Repeat("- a\n", 3)+"")
	_, err := Load("teal.yaml")
	if got := problems(t, err); len(got) != 1 || got[0] != "teal.yaml:1:1: the file: want a mapping, not a list" {
		t.Errorf("a list as the file: %q", got)
	}
	var keys strings.Builder
	for i := range 100 {
		keys.WriteString(strings.Repeat("x", i+20) + ": 1\n")
	}
	write(t, "teal.yaml", keys.String())
	_, err = Load("teal.yaml")
	got := problems(t, err)
	if last := got[len(got)-1]; len(got) != maxProblems+1 || last != "and 77 more" {
		t.Errorf("have %d lines, the last %q", len(got), last)
	}
}

func TestAMissingFileShowsWhatToWrite(t *testing.T) {
	dir := t.TempDir()
	for _, call := range []func() error{
		func() error { _, err := Load(filepath.Join(dir, "teal.yaml")); return err },
		func() error { _, err := Find(dir); return err },
	} {
		got := problems(t, call())
		if got[0] != "no teal.yaml in "+dir || got[1] != "app: voda" {
			t.Errorf("have %q", got)
		}
	}
	t.Chdir(dir)
	write(t, "compose.yaml", "")
	write(t, "teal.yaml", strings.Join(sample, "\n"))
	if _, err := Load("teal.yaml"); err != nil {
		t.Errorf("the sample that is shown doesn't load: %v", problems(t, err))
	}
}

func TestFindTakesEitherNameButNotBoth(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "teal.yml", "")
	if got, err := Find("."); err != nil || got != "teal.yml" {
		t.Errorf("have %q, %v", got, err)
	}
	write(t, "teal.yaml", "")
	_, err := Find(".")
	if got := problems(t, err); got[0] != "both teal.yaml and teal.yml lie here, and they may differ" {
		t.Errorf("have %q", got)
	}
}

func TestAFileThatCannotBeReadIsRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("teal.yaml", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, "big.yaml", strings.Repeat("#", maxFile+1))
	for _, name := range []string{"teal.yaml", "big.yaml"} {
		_, err := Load(name)
		if got := problems(t, err); !strings.HasPrefix(got[0], "can't read ") {
			t.Errorf("%s: have %q", name, got)
		}
	}
}

func TestAFileElsewhereIsNamedByItsWholePath(t *testing.T) {
	dir := folder(t, "app: voda\n")
	t.Chdir(t.TempDir())
	_, err := Load(dir + "/teal.yaml")
	if got := problems(t, err)[0]; !strings.HasPrefix(got, dir+"/teal.yaml:1:1: ") {
		t.Errorf("have %q", got)
	}
}
