package nginx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"teal/internal/release"
	executable "teal/test/program"
)

// TestMain also is the ordinary user of the test of that name.
func TestMain(m *testing.M) {
	if root := os.Getenv("TEALTEST_ORDINARY_ROOT"); root != "" {
		os.Exit(ordinary(root))
	}
	os.Exit(m.Run())
}

func ordinary(root string) int {
	ctx := context.Background()
	r, err := New(root)
	if err == nil {
		err = errors.Join(r.ProxyUp(ctx, ""), r.ProxyDown(ctx, "", false))
		_, shown := r.ProxyShow(ctx, "")
		err = errors.Join(err, shown, r.ProxyReload(ctx, ""))
	}
	fmt.Fprintln(os.Stderr, "door:", shut(netip.MustParseAddrPort("192.0.2.1:1"))) // an address of nobody's (RFC 5737)
	if err != nil {
		fmt.Fprintln(os.Stderr, describe(err))
		return 1
	}
	return 0
}

func (s *stage) master() master {
	s.t.Helper()
	m, ok := masterIn(filepath.Join(s.r.proxy(), "nginx.pid"))
	if !ok {
		s.t.Fatal("nginx does not run")
	}
	return m
}

func TestNginxStartsWithNoAppAndStartsOnce(t *testing.T) {
	s := setStage(t)
	s.up()
	first := s.master()
	s.must(s.r.ProxyUp(s.ctx, ""))
	if again := s.master(); again != first {
		t.Errorf("master %d was replaced by %d", first, again)
	}
	shown, err := s.r.ProxyShow(s.ctx, "")
	s.must(err)
	if !shown.Running || shown.PID != int(first) || shown.Version == "" || len(shown.Apps) != 0 {
		t.Errorf("shown as %+v", shown)
	}
}

func TestTheDaemonIsInASessionOfItsOwn(t *testing.T) {
	s := setStage(t)
	s.up()
	if session(t, os.Getpid()) == session(t, int(s.master())) {
		t.Error("a Ctrl-C in the terminal would reach nginx")
	}
}

// session is the sixth field of /proc/<pid>/stat, proc(5).
func session(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(procPath(pid, "stat"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))[3]
}

