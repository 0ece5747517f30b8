package nginx

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"teal/internal/release"
)

// manor is a machine's nginx with a site of theirs that teal is to adopt, and
// what serves it so far. The app's color "before" is that.
type manor struct {
	*machine
	site   string // their file
	before *backend
}

// inherit sets the stage with an adopted site whose server block includes what
// Adopt has written. more goes into the server block.
func inherit(t *testing.T, more string) *manor {
	t.Helper()
	m := &manor{machine: besideOthers(t, "")}
	m.before = play(t, "before", netip.MustParseAddrPort("127.0.0.1:0"))
	m.app.Site.Adopted = &release.Adopted{Before: map[string]string{"web": m.before.at.String()}}
	m.site = filepath.Join(m.dir, "sites-enabled", "shop")
	_, _, err := m.r.Adopt(m.ctx, m.app)
	m.must(err)
	m.include(release.Include(m.r.root, "voda", m.app.Proxies[0].Place("voda")), more)
	return m
}

// include makes their server block include the file.
func (m *manor) include(file, more string) {
	m.t.Helper()
	if file != "" {
		file = "include " + file + ";"
	}
	text := fmt.Sprintf(`server {
	listen %s; server_name %s;
	%s
	%s
	location / { proxy_pass http://$teal_voda__web; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; }
}
`, m.addr, testHost, file, more)
	m.must(os.WriteFile(m.site, []byte(text), 0o644))
}

func (m *manor) observe() release.Observed {
	m.t.Helper()
	o, err := m.r.Observe(m.ctx, m.app, m.net)
	m.must(err)
	return release.Observed{App: m.app, Routing: o}
}

// nginx runs their nginx as its administrator does.
func (m *manor) nginx(args ...string) {
	m.t.Helper()
	path, err := find("")
	m.must(err)
	out, err := run(m.ctx, path, append([]string{"-c", filepath.Join(m.dir, "nginx.conf")}, args...)...)
	if err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
}

func TestAnAdoptedSiteIsServedByWhatWasThereUntilTheFirstShiftAndAfterRemove(t *testing.T) {
	m := inherit(t, "")
	m.start()
	m.must(m.r.Tests(m.ctx, m.app))
	m.servedBy("before")
	if o := m.observe(); o.Live() != release.None || !o.Routing.Loaded() || o.Routing.Ready() || len(o.Routing.Leftovers) > 0 {
		t.Errorf("observed %+v", o.Routing)
	}
	if flags := m.closers(); len(flags) != 1 {
		t.Errorf("before the first release connections are closed by %v", flags)
	}
	end := m.load(8)
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.servedBy("before")
	if o := m.observe(); o.Live() != release.None || !o.Routing.Ready() {
		t.Errorf("after the route, observed %+v", o.Routing)
	}
	for _, c := range []release.Color{release.Green, release.Blue, release.Green} {
		m.shift(c)
		m.servedBy(c)
	}
	_, _, err := m.r.Adopt(m.ctx, m.app)
	m.must(err)
	m.servedBy(release.Green) // it is left as it is
	if o := m.observe(); o.Live() != release.Green || !o.Routing.Ready() {
		t.Errorf("live, observed %+v", o.Routing)
	}
	for range 2 {
		m.must(m.r.Remove(m.ctx, m.app))
		m.servedBy("before")
		if remains(m.r.live("voda")) {
			t.Error("its table is still there")
		}
		m.must(m.r.Tests(m.ctx, m.app))
	}
	if sent, failures := end(); len(failures) > 0 {
		t.Errorf("%d of %d lost, the first: %s", len(failures), sent, failures[0])
	}
	if conf := readFile(t, m.r.conf("voda", m.app.Proxies[0].Place("voda"))); strings.Contains(conf, m.slot(release.Blue).String()) {
		t.Error("nginx still knows the app's addresses")
	}
	m.must(os.Remove(m.site))
	m.must(m.r.Remove(m.ctx, m.app))
	m.theirsIsServed()
	if left := m.tree(); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

func TestANewShapeOfAnAdoptedSiteUnderLoadLosesNoRequest(t *testing.T) {
	m := inherit(t, "")
	m.start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Green)
	if flags := m.closers(); len(flags) != 1 || !strings.HasSuffix(flags[0], "+voda") {
		t.Fatalf("its connections are closed by %v", flags)
	}
	end := m.load(8)
	for n := range 4 {
		m.app.Routes[0].Options.Balance = []release.Balance{release.LeastConn, release.RoundRobin}[n%2]
		m.must(m.r.Apply(m.ctx, m.app, m.net))
	}
	sent, failures := end()
	if len(failures) > 0 {
		t.Errorf("%d of %d lost, the first: %s", len(failures), sent, failures[0])
	}
	t.Logf("%d requests over 4 reloads", sent)
	if stale := m.stale(); len(stale) > 0 {
		t.Errorf("left behind: %v", stale)
	}
}

// closers are the flags that a reload would raise.
func (m *manor) closers() []string {
	m.t.Helper()
	s, err := m.r.server(m.ctx, m.app, m.app.Proxies[0])
	m.must(err)
	served, err := m.r.routed(s.place)
	m.must(err)
	return m.r.closers(m.ctx, s, served)
}

