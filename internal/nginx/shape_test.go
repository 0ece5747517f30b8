package nginx

import (
	"context"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// grown sets the stage with a release in blue that has a route and a service
// fewer, and one that the app no longer has, live on blue.
func grown(t *testing.T) *stage {
	t.Helper()
	s := setStage(t)
	port := s.app.Services[0].Port
	older := s.app.Shape()
	older.Services = append(older.Services, release.Service{Name: "old", Port: port, Replicas: 1})
	older.Routes = append([]release.Route{{Path: "/old/", To: "old", Strip: true}}, older.Routes...)
	s.app.Services[0].Replicas = 3
	s.app.Services = append(s.app.Services, release.Service{Name: "api", Port: port, Replicas: 1})
	s.app.Routes = append([]release.Route{{Path: "/api/", To: "api", Strip: true}}, s.app.Routes...)
	var err error
	s.net, err = s.net.Assign(append(s.app.Services, older.Services[1]))
	s.must(err)
	for slot, addr := range s.net.Slots {
		if slot.Service == "old" && slot.Color == release.Blue || slot.Service != "old" && slot.Color == release.Green && slot != (release.Slot{Service: "web", Color: release.Green, Replica: 1}) {
			play(t, slot.Color, netip.AddrPortFrom(addr, uint16(port)))
		}
	}
	s.app.Shapes = map[release.Color]release.Shape{release.Blue: older}
	s.up()
	return s.live()
}

func TestEachColorIsServedInItsOwnShape(t *testing.T) {
	s := grown(t)
	for n := range 6 {
		c := release.Colors[n%2]
		s.shift(c)
		answers := map[string]string{"/api/x": "/api/x", "/old/x": "/x", "/x": "/x"} // in blue /api/ is nothing special
		if c == release.Green {
			answers = map[string]string{"/api/x": "/x", "/old/x": "/old/x", "/x": "/x"}
		}
		for target, want := range answers {
			if got := s.raw(target); got != want {
				t.Errorf("%s: %s came as %q, want %q", c, target, got, want)
			}
		}
	}
}

// Blue has one replica, green three. Were blue's servers those of the app, two
// of three requests would first go where nothing is.
func TestNoRequestGoesToAReplicaThatTheColorDoesNotHave(t *testing.T) {
	s := grown(t)
	s.must(s.r.Watch(s.ctx, s.app, true))
	for range 30 {
		s.servedBy(release.Blue)
	}
	log := readFile(t, s.r.traffic("voda"))
	if strings.Contains(log, ", ") {
		t.Errorf("requests went to several servers:\n%s", log)
	}
	if conf := readFile(t, s.r.conf("voda", "standalone")); strings.Contains(conf, s.net.Addr(release.Slot{Service: "web", Color: release.Blue, Replica: 2}).String()+":") {
		t.Error("a server that isn't there is named")
	}
}

// A request that an old worker reads after the switch goes by the old shape to
// the new color, which has no such service any more.
func TestALateRequestOfBeforeAServiceWasRenamedIsAnsweredByTheOtherColor(t *testing.T) {
	s := setStage(t)
	older := release.Shape{Services: []release.Service{{Name: "old", Port: s.app.Services[0].Port, Replicas: 1}}, Routes: []release.Route{{Path: "/", To: "old"}}}
	var err error
	s.net, err = s.net.Assign(append(s.app.Services, older.Services...))
	s.must(err)
	s.app.Shapes = map[release.Color]release.Shape{release.Blue: older}
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Green)
	late := s.dial()
	late.send("GET /color HTTP/1.1\r\n")
	s.app.Shapes = nil
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	s.servedBy(release.Blue)
	late.send("Host: " + testHost + "\r\n\r\n")
	if status, body := late.answer(); status != 200 || body != string(release.Green) {
		t.Errorf("answered %d %q", status, body)
	}
}

func TestAServiceThatAColorHasNoContainersOfLeadsNowhere(t *testing.T) {
	s := setStage(t)
	s.app.Routes = []release.Route{{Path: "/only/", To: "web"}}
	s.app.Shapes = map[release.Color]release.Shape{release.Green: {Routes: s.app.Routes}}
	s.up()
	s.live()
	if got := s.raw("/only/x"); got != "/only/x" {
		t.Errorf("blue answered %q", got)
	}
	s.shift(release.Green)
	if got := s.raw("/only/x"); got != "404" {
		t.Errorf("green, which has nothing, answered %q", got)
	}
}

