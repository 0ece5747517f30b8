package release

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAProxyInAContainerSeesAllThatItServes(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"live", "archive"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "archive", "cert1.pem"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../archive/cert1.pem", filepath.Join(dir, "live", "cert.pem")); err != nil {
		t.Fatal(err)
	}
	a := App{
		Name: "voda", Routes: []Route{{Path: "/s/", Files: "/srv/static"}, {Path: "/", To: "web"}},
		Shapes: map[Color]Shape{Blue: {Routes: []Route{{Path: "/s/", Files: "/srv/older"}}}},
		Site: Site{
			ErrorPages: map[int]string{502: "/srv/static/down.html", 503: "/var/log/voda/odd.html"},
			AccessLog:  AccessLog{Path: "/var/log/voda/access.log"},
			TLS:        &TLS{Cert: filepath.Join(dir, "live", "cert.pem"), Key: filepath.Join(dir, "live", "key.pem"), ACME: "/srv/acme"},
		},
	}
	p := Proxy{Kind: ProxyContainer, Service: "edge"}
	var lines []string
	for _, m := range a.ProxyMounts("/state", p) {
		lines = append(lines, strings.ReplaceAll(m.Line(), dir, "DIR"))
	}
	want := `/state/tables:/state/tables:ro
/state/live:/state/live:ro
/state/flags:/state/flags:ro
/state/apps/voda:/state/apps/voda
/var/log/voda:/var/log/voda
/srv/acme:/srv/acme:ro
/srv/older:/srv/older:ro
/srv/static:/srv/static:ro
DIR/archive:DIR/archive:ro
DIR/live:DIR/live:ro
/state/apps/voda/sites-edge:/etc/nginx/conf.d:ro`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	p.Listen = []string{"8080"} // behind another: plain HTTP
	if got := fmt.Sprint(a.ProxyMounts("/state", p)); strings.Contains(got, "acme") {
		t.Errorf("got %s", got)
	}
}
