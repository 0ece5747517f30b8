package doctor

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"teal/internal/release"
)

// folder is a folder that everyone can walk through, as a state root is.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tealtest-doctor-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// has fails unless one finding is of the grade and tells the text; every fail
// and warning must have its fix.
func has(t *testing.T, found []release.Finding, grade release.Grade, text string) {
	t.Helper()
	seen := false
	for _, f := range found {
		seen = seen || f.Grade == grade && strings.Contains(f.What, text)
		if f.Grade != release.GradeOK && f.Fix == "" {
			t.Errorf("%s has no fix", f.What)
		}
		if f.Grade == release.GradeFail && f.Code == "" {
			t.Errorf("%s has no code", f.What)
		}
	}
	if !seen {
		t.Errorf("no %s tells %q: %+v", grade, text, found)
	}
}

// The first machine one runs doctor on has nothing.
func TestWithoutDockerNginxAndTealYamlTheirLackIsWhatIsFound(t *testing.T) {
	missing := &release.Error{Code: release.Unreachable, What: "nginx is not installed", Next: "install it"}
	found := Examine(Case{
		Now: time.Now(), Root: filepath.Join(folder(t), "state"),
		EngineErr: &release.Error{Code: release.Unreachable, What: "docker can't be reached", Next: "systemctl start docker", Detail: []string{"no such file"}},
		Proxies:   []Proxy{{Proxy: release.Proxy{Kind: release.ProxyStandalone}, Err: missing}},
	})
	has(t, found, release.GradeFail, "docker can't be reached: no such file")
	has(t, found, release.GradeFail, "standalone nginx: nginx is not installed")
	has(t, found, release.GradeOK, "will be made by the first deploy")
	has(t, found, release.GradeWarn, "no teal.yaml here")
}

func TestEachMistakeOfTealYamlIsAFinding(t *testing.T) {
	c := Case{AppErr: &release.Error{Code: release.Invalid, What: "teal.yaml:1:1: no app", Detail: []string{"teal.yaml:2:1: unknown key"}, Next: "fix teal.yaml"}}
	has(t, c.file(), release.GradeFail, "teal.yaml:1:1")
	has(t, c.file(), release.GradeFail, "teal.yaml:2:1")
}

func TestTheEngineIsGraded(t *testing.T) {
	engine := func(e release.EngineFacts) []release.Finding { return Case{Engine: e}.engine() }
	has(t, engine(release.EngineFacts{Version: "20.10.24", API: "1.41", Driver: "overlay2", LiveRestore: true}), release.GradeOK, "API 1.41")
	has(t, engine(release.EngineFacts{Driver: "overlay2"}), release.GradeWarn, "live-restore is off")
	has(t, engine(release.EngineFacts{Driver: "overlay2", Swarm: true}), release.GradeWarn, "swarm")
	has(t, engine(release.EngineFacts{Driver: "vfs"}), release.GradeWarn, "vfs")
}

func TestAnNginxIsGraded(t *testing.T) {
	host := release.Proxy{Kind: release.ProxyHost}
	graded := func(p Proxy) []release.Finding { return Case{Proxies: []Proxy{p}}.nginx() }
	has(t, graded(Proxy{Proxy: host}), release.GradeFail, "host nginx does not run")
	has(t, graded(Proxy{Proxy: host, State: release.ProxyState{Version: "1.22.1", Running: true, PID: 7}}), release.GradeOK, "runs: pid 7")
	has(t, graded(Proxy{Proxy: host, State: release.ProxyState{Version: "1.14.2", Running: true}}), release.GradeWarn, "1.14.2")
	has(t, graded(Proxy{Proxy: host, State: release.ProxyState{Running: true, Broken: "nginx: [emerg] unexpected }\nmore"}}), release.GradeFail, "[emerg] unexpected }")
	has(t, graded(Proxy{Proxy: release.Proxy{Kind: release.ProxyStandalone}}), release.GradeOK, "a deploy starts it")
	has(t, graded(Proxy{Proxy: host, Built: []string{"--with-http_ssl_module"}}), release.GradeWarn, "host nginx was built without http_v2_module")
	box := Proxy{Proxy: release.Proxy{Kind: release.ProxyContainer, Service: "edge"}, State: release.ProxyState{Running: true}}
	box.Built = []string{"--without-http_map_module"}
	has(t, graded(box), release.GradeFail, "without http_map_module")
	box.Built, box.BuiltErr = nil, &release.Error{Code: release.Unreachable, What: "nginx cannot be run", Next: "x"}
	has(t, graded(box), release.GradeFail, "nginx cannot be run")
}