func TestARefusedConfigNeverStoodWhereNginxReadsIt(t *testing.T) {
	s := open(t)
	conf := s.r.conf("voda", "standalone")
	before, err := os.Stat(conf)
	s.must(err)
	s.app.Site.TLS = &release.TLS{Listen: []string{freeAddr(t)}, Cert: "/nowhere/cert.pem", Key: "/nowhere/key.pem"}
	err = s.r.Apply(s.ctx, s.app, s.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), "/nowhere/cert.pem") {
		t.Fatalf("got %v", describe(err))
	}
	if strings.Contains(describe(err), ".next") {
		t.Errorf("the error names a file that is gone: %s", describe(err))
	}
	after, err := os.Stat(conf)
	s.must(err)
	if !os.SameFile(before, after) {
		t.Error("the file was replaced meanwhile")
	}
	s.servedBy(release.Blue)
}

func TestAMachinesNginxIsTriedAside(t *testing.T) {
	m := besideOthers(t, "").start()
	m.app.Site.TLS = &release.TLS{Listen: []string{freeAddr(t)}, Cert: "/nowhere/cert.pem", Key: "/nowhere/key.pem"}
	s, err := m.r.server(m.ctx, m.app, m.app.Proxies[0])
	m.must(err)
	out, err := m.r.render(s, m.app, m.net, noToken)
	m.must(err)
	m.must(m.r.prepare("voda"))
	if err := m.r.rehearse(m.ctx, s, m.app, out); err == nil || !strings.Contains(describe(err), "/nowhere/cert.pem") {
		t.Errorf("got %v", err)
	}
	m.app.Site.TLS = nil
	out, err = m.r.render(s, m.app, m.net, noToken)
	m.must(err)
	m.must(m.r.rehearse(m.ctx, s, m.app, out))
	found, err := filepath.Glob(filepath.Join(m.dir, ".teal*"))
	if err != nil || len(found) > 0 || remains(s.site) || len(s.accessLogs) == 0 {
		t.Errorf("left behind: %v", found)
	}
}

// killed leaves what a teal does that is killed while it rehearses and writes.
func (m *machine) killed() []string {
	m.t.Helper()
	s, err := m.r.server(m.ctx, m.app, m.app.Proxies[0])
	m.must(err)
	h := m.r.rehearsalOf(s, "voda")
	draft := func(path string) string {
		return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"6129484611666145821")
	}
	list := []string{h.main, h.staged, draft(s.site), draft(m.r.conf("voda", s.place))}
	for _, path := range list {
		m.must(os.WriteFile(path, []byte("nonsense"), 0o600))
	}
	m.must(s.sound(m.ctx)) // nginx reads none
	return list
}

func TestWhatAKilledRehearsalLeftIsReportedAndTakenAway(t *testing.T) {
	m := besideOthers(t, "").start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	list := m.killed()
	o, err := m.r.Observe(m.ctx, m.app, m.net)
	m.must(err)
	if !slices.Equal(slices.Sorted(slices.Values(o.Leftovers)), slices.Sorted(slices.Values(list))) {
		t.Errorf("leftovers %v, want %v", o.Leftovers, list)
	}
	m.must(m.r.Tidy(m.ctx, m.app))
	if left := slices.DeleteFunc(list, func(path string) bool { return !remains(path) }); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
	m.servedBy(release.Blue)
}

func TestRemoveTakesAwayWhatAKilledRehearsalLeft(t *testing.T) {
	m := besideOthers(t, "").start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	list := m.killed()
	m.must(m.r.Remove(m.ctx, m.app))
	if left := slices.DeleteFunc(list, func(path string) bool { return !remains(path) }); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
}

// A main file whose includes can't be written out is tried in place, as it
// always was.
func TestAnIncludeOfAnIncludeIsTriedInPlace(t *testing.T) {
	m := besideOthers(t, "")
	main := filepath.Join(m.dir, "nginx.conf")
	text := strings.Replace(readFile(t, main), "include sites-enabled/*;", "include inner.conf;", 1)
	m.must(os.WriteFile(main, []byte(text), 0o644))
	m.must(os.WriteFile(filepath.Join(m.dir, "inner.conf"), []byte("include sites-enabled/*;"), 0o644))
	m.start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	m.servedBy(release.Blue)
	m.app.Site.TLS = &release.TLS{Listen: []string{freeAddr(t)}, Cert: "/nowhere/cert.pem", Key: "/nowhere/key.pem"}
	if err := m.r.Apply(m.ctx, m.app, m.net); release.CodeOf(err) != release.Unreachable {
		t.Errorf("got %v", err)
	}
	m.servedBy(release.Blue)
}

