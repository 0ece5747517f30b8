package witness

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

func appAt(listen string, hosts ...string) release.App {
	get := func(path string) release.Health { return release.Health{Kind: release.HealthHTTP, Path: path} }
	return release.App{
		Name: "voda",
		Services: []release.Service{
			{Name: "api", Port: 8080, Replicas: 1, Health: get("/actuator/health")},
			{Name: "app", Port: 3000, Replicas: 2, Health: get("/healthz?full=1")},
			{Name: "docs", Port: 80, Replicas: 1, Health: get("/status")},
			{Name: "hook", Port: 81, Replicas: 1},
		},
		Site: release.Site{Listen: []string{listen, "443"}, Hosts: hosts},
		Routes: []release.Route{
			{Path: "/docs/", To: "docs"}, {Path: "/hook/", To: "hook"}, {Path: "/api/", To: "api", Strip: true}, {Path: "/", To: "app"},
		},
		Policy: release.Policy{Witness: release.WitnessPolicy{Rate: 200}},
	}
}

func TestADeployIsWatchedThroughTheSite(t *testing.T) {
	b := serve(t, func(int) deed { return answers })
	end, err := New().Begin(t.Context(), appAt(b.addr, "voda.example"))
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		<-b.began
	}
	w := end()
	addsUp(t, w)
	equal(t, "answered", w.Answered, b.nothingTwice())
	equal(t, "with the site's host", b.hosts["voda.example"], w.Sent)
	for _, path := range []string{"/healthz?full=1", "/api/actuator/health", "/docs/", "/hook/"} {
		if b.paths[path] < 5 {
			t.Errorf("%s was asked %d times of %d", path, b.paths[path], w.Sent)
		}
	}
	equal(t, "paths", len(b.paths), 4)
}

func TestAnAppThatWantsNoWitnessHasNone(t *testing.T) {
	off, unrouted, idle := appAt("80"), appAt("80"), appAt("80")
	off.Policy.Witness.Off = true
	unrouted.Routes = nil
	idle.Policy.Witness.Rate = 0
	for _, app := range []release.App{off, unrouted, idle} {
		if end, err := New().Begin(t.Context(), app); end != nil || err != nil {
			t.Errorf("got one (%v)", err)
		}
	}
}

func TestTheSitesFirstAddressIsAsked(t *testing.T) {
	for listen, want := range map[string]string{
		"80": "127.0.0.1:80", "0.0.0.0:8080": "127.0.0.1:8080", "*:81": "127.0.0.1:81",
		"[::]:80": "[::1]:80", "[2001:db8::1]:80": "[2001:db8::1]:80", "10.0.0.7:8443": "10.0.0.7:8443", "localhost:9": "localhost:9",
	} {
		got, err := targetOf(release.Site{Listen: []string{listen}})
		if err != nil || got != want {
			t.Errorf("%s: %s (%v), want %s", listen, got, err, want)
		}
	}
	if _, err := targetOf(release.Site{Listen: []string{"unix:/x"}}); err == nil {
		if _, _, err := net.SplitHostPort("unix:/x"); err != nil {
			t.Error("an address that can't be dialled was taken")
		}
	}
	hosts := []string{hostOf(release.Site{}), hostOf(release.Site{Hosts: []string{"a.example", "b.example"}}), hostOf(release.Site{Hosts: []string{"*.c.example"}})}
	if diff := cmp.Diff([]string{"", "a.example", "www.c.example"}, hosts); diff != "" {
		t.Error(diff)
	}
}

// A health path that another route takes, or that lies outside the route,
// would ask another service.
func TestAPathThatLeadsElsewhereIsNotAsked(t *testing.T) {
	app := appAt("80")
	app.Services[1].Health.Path = "/api/health"
	if got := pathFor(app, release.Route{Path: "/", To: "app"}); got != "/" {
		t.Errorf("asks %s", got)
	}
	app.Routes = []release.Route{{Path: "/api", To: "api", Strip: true}}
	if got := pathFor(app, app.Routes[0]); got != "/api/actuator/health" {
		t.Errorf("asks %s", got)
	}
}

func TestTheWitnessStaysGentle(t *testing.T) {
	for rate, clients := range map[int]int{1: 1, 20: 4, 1000: 16} {
		app := appAt("80")
		app.Policy.Witness.Rate = rate
		load, err := loadFor(app)
		if err != nil {
			t.Fatal(err)
		}
		g := load.Groups[0]
		equal(t, "clients", g.Count, clients)
		equal(t, "requests a second", int(float64(g.Count)/g.Every.Seconds()+0.5), rate)
	}
}