func TestAnNginxThatHasAllLacksNothing(t *testing.T) {
	options := []string{"--with-http_ssl_module", "--with-http_v2_module", "--with-http_realip_module", "--with-pcre"}
	site := release.Site{TLS: &release.TLS{HTTP2: true}, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	if found := lacking("nginx", options, site); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

func TestAModuleThatIsNeededIsAFailAndOthersAreWarnings(t *testing.T) {
	has(t, lacking("nginx", []string{"--with-http_v2_module"}, release.Site{TLS: &release.TLS{}}), release.GradeFail, "without http_ssl_module")
	has(t, lacking("nginx", nil, release.Site{}), release.GradeWarn, "without http_ssl_module")
	has(t, lacking("nginx", []string{"--without-http_split_clients_module"}, release.Site{}), release.GradeFail, "without http_split_clients_module")
	has(t, lacking("nginx", []string{"--without-http_limit_req_module"}, release.Site{Adopted: &release.Adopted{}}), release.GradeFail, "without http_limit_req_module")
}

func TestTheStateRootMustBeTealsAloneAndPassable(t *testing.T) {
	dir := folder(t)
	for _, tc := range []struct {
		mode  fs.FileMode
		grade release.Grade
		tells string
	}{
		{0o755, release.GradeOK, "nginx's workers can walk"},
		{0o775, release.GradeWarn, "its group may write"},
		{0o777, release.GradeFail, "everyone may write"},
		{0o700, release.GradeFail, "can't walk through"},
	} {
		root := filepath.Join(dir, "state")
		if err := os.MkdirAll(root, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(root, tc.mode); err != nil {
			t.Fatal(err)
		}
		if tc.mode == 0o700 && !otherWorkers() {
			continue // workers are the same user, who can
		}
		has(t, Case{Root: root}.state(), tc.grade, tc.tells)
	}
}

func TestAFolderAboveThatNobodyPassesIsNamed(t *testing.T) {
	dir := folder(t)
	closed := filepath.Join(dir, "closed")
	if err := os.MkdirAll(filepath.Join(closed, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if otherWorkers() {
		has(t, Case{Root: filepath.Join(closed, "state")}.state(), release.GradeFail, closed+" (mode 0700)")
		has(t, Case{Root: filepath.Join(closed, "new", "state")}.state(), release.GradeFail, closed+" (mode 0700)")
	}
}

func TestAReadableJournalAndAFileForARootAreFound(t *testing.T) {
	dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "teal.db"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	has(t, Case{Root: dir}.state(), release.GradeWarn, "teal.db (mode 0644)")
	has(t, Case{Root: filepath.Join(dir, "teal.db")}.state(), release.GradeFail, "is not a folder")
}

func TestSpaceIsGradedBeforeItIsGone(t *testing.T) {
	for _, tc := range []struct {
		room
		want release.Grade
	}{
		{room{free: 50 * mib, total: 100 * gib}, release.GradeFail},
		{room{free: 500 * mib, total: 2 * gib}, release.GradeWarn},
		{room{free: 4 * gib, total: 100 * gib}, release.GradeWarn},
		{room{free: 50 * gib, total: 100 * gib, files: 10, inodes: 1000}, release.GradeWarn},
		{room{free: 50 * gib, total: 100 * gib, files: 900, inodes: 1000}, release.GradeOK},
		{room{free: 2 * gib, total: 10 * gib}, release.GradeOK},
	} {
		if got := tc.grade("x"); got.Grade != tc.want {
			t.Errorf("%+v: %+v", tc.room, got)
		}
	}
	if len(Case{Root: "/nonexistent/state", EngineErr: errors.New("x")}.space()) != 1 {
		t.Error("the disk of a root that is not there yet is not looked at")
	}
}

func TestWhoCannotBeToldOfDeploysIsNamed(t *testing.T) {
	found := Case{Notify: []release.Notified{{Target: "slack", OK: true}, {Target: "webhook", Error: "the variable HOOK is not set"}}}.notify()
	if len(found) != 1 {
		t.Fatalf("got %+v, want one finding", found)
	}
	has(t, found, release.GradeWarn, "webhook can't be told of deploys from here: the variable HOOK is not set")
}
