package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sshd is Debian's sshd on 127.0.0.1, with keys and configuration of the
// test's own, that lets the user who runs the tests in.
type sshd struct {
	t      *testing.T
	dir    string
	port   int
	user   string
	client string // ssh's configuration
}

// newSSHD starts one on which teal is looked for in the folders of path.
func newSSHD(t *testing.T, path string) *sshd {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &sshd{t: t, dir: t.TempDir(), port: freePort(t), user: me.Username}
	s.client = filepath.Join(s.dir, "ssh_config")
	for _, key := range []string{"host", "client"} {
		s.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.dir, key))
	}
	s.put("authorized", s.read("client.pub"))
	s.put("known", fmt.Sprintf("[127.0.0.1]:%d %s", s.port, s.read("host.pub")))
	s.put("ssh_config", fmt.Sprintf(`Host *
  IdentityFile %[1]s/client
  IdentitiesOnly yes
  UserKnownHostsFile %[1]s/known
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
`, s.dir))
	s.put("sshd_config", fmt.Sprintf(`ListenAddress 127.0.0.1:%d
HostKey %[2]s/host
PidFile none
AuthorizedKeysFile %[2]s/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
SetEnv PATH=%[3]s:/usr/bin:/bin
`, s.port, s.dir, path))
	s.start()
	return s
}

func (s *sshd) put(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sshd) read(name string) string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

func (s *sshd) run(program string, args ...string) {
	s.t.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// start starts sshd, which wants its absolute path, and waits until it
// listens.
func (s *sshd) start() {
	s.t.Helper()
	path, err := sshdPath()
	if err != nil {
		s.t.Fatalf("no sshd; script/setup installs it: %v", err)
	}
	s.separate()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(path, "-D", "-e", "-f", filepath.Join(s.dir, "sshd_config"))
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if s.t.Failed() {
			s.t.Logf("sshd: %s", s.read("log"))
		}
	})
	(&app{t: s.t}).until("sshd listens", 10*time.Second, func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		return err == nil && c.Close() == nil
	})
}

func sshdPath() (string, error) {
	path, err := exec.LookPath("sshd")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/sshd")
	}
	return path, err
}

// separation is the empty folder that Debian's sshd locks its unprivileged
// half into where root runs it. The system's service makes it; where that is
// not, the tests do, and the last takes it away.
var separation struct {
	sync.Mutex
	users int
	made  bool
}

const separationDir = "/run/sshd"

func (s *sshd) separate() {
	s.t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	separation.Lock()
	defer separation.Unlock()
	err := os.Mkdir(separationDir, 0o755)
	if err != nil && !errors.Is(err, os.ErrExist) {
		s.t.Fatal(err)
	}
	separation.made = separation.made || err == nil
	separation.users++
	s.t.Cleanup(func() {
		separation.Lock()
		defer separation.Unlock()
		if separation.users--; separation.users == 0 && separation.made {
			separation.made = false
			_ = os.Remove(separationDir)
		}
	})
}

func (s *sshd) url() string { return fmt.Sprintf("ssh://%s@127.0.0.1:%d", s.user, s.port) }

// over is a command line for the application's host: everything it names is
// there.
func (s *sshd) over(a *app, words ...string) []string {
	return append([]string{"--host", s.url(), "--state", a.state, "-f", filepath.Join(a.dir, "teal.yaml")}, words...)
}

// runs makes the application's commands use the test's ssh configuration.
func (s *sshd) runs(a *app) { a.env = append(a.env, "TEAL_SSH_CONFIG="+s.client) }

// begin starts a deploy with JSON output over ssh, and comes back when it
// waits at the gate.
func (s *sshd) begin(ctx context.Context, a *app, env ...string) *begun {
	a.t.Helper()
	args := []string{}
	for _, e := range env {
		args = append(args, "--env", e)
	}
	b := &begun{t: a.t, cmd: a.command(ctx, built.teal, s.over(a, append(args, "deploy", "--json")...)...), err: &strings.Builder{}}
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell does
	b.follow()
	for n := 1; ; n++ {
		l, ok := b.step(n)
		if !ok {
			_, last := b.end()
			a.t.Fatalf("the gate was not reached: %s\n%s", last, b.err)
		}
		if l.Step.Kind == "healthy" {
			return b
		}
	}
}