func TestTheRoutesHeadersComeWithTheMachines(t *testing.T) {
	m := besideOthers(t, `add_header X-Theirs "of $host; yes" always;`).start()
	m.app.Routes[0].Options.Headers = map[string]string{"X-Ours": "yes"}
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	for _, c := range release.Colors {
		m.shift(c)
		resp, _ := m.get("/color")
		if resp.Header.Get("X-Theirs") != "of "+testHost+"; yes" || resp.Header.Get("X-Ours") != "yes" {
			t.Errorf("%s: headers %v", c, resp.Header)
		}
	}
}

func TestAChainIsSwitchedAndConfirmedInEachProxy(t *testing.T) {
	m := besideOthers(t, "").start()
	inner := freeAddr(t)
	m.app.Proxies = append(m.app.Proxies, release.Proxy{Kind: release.ProxyStandalone, Listen: []string{inner}})
	m.up()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	outer := m.addr
	for n := range 4 {
		c := release.Colors[n%2]
		m.shift(c)
		for _, at := range []string{outer, inner} {
			m.addr = at
			m.servedBy(c)
		}
	}
	o, err := m.r.Observe(m.ctx, m.app, m.net)
	m.must(err)
	if len(o.Proxies) != 2 || !o.Ready() || o.Proxies[0].Name == o.Proxies[1].Name || o.Proxies[0].Generation == o.Proxies[1].Generation {
		t.Errorf("observed %+v", o.Proxies)
	}
	m.addr = inner // behind the outer one, which is believed
	if body := m.forwarded("203.0.113.7", "https"); !strings.Contains(body, "X-Real-Ip: 203.0.113.7\n") || !strings.Contains(body, "X-Forwarded-Proto: https\n") {
		t.Errorf("behind another, the color is told\n%s", body)
	}
	m.addr = outer // nobody is before it
	if body := m.forwarded("203.0.113.7", "https"); !strings.Contains(body, "X-Real-Ip: 127.0.0.1\n") || !strings.Contains(body, "X-Forwarded-Proto: http\n") {
		t.Errorf("as the first, the color is told\n%s", body)
	}
	m.must(m.r.Remove(m.ctx, m.app))
	if m.tree() != "" {
		t.Errorf("left behind %s", m.tree())
	}
	m.addr = outer
	m.theirsIsServed()
}

func TestAChainOfWhichTheOutermostFailsIsLeftAsItWas(t *testing.T) {
	m := besideOthers(t, "").start()
	inner := freeAddr(t)
	m.app.Proxies = append(m.app.Proxies, release.Proxy{Kind: release.ProxyStandalone, Listen: []string{inner}})
	m.up()
	before := m.master().workers()
	m.must(os.WriteFile(m.theirs, []byte("server { listen oops }"), 0o644))
	if err := m.r.Apply(m.ctx, m.app, m.net); release.CodeOf(err) != release.Unreachable {
		t.Fatalf("got %v", err)
	}
	if m.tree() != "" {
		t.Errorf("left behind %s", m.tree())
	}
	gone := func() bool { _, err := http.Get("http://" + inner); return err != nil }
	ctx, cancel := context.WithTimeout(m.ctx, 5*time.Second) // a worker that was told to end may take one more
	defer cancel()
	if err := poll(ctx, 20*time.Millisecond, gone); err != nil {
		t.Error("the inner one still serves it")
	}
	if accepts(before[0]) {
		t.Error("the inner one was not the first to get it")
	}
}

func TestAChainOfWhichTheInnermostFailsHasAnOutermostThatNeverHeardOfIt(t *testing.T) {
	m := besideOthers(t, "").start()
	outer := freeAddr(t)
	m.app.Proxies = append([]release.Proxy{{Kind: release.ProxyStandalone, Listen: []string{outer}}}, m.app.Proxies...)
	m.up()
	before := m.master().workers()
	m.must(os.WriteFile(m.theirs, []byte("server { listen oops }"), 0o644))
	if err := m.r.Apply(m.ctx, m.app, m.net); release.CodeOf(err) != release.Unreachable {
		t.Fatalf("got %v", err)
	}
	if m.tree() != "" {
		t.Errorf("left behind %s", m.tree())
	}
	if !accepts(before[0]) {
		t.Error("it was reloaded")
	}
}
