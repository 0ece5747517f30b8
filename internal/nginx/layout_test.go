package nginx

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"teal/internal/release"
)

// layout rewrites the machine's main file.
func (m *machine) layout(before, after string) {
	m.t.Helper()
	main := filepath.Join(m.dir, "nginx.conf")
	m.must(os.WriteFile(main, []byte(strings.Replace(readFile(m.t, main), before, after, 1)), 0o644))
}

// site gives the others' site these listen directives.
func (m *machine) site(listens ...string) {
	m.t.Helper()
	text := "server {"
	for _, l := range listens {
		text += " listen " + l + ";"
	}
	m.must(os.WriteFile(m.theirs, []byte(text+" server_name theirs.test; return 200 theirs; }\n"), 0o644))
}

// port is the port of the site.
func (s *stage) port() string {
	s.t.Helper()
	_, port, err := net.SplitHostPort(s.addr)
	s.must(err)
	return port
}

func TestWithoutSitesEnabledTheAppGoesIntoConfD(t *testing.T) {
	for what, layout := range map[string][2]string{
		"it is not included": {"include sites-enabled/*;", "include sites-enabled/default;"},
		"it does not match":  {"include sites-enabled/*;", "include sites-enabled/default; include sites-enabled/*.vhost;"},
	} {
		t.Run(what, func(t *testing.T) {
			m := besideOthers(t, "")
			m.layout(layout[0], layout[1])
			m.site(m.addr + " default_server")
			m.start()
			m.must(m.r.Apply(m.ctx, m.app, m.net))
			m.shift(release.Blue)
			m.servedBy(release.Blue)
			m.theirsIsServed()
			if !remains(filepath.Join(m.dir, "conf.d", "zz-teal-voda.conf")) {
				t.Error("our site is not where it belongs")
			}
			m.must(m.r.Remove(m.ctx, m.app))
			m.theirsIsServed()
		})
	}
}

func TestANginxThatWouldNeverReadTheAppIsRefusedWithItsIncludes(t *testing.T) {
	m := besideOthers(t, "")
	m.layout("include sites-enabled/*;", "include sites-enabled/default; include sites-enabled/*.vhost;")
	m.layout("conf.d/*.conf", "conf.d/0*.conf")
	m.start()
	_, err := m.r.Observe(m.ctx, m.app, m.net)
	for _, err := range []error{err, m.r.Apply(m.ctx, m.app, m.net)} {
		text := describe(err)
		if release.CodeOf(err) != release.Invalid || !strings.Contains(text, m.dir+"/sites-enabled/*.vhost") || !strings.Contains(text, m.dir+"/conf.d/0*.conf") {
			t.Errorf("got %s", text)
		}
	}
	if m.tree() != "" {
		t.Errorf("left behind %s", m.tree())
	}
	m.theirsIsServed()
}

func TestAnotherSiteStaysTheDefaultOfThePort(t *testing.T) {
	m := besideOthers(t, "")
	m.site(m.addr + " default_server")
	m.start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Green)
	m.servedBy(release.Green)
	m.theirsIsServed()
}

func TestAnAppThatWouldBecomeTheDefaultInTheirPlaceIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	m := besideOthers(t, "").start()
	m.app.Proxies[0].Sites = filepath.Join(m.dir, "conf.d") // included before sites-enabled
	for _, err := range []error{m.blocked(), m.r.Apply(m.ctx, m.app, m.net)} {
		if release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), "default server of "+m.addr+" in the place of the site in "+m.theirs) {
			t.Errorf("got %s", describe(err))
		}
	}
	if m.tree() != "" {
		t.Errorf("left behind %s", m.tree())
	}
	m.theirsIsServed()
}

func TestTwoAppsNeedNoDefaultBetweenThem(t *testing.T) {
	m := besideOthers(t, "")
	m.must(os.Remove(m.theirs))
	m.start()
	second := m.app
	second.Name, second.Site.Hosts = "first", []string{"first.test"} // its file comes before the other's
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.must(m.r.Apply(m.ctx, second, m.net))
	m.shift(release.Blue)
	m.servedBy(release.Blue)
}

func TestTheAppIsFoundBesideASiteOnALoopbackAddressOfItsOwn(t *testing.T) {
	m := besideOthers(t, "")
	m.site(m.port(), "127.0.0.1:"+m.port(), "127.0.0.2:"+m.port()+" default_server")
	m.start()
	m.app.Site.Listen = []string{m.port()}
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Green)
	front, err := m.r.Front(m.ctx, m.app)
	m.must(err)
	m.theirsIsServed()
	m.addr = front.Addr.String()
	m.servedBy(release.Green)
}

func TestBothFamiliesAreServedBesideASiteThatHasBoth(t *testing.T) {
	m := besideOthers(t, "")
	six := "[::1]:" + m.port()
	m.site(m.addr, six+" default_server")
	m.start()
	m.app.Site.Listen = []string{m.addr, six}
	m.must(m.r.Apply(m.ctx, m.app, m.net)) // asks both
	m.shift(release.Green)
	for _, at := range m.app.Site.Listen {
		m.addr = at
		m.servedBy(release.Green)
		m.theirsIsServed()
	}
}

func TestASiteThatListensOnBothFamiliesWithOneSocketIsNamedAsTheHolder(t *testing.T) {
	m := besideOthers(t, "")
	m.site("[::]:" + m.port() + " ipv6only=off")
	m.start()
	m.app.Site.Listen = []string{m.port()}
	err := m.r.Apply(m.ctx, m.app, m.net)
	held := fmt.Sprintf("0.0.0.0:%s is held by this nginx itself", m.port())
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), held) || !strings.Contains(describe(err), "the form that it has in the other sites") {
		t.Errorf("got %s", describe(err))
	}
	if m.tree() != "" {
		t.Errorf("left behind %s", m.tree())
	}
	m.theirsIsServed()
}

func TestASiteThatWantsTheSameOptionsIsTheUsersToSettle(t *testing.T) {
	s := setStage(t)
	s.app.Site.Hosts = nil // teal's own nginx: the default server of its address
	s.up()
	s.must(s.r.Apply(s.ctx, s.app, s.net))
	s.shift(release.Blue)
	twin := s.app
	twin.Name, twin.Site.Listen = "twin", []string{freeAddr(t), s.addr}
	err := s.r.Apply(s.ctx, twin, s.net)
	if release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), "next: name the app's hosts in site.hosts") {
		t.Errorf("got %s", describe(err))
	}
	if conn, err := http.Get("http://" + twin.Site.Listen[0]); err == nil {
		conn.Body.Close()
		t.Error("its other address is served")
	}
	s.servedBy(release.Blue)
}

func TestAHostThatAnotherSiteHasIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	m := besideOthers(t, "")
	m.site(m.addr + " default_server")
	m.app.Site.Hosts = append(m.app.Site.Hosts, "theirs.test")
	m.start()
	if err := m.blocked(); release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), "already has the host theirs.test at "+m.addr+": the one in "+m.theirs) {
		t.Errorf("got %s", describe(err))
	}
	m.site("127.0.0.1:1") // where the app is not
	if err := m.blocked(); err != nil {
		t.Errorf("got %s", describe(err))
	}
}
