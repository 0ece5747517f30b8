package nginx

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"teal/internal/release"
)

// machine is somebody's nginx with a site of theirs, as Debian lays it out.
type machine struct {
	*stage
	dir    string
	theirs string // their site's file
}

// besideOthers sets the stage with a machine's nginx that doesn't run yet.
// extra goes into its http block.
func besideOthers(t *testing.T, extra string) *machine {
	t.Helper()
	s := setStage(t)
	m := &machine{stage: s, dir: publicDir(t)}
	for _, dir := range []string{"sites-enabled", "conf.d", "temp"} {
		s.must(os.Mkdir(filepath.Join(m.dir, dir), 0o755))
	}
	conf := strings.NewReplacer("DIR", m.dir, "EXTRA", extra).Replace(`
user www-data;
pid DIR/nginx.pid;
error_log DIR/error.log;
events {}
http {
	client_body_temp_path DIR/temp/body; proxy_temp_path DIR/temp/proxy;
	fastcgi_temp_path DIR/temp/f; uwsgi_temp_path DIR/temp/u; scgi_temp_path DIR/temp/s;
	access_log DIR/access.log combined;
	EXTRA
	include DIR/conf.d/*.conf;
	include sites-enabled/*;
}
`)
	s.must(os.WriteFile(filepath.Join(m.dir, "nginx.conf"), []byte(conf), 0o644))
	m.theirs = filepath.Join(m.dir, "sites-enabled", "default")
	site := fmt.Sprintf("server { listen %s; server_name theirs.test; return 200 theirs; }\n", s.addr)
	s.must(os.WriteFile(m.theirs, []byte(site), 0o644))
	s.app.Proxies = []release.Proxy{{Kind: release.ProxyHost, Config: filepath.Join(m.dir, "nginx.conf")}}
	return m
}

// start starts the machine's nginx as its owner would.
func (m *machine) start() *machine {
	m.t.Helper()
	path, err := find("")
	m.must(err)
	if out, err := run(m.ctx, path, "-c", filepath.Join(m.dir, "nginx.conf")); err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
	m.t.Cleanup(m.end)
	m.eventually("nginx has workers", func() bool { // the pid file is written after the program returned
		p, ok := masterIn(filepath.Join(m.dir, "nginx.pid"))
		return ok && len(p.workers()) > 0
	})
	return m
}

func (m *machine) end() {
	p, ok := masterIn(filepath.Join(m.dir, "nginx.pid"))
	if !ok {
		return
	}
	_ = p.signal(syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if poll(ctx, 5*time.Millisecond, func() bool { return !p.alive() }) != nil {
		m.t.Error("nginx does not stop")
	}
}

func (m *machine) theirsIsServed() {
	m.t.Helper()
	for _, host := range []string{"theirs.test", "unknown.test"} { // theirs is the port's default server
		req := m.request(http.MethodGet, "/", nil)
		req.Host = host
		if _, body := m.do(req); body != "theirs" {
			m.t.Errorf("host %s is answered %q", host, body)
		}
	}
}

func TestTheMachinesNginxServesTheAppBesideOthers(t *testing.T) {
	m := besideOthers(t, "").start()
	site := readFile(t, m.theirs)
	m.must(m.r.Up(m.ctx, m.app))
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	m.servedBy(release.Blue)
	m.shift(release.Green)
	m.servedBy(release.Green)
	m.theirsIsServed()
	if !m.observed().Current() {
		t.Errorf("observed %+v", m.observed())
	}
	ours := filepath.Join(m.dir, "sites-enabled", "zz-teal-voda.conf")
	if !remains(ours) {
		t.Error("our site is not where it belongs")
	}
	m.must(m.r.Remove(m.ctx, m.app))
	m.theirsIsServed()
	if remains(ours) || readFile(t, m.theirs) != site || m.tree() != "" {
		t.Errorf("left behind: %s", m.tree())
	}
}

func TestTheMachinesAccessLogStillTellsOfTheApp(t *testing.T) {
	m := besideOthers(t, "").start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	m.get("/seen")
	m.eventually("their log has the request", func() bool {
		return strings.Contains(readFile(t, filepath.Join(m.dir, "access.log")), "GET /seen ")
	})
	if log := readFile(t, filepath.Join(m.dir, "access.log")); strings.Contains(log, "/.teal/") {
		t.Errorf("the control path is in the log:\n%s", log)
	}
}

func TestHeadersThatTheMachineAddsAreStillAdded(t *testing.T) {
	m := besideOthers(t, "add_header X-Theirs yes;").start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	for _, c := range release.Colors {
		m.shift(c)
		resp, _ := m.get("/color")
		if resp.Header.Get("X-Theirs") != "yes" {
			t.Errorf("%s: their header is lost", c)
		}
	}
}

func TestWhatTheMachineSetsDoesNotChangeHowColorsAreServed(t *testing.T) {
	m := besideOthers(t, `proxy_next_upstream error timeout non_idempotent; proxy_intercept_errors on;
		error_page 404 502 =200 /their-page; open_file_cache max=10; proxy_request_buffering off;
		proxy_socket_keepalive on; auth_basic theirs; auth_basic_user_file /dev/null;`).start()
	m.app.Site.Listen = []string{freeAddr(t)}
	m.addr = m.app.Site.Listen[0]
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Green)
	m.shift(release.Blue)
	resp, _ := m.get("/color")
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("their password is not asked: %d", resp.StatusCode)
	}
}