func TestAnOrdinaryUserRunsItToo(t *testing.T) {
	root := filepath.Join(publicDir(t), "root")
	if err := errors.Join(os.Mkdir(root, 0o755), os.Chown(root, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	// nginx does not run when it is to be reloaded; all else succeeds.
	out, err := asNobody(t, root)
	if err == nil || strings.Count(out, "next:") != 1 || !strings.Contains(out, "standalone nginx does not run") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAUserWithoutRightsIsToldToAskForThem(t *testing.T) {
	s := open(t)
	out, err := asNobody(t, s.r.root)
	if err == nil {
		t.Error("nobody may do all")
	}
	for _, verb := range []string{"up", "down", "show", "reload"} {
		if want := "next: sudo teal proxy " + verb + " --state " + s.r.root + "\n"; !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	s.servedBy(release.Blue)
	out, _ = asNobody(t, filepath.Join(s.r.root, "deeper"))
	if !strings.Contains(out, "next: run teal as root (sudo), or set TEAL_STATE_DIR") {
		t.Errorf("got %s", out)
	}
}

const nobody = 65534

// asNobody uses the state root as an ordinary user.
func asNobody(t *testing.T, root string) (string, error) {
	t.Helper()
	dir := publicDir(t)
	self := filepath.Join(dir, "self")
	text, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = executable.Write(self, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = []string{"TEALTEST_ORDINARY_ROOT=" + root} // an environment leaves room for a title
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	return string(out) + "\n", err
}

func TestAPidFileOfAnotherProcessIsNoObstacle(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "dead": "4194300\n", "another program": fmt.Sprint(os.Getpid()), "nonsense": "x",
	} {
		t.Run(name, func(t *testing.T) {
			s := setStage(t)
			s.must(folder(s.r.proxy()))
			s.must(os.WriteFile(filepath.Join(s.r.proxy(), "nginx.pid"), []byte(text), 0o644))
			s.up()
			s.master()
		})
	}
}

func TestAPidFileOfAnotherNginxIsNoObstacle(t *testing.T) {
	other := open(t)
	s := another(t)
	s.must(folder(s.r.proxy()))
	s.must(os.WriteFile(filepath.Join(s.r.proxy(), "nginx.pid"), fmt.Append(nil, other.master()), 0o644))
	s.up()
	if s.master() == other.master() {
		t.Error("another nginx was taken for ours")
	}
}

func TestNginxComesBackAfterItsMasterWasKilled(t *testing.T) {
	s := open(t)
	s.shift(release.Green)
	m := s.master()
	s.must(m.signal(syscall.SIGKILL))
	s.eventually("the master is gone", func() bool { return !m.alive() })
	s.servedBy(release.Green) // by workers without a master, which keep the port
	s.must(s.r.Up(s.ctx, s.app))
	if s.master() == m {
		t.Error("there is no new master")
	}
	s.must(s.r.Confirm(s.ctx, s.app, release.TableFor(release.Green)))
	s.servedBy(release.Green)
}

func TestNginxComesBackAfterAllOfItWasKilled(t *testing.T) {
	s := open(t)
	m := s.master()
	all := append([]int{int(m)}, m.workers()...) // the master first: it would replace a worker
	for _, pid := range all {
		s.must(syscall.Kill(pid, syscall.SIGKILL))
	}
	s.eventually("nginx is gone", func() bool { return !m.alive() && len(holders(s.errorLog(), titleWorker)) == 0 })
	s.must(s.r.Up(s.ctx, s.app))
	s.servedBy(release.Blue)
}

func (s *stage) errorLog() string { return filepath.Join(s.r.proxy(), "logs", "error.log") }

func TestAPortThatIsTakenIsNamedWithItsHolder(t *testing.T) {
	s := open(t)
	s.must(s.r.ProxyDown(s.ctx, "", true))
	l, err := net.Listen("tcp", s.addr)
	s.must(err)
	defer l.Close()
	err = s.r.Up(s.ctx, s.app)
	if release.CodeOf(err) != release.Unreachable {
		t.Fatalf("got %v", err)
	}
	held := fmt.Sprintf("%s is held by nginx.test (pid %d)", s.addr, os.Getpid())
	for _, want := range []string{held, "next: free the port, or choose another listen in teal.yaml"} {
		if got := describe(err); !strings.Contains(got, want) {
			t.Errorf("got %s\nwant in it: %s", got, want)
		}
	}
}

func TestAnAddressThatThisMachineLacksIsSaidToBe(t *testing.T) {
	s := open(t)
	s.app.Site.Listen = []string{s.addr, "192.0.2.99:" + s.addr[len("127.0.0.1:"):]}
	err := s.r.Apply(s.ctx, s.app, s.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), "next: choose a listen in teal.yaml that is an address of this machine") {
		t.Errorf("got %s", describe(err))
	}
	s.servedBy(release.Blue)
}

func TestProxyDownRefusesWhileAppsAreServed(t *testing.T) {
	s := open(t)
	err := s.r.ProxyDown(s.ctx, "", false)
	if release.CodeOf(err) != release.Invalid || !strings.Contains(describe(err), "voda") {
		t.Fatalf("got %v", err)
	}
	s.servedBy(release.Blue)
	s.must(s.r.ProxyDown(s.ctx, "", true))
	s.must(s.r.ProxyDown(s.ctx, "", false)) // it doesn't run: nothing to refuse
}

func TestAMissingNginxIsNamedWithWhatToInstall(t *testing.T) {
	s := setStage(t)
	s.app.Proxies[0].Bin = "/nowhere/nginx"
	_, err := s.r.Observe(s.ctx, s.app, s.net)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(describe(err), "apt-get install nginx") {
		t.Errorf("got %v", err)
	}
	s.app.Proxies[0].Bin = "/bin/true"
	err = s.r.Up(s.ctx, s.app)
	if release.CodeOf(err) != release.Unreachable || !strings.Contains(err.Error(), "cannot be run") {
		t.Errorf("got %v", err)
	}
}

func TestShowTellsWhatNginxAnswers(t *testing.T) {
	s := open(t)
	shown, err := s.r.ProxyShow(s.ctx, "")
	s.must(err)
	if len(shown.Listen) != 1 || shown.Listen[0] != s.addr {
		t.Errorf("listens at %v, want %s", shown.Listen, s.addr)
	}
	if len(shown.Apps) != 1 {
		t.Fatalf("apps %+v", shown.Apps)
	}
	a := shown.Apps[0]
	if a.Name != "voda" || a.Table != "blue" || a.Generation == "" || a.Generation != a.Configured || a.Hosts[0] != testHost {
		t.Errorf("app shown as %+v", a)
	}
}
