package witness

import (
	"net/netip"
	"testing"

	"teal/internal/release"
)

func watchedApp() release.App {
	get := func(path string) release.Health { return release.Health{Kind: release.HealthHTTP, Path: path} }
	return release.App{
		Name: "voda",
		Services: []release.Service{
			{Name: "api", Port: 8080, Replicas: 1, Health: get("/actuator/health")},
			{Name: "app", Port: 3000, Replicas: 2, Health: get("/healthz?full=1")},
			{Name: "docs", Port: 80, Replicas: 1, Health: get("/status")},
			{Name: "hook", Port: 81, Replicas: 1},
		},
		Routes: []release.Route{
			{Path: "/docs/", To: "docs"}, {Path: "/hook/", To: "hook"}, {Path: "/api/", To: "api", Strip: true}, {Path: "/", To: "app"},
		},
		Policy: release.Policy{Witness: release.WitnessPolicy{Rate: 200}},
	}
}

func frontOf(addr string, secure bool) release.Front {
	return release.Front{Addr: netip.MustParseAddrPort(addr), TLS: secure, Host: "voda.example"}
}

func TestADeployIsWatchedThroughTheSitesFront(t *testing.T) {
	for name, secure := range map[string]bool{"plain": false, "over TLS": true} {
		t.Run(name, func(t *testing.T) {
			b := serveOver(t, secure, func(int) deed { return answers })
			end, err := New().Begin(t.Context(), watchedApp(), frontOf(b.addr, secure))
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
		})
	}
}

func TestASiteWithoutAKnownAddressIsNotWatched(t *testing.T) {
	if end, err := New().Begin(t.Context(), watchedApp(), release.Front{}); end != nil || err == nil {
		t.Error("something is asked")
	}
}

func TestAnAppThatWantsNoWitnessHasNone(t *testing.T) {
	off, unrouted, idle := watchedApp(), watchedApp(), watchedApp()
	off.Policy.Witness.Off = true
	unrouted.Routes = nil
	idle.Policy.Witness.Rate = 0
	for _, app := range []release.App{off, unrouted, idle} {
		if end, err := New().Begin(t.Context(), app, frontOf("127.0.0.1:80", false)); end != nil || err != nil {
			t.Errorf("got one (%v)", err)
		}
	}
}

// A health path that another route takes, or that lies outside the route,
// would ask another service.
func TestAPathThatLeadsElsewhereIsNotAsked(t *testing.T) {
	app := watchedApp()
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
		app := watchedApp()
		app.Policy.Witness.Rate = rate
		g := loadFor(app, frontOf("127.0.0.1:80", false)).Groups[0]
		equal(t, "clients", g.Count, clients)
		equal(t, "requests a second", int(float64(g.Count)/g.Every.Seconds()+0.5), rate)
	}
}