func TestAMachinesNginxThatIsDownIsNotStarted(t *testing.T) {
	m := besideOthers(t, "")
	for what, err := range map[string]error{
		"up": m.r.Up(m.ctx, m.app), "apply": m.r.Apply(m.ctx, m.app, m.net),
	} {
		if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), "systemctl start nginx") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if m.tree() != "" {
		t.Errorf("left behind %s", m.tree())
	}
}

func TestAMachinesBrokenConfigIsShownAndNothingOfOursIsLeft(t *testing.T) {
	m := besideOthers(t, "").start()
	m.must(os.WriteFile(m.theirs, []byte("server { listen oops }"), 0o644))
	err := m.r.Apply(m.ctx, m.app, m.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), m.theirs+":1") {
		t.Errorf("got %v", err)
	}
	files, err := os.ReadDir(filepath.Join(m.dir, "sites-enabled"))
	if err != nil || len(files) != 1 || m.tree() != "" {
		t.Errorf("left behind: %v %s", files, m.tree())
	}
	if got := m.observed().Broken; !strings.Contains(got, m.theirs+":1") {
		t.Errorf("observed broken: %q", got)
	}
	m.theirsIsServed()
}

func TestAHostThatAnotherSiteHasIsRefused(t *testing.T) {
	m := besideOthers(t, "").start()
	m.app.Site.Hosts = []string{testHost, "theirs.test"}
	err := m.r.Apply(m.ctx, m.app, m.net)
	if release.CodeOf(err) != release.Invalid || !strings.Contains(err.Error(), "theirs.test") {
		t.Errorf("got %v", err)
	}
	if m.tree() != "" || remains(filepath.Join(m.dir, "sites-enabled", "zz-teal-voda.conf")) {
		t.Errorf("left behind %s", m.tree())
	}
	m.theirsIsServed()
}

func TestASiteThatNobodyCanReachIsRefused(t *testing.T) {
	m := besideOthers(t, "").start()
	m.app.Site.Hosts = nil // any host, but theirs is the default server
	err := m.r.Apply(m.ctx, m.app, m.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(err.Error(), "does not serve the app") {
		t.Errorf("got %v", describe(err))
	}
	m.theirsIsServed()
}

func TestTheLossOfTheStateRootDoesNotBreakTheMachinesNginx(t *testing.T) {
	m := besideOthers(t, "").start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.must(os.RemoveAll(m.r.app("voda")))
	s, err := m.r.server(m.ctx, m.app, m.app.Proxies[0])
	m.must(err)
	m.must(s.sound(m.ctx))
}

func TestAFolderThatIsNotIncludedIsRefused(t *testing.T) {
	m := besideOthers(t, "")
	m.site(m.addr + " default_server") // which conf.d comes before
	m.start()
	m.app.Proxies[0].Sites = filepath.Join(m.dir, "temp")
	err := m.r.Apply(m.ctx, m.app, m.net)
	if release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), m.dir+"/conf.d/*.conf") {
		t.Errorf("got %v", err)
	}
	m.app.Proxies[0].Sites = "conf.d"
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	m.servedBy(release.Blue)
}

func TestAMachineWithoutNginxConfigIsToldSo(t *testing.T) {
	s := setStage(t)
	s.app.Proxies = []release.Proxy{{Kind: release.ProxyHost, Config: "/nowhere/nginx.conf"}}
	_, err := s.r.Observe(s.ctx, s.app, s.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(err.Error(), "/nowhere/nginx.conf") {
		t.Errorf("got %v", err)
	}
}