// A request that was led around reaches locations that are internal, as nginx's
// own redirects do.
func TestAServerBlockWithALocationOfItsOwnForNginxAloneIsNotLedAround(t *testing.T) {
	m := inherit(t, "")
	m.start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Green)
	for what, more := range map[string]string{
		"internal":        "location /files/ { internal; return 200 secret; }",
		"internal within": "location /a/ { location /a/b/ { internal; return 200 secret; } }",
		"a pattern":       `server_name "~^(.+)\.test$";`,
		"rewrites":        "set $theirs 1;",
	} {
		m.include(release.Include(m.r.root, "voda", m.app.Proxies[0].Place("voda")), more)
		if flags := m.closers(); len(flags) > 0 { // nginx may have it already
			t.Errorf("%s: connections are closed by %v", what, flags)
		}
		m.must(m.r.Apply(m.ctx, m.app, m.net))
		m.must(raise(m.r.closingOf(m.app.Proxies[0].Place("voda"), "voda")))
		if _, body := m.get("/files/x"); strings.Contains(body, "secret") {
			t.Errorf("%s: the location is open", what)
		}
		m.must(lower(m.r.closingOf(m.app.Proxies[0].Place("voda"), "voda")))
	}
}

func TestAnAdoptedSiteThatNoServerBlockIncludesIsRefused(t *testing.T) {
	m := inherit(t, "")
	m.start()
	file := release.Include(m.r.root, "voda", m.app.Proxies[0].Place("voda"))
	m.must(os.WriteFile(m.site, []byte(fmt.Sprintf("server { listen %s; server_name %s; return 200 alone; }\n", m.addr, testHost)), 0o644))
	m.nginx("-s", "reload")
	m.eventually("the block without the line answers", func() bool { _, body := m.get("/"); return body == "alone" })
	before := m.tree()
	err := m.r.Apply(m.ctx, m.app, m.net)
	want := fmt.Sprintf("no server block of the host nginx that answers %s at %s includes %s", testHost, m.addr, file)
	if release.CodeOf(err) != release.Invalid || !strings.Contains(err.Error(), want) || !strings.Contains(describe(err), m.site) || !strings.Contains(describe(err), "teal init") {
		t.Errorf("got %s", describe(err))
	}
	if blocked := m.observed().Blocked; blocked == nil || blocked.What != want {
		t.Errorf("observed blocked: %v", blocked)
	}
	if m.tree() != before {
		t.Errorf("changed: %s", m.tree())
	}
}

func TestAnAdoptedSiteThatIsRefusedHasAllItsFilesAsBefore(t *testing.T) {
	m := inherit(t, "")
	m.start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Green)
	before := m.contents()
	file := release.Include(m.r.root, "voda", m.app.Proxies[0].Place("voda"))
	m.app.Routes[0].Options.Balance = release.LeastConn
	for more, want := range map[string]string{
		"open_file_cache max=10; include " + file + ";":  "says open_file_cache itself",
		"include " + file + "; set $x $teal_voda__typo;": `unknown "teal_voda__typo" variable`,
		"": "includes " + file,
	} {
		m.include("", more)
		if err := m.r.Apply(m.ctx, m.app, m.net); err == nil || !strings.Contains(describe(err), want) {
			t.Errorf("%s: got %s", more, describe(err))
		}
	}
	if now := m.contents(); now != before {
		t.Errorf("files are %s", now)
	}
	m.servedBy(release.Green)
}

// contents are all files of the app's folder.
func (m *manor) contents() string {
	m.t.Helper()
	var all strings.Builder
	paths, err := filepath.Glob(filepath.Join(m.r.app("voda"), "*.[ci]*"))
	m.must(err)
	for _, path := range paths {
		all.WriteString(path + "\n" + readFile(m.t, path))
	}
	return all.String()
}

func TestAnAdoptionThatIsTakenBackLeavesNothing(t *testing.T) {
	m := besideOthers(t, "").start()
	m.app.Site.Adopted = &release.Adopted{}
	made, undo, err := m.r.Adopt(m.ctx, m.app)
	m.must(err)
	if !slices.Contains(made, filepath.Join(m.dir, "conf.d", "0-teal-voda.conf")) {
		t.Errorf("the file among theirs is not told: %v", made)
	}
	for _, path := range made {
		if !remains(path) {
			t.Errorf("%s was not written", path)
		}
	}
	m.must(undo())
	if left := m.tree(); left != "" || remains(filepath.Join(m.dir, "conf.d", "0-teal-voda.conf")) {
		t.Errorf("left behind: %s", left)
	}
	m.must(m.r.Tests(m.ctx, m.app))
	m.must(os.WriteFile(m.theirs, []byte("server { listen oops }"), 0o644))
	if err := m.r.Tests(m.ctx, m.app); release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), m.theirs+":1") {
		t.Errorf("got %s", describe(err))
	}
}

func TestAnAppThatLivesInAServerBlockOfTealsIsNotAdoptedUnderIt(t *testing.T) {
	m := besideOthers(t, "").start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	before := m.tree()
	m.app.Site.Adopted = &release.Adopted{}
	if _, _, err := m.r.Adopt(m.ctx, m.app); release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), "teal down") {
		t.Errorf("got %s", describe(err))
	}
	m.servedBy(release.Blue)
	if m.tree() != before {
		t.Errorf("changed: %s", m.tree())
	}
}

// Whoever removes the link has what served before in its place, which may be
// gone by then; the next shift mends it.
func TestATableThatWasRemovedByHandIsBackWithTheNextShift(t *testing.T) {
	m := inherit(t, "")
	m.start()
	m.must(m.r.Apply(m.ctx, m.app, m.net))
	m.shift(release.Blue)
	m.must(os.Remove(m.r.live("voda")))
	m.servedBy("before")
	if o := m.observe(); o.Live() != release.None || o.Routing.Routes(release.Blue) {
		t.Errorf("observed %+v", o.Routing)
	}
	m.before.stop()
	m.shift(release.Green)
	m.servedBy(release.Green)
}
