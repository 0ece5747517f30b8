package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const hostTeal = `app: NAME
services:
  web: {port: 8080, health: {http: /healthz, timeout: 15s}}
site: {hosts: [shop.example], listen: ["127.0.0.1:PORT"]}
routes:
  - {path: /, to: web}
proxy: {kind: host, config: ETC/nginx.conf, bin: NGINX}
deploy:
  drain: {timeout: 5s, streams: 5s}
`

// host is a machine's nginx in Debian's layout, with somebody else's site in
// it, all in a folder of the test.
type host struct {
	*app
	etc  string
	port int // of the other site
}

// newHost starts that nginx and makes an application that is to be served by
// it.
func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{app: bare(t), port: freePort(t)}
	h.etc = filepath.Join(filepath.Dir(h.dir), "etc")
	for _, dir := range []string{"sites-enabled", "conf.d", "log"} {
		if err := os.MkdirAll(filepath.Join(h.etc, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h.put("nginx.conf", fmt.Sprintf(`user www-data;
worker_processes 2;
pid %[1]s/nginx.pid;
error_log %[1]s/log/error.log;
events { worker_connections 512; }
http {
    access_log %[1]s/log/access.log;
    include %[1]s/conf.d/*.conf;
    include %[1]s/sites-enabled/*;
}
`, h.etc))
	h.put("sites-enabled/other", fmt.Sprintf("server { listen 127.0.0.1:%d; location / { return 200 \"the other site\\n\"; } }\n", h.port))
	h.host = "shop.example"
	h.write("compose.yaml", composeFile)
	h.teal4(nginxBin(t))
	h.nginx()
	t.Cleanup(func() { h.nginx("-s", "stop") })
	return h
}

func nginxBin(t *testing.T) string {
	bin, err := exec.LookPath("nginx")
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

// teal4 writes teal.yaml for the given nginx program.
func (h *host) teal4(bin string) {
	h.config(strings.NewReplacer("ETC", h.etc, "NGINX", bin).Replace(hostTeal))
}

// put writes a file of the machine's nginx.
func (h *host) put(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.etc, name), []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// nginx runs the machine's nginx as its administrator does.
func (h *host) nginx(args ...string) {
	h.t.Helper()
	cmd := exec.Command("nginx", append([]string{"-c", filepath.Join(h.etc, "nginx.conf")}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Logf("nginx %v: %v\n%s", args, err, out)
	}
}

// sites are the files in sites-enabled.
func (h *host) sites() string {
	entries, err := os.ReadDir(filepath.Join(h.etc, "sites-enabled"))
	if err != nil {
		h.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func (h *host) ask(port int, name string) string {
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", port), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Host = name
	c := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestScenarioTheMachinesNginxServesTheAppBesideOtherSites(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.mustDeploy(1)
	load := h.load()
	for version := 2; version <= 3; version++ {
		h.mustDeploy(version)
		if page := h.ask(h.app.port, "shop.example"); !strings.Contains(page, fmt.Sprintf("version %d", version)) {
			t.Errorf("the site answers %s", page)
		}
		if page := h.ask(h.port, "other.example"); page != "the other site\n" {
			t.Errorf("the other site answers %s", page)
		}
	}
	h.must("rollback")
	h.unhurt(load)
	if got := h.sites(); !strings.Contains(got, "other") || !strings.Contains(got, h.name) {
		t.Errorf("sites-enabled has %s", got)
	}
	h.must("down", "--yes", "--volumes")
	if got := h.sites(); got != "other" {
		t.Errorf("after down, sites-enabled has %s", got)
	}
	if page := h.ask(h.port, "other.example"); page != "the other site\n" {
		t.Errorf("after down, the other site answers %s", page)
	}
}

func TestScenarioAnNginxThatCannotTakeTheChangeStopsTheDeploy(t *testing.T) {
	t.Parallel()
	h := newHost(t)

	h.put("sites-enabled/other", "server { listen 127.0.0.1:80800; }\n")
	h.deploy(1).fails(5, "host nginx", "invalid port", "sites-enabled/other:1", "next:")
	h.nothingOfOurs("other")
	h.put("sites-enabled/other", "server { listen 127.0.0.1:"+fmt.Sprint(h.port)+"; }\n")

	h.nginx("-s", "stop")
	h.until("nginx has stopped", 5*time.Second, func() bool {
		b, err := os.ReadFile(filepath.Join(h.etc, "nginx.pid"))
		return err != nil || len(b) == 0
	})
	h.deploy(1).fails(5, "does not run", "next:")
	h.nothingOfOurs("other")

	h.teal4("/nonexistent/nginx")
	h.deploy(1).fails(5, "/nonexistent/nginx", "next:")
	h.nothingOfOurs("other")
	h.teal4(nginxBin(t))

	h.nginx()
	h.mustDeploy(1)
	if page := h.ask(h.app.port, "shop.example"); !strings.Contains(page, "version 1") {
		t.Errorf("mended, the site answers %s", page)
	}
}

// nothingOfOurs checks that a refused first deploy left no container and no
// file in nginx's folders.
func (h *host) nothingOfOurs(sites string) {
	h.t.Helper()
	if got := h.sites(); got != sites {
		h.t.Errorf("sites-enabled has %s", got)
	}
	if have := h.containers(); len(have) > 0 {
		h.t.Errorf("%d containers are left", len(have))
	}
	files, err := filepath.Glob(filepath.Join(h.state, "apps", "*", "*.conf"))
	if err != nil || len(files) > 0 {
		h.t.Errorf("config is left: %v %v", files, err)
	}
}
