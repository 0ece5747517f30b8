package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"teal/internal/release"
)

// The tests run this binary again as another process. roles are what it may
// be then; each gets the state root.
var roles = map[string]func(root string) error{
	"open":  roleOpen,
	"lock":  roleLock,
	"race":  roleRace,
	"write": roleWrite,
}

func TestMain(m *testing.M) {
	role, root := os.Getenv("TEALTEST_ROLE"), os.Getenv("TEALTEST_ROOT")
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles[role](root); err != nil {
		var e *release.Error
		if errors.As(err, &e) {
			err = fmt.Errorf("%s: %s | %s", e.Code, e.What, e.Next)
		}
		fmt.Println(err)
		os.Exit(1)
	}
}

func roleOpen(root string) error {
	_, err := Open(root)
	return err
}

// lockedSince is when the deploy of roleLock has begun.
var lockedSince = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.Local)

// roleLock begins a deploy under the lock, says so, and waits for its death.
func roleLock(root string) error {
	j, err := Open(root)
	if err != nil {
		return err
	}
	if _, err := j.Lock("voda"); err != nil {
		return err
	}
	d := release.Deploy{App: "voda", Kind: release.KindDeploy, Release: 42, By: "ana@host", PID: os.Getpid(), Started: lockedSince}
	id, err := j.Begin(d, &release.Release{Number: 42}, plan)
	if err != nil {
		return err
	}
	if err := errors.Join(j.Intent(id, 1, plan[0]), j.Result(id, 1, ""), j.Intent(id, 2, plan[1])); err != nil {
		return err
	}
	fmt.Println("locked")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// process is a child of the test; it is dead when the test has ended.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func child(t *testing.T, role, root string) *process {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "TEALTEST_ROLE="+role, "TEALTEST_ROOT="+root)
	cmd.Stderr = os.Stderr
	return &process{t: t, cmd: cmd}
}

// as makes the child run as another user. The binary go test built lies in a
// folder that user can't reach, so it gets it as an open file.
func (p *process) as(uid uint32) *process {
	self, err := os.Open(p.cmd.Path)
	must(p.t, err)
	p.t.Cleanup(func() { self.Close() })
	p.cmd.Path = "/proc/self/fd/3"
	p.cmd.ExtraFiles = []*os.File{self}
	p.cmd.Dir = "/"
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return p
}

// output runs the child to its end.
func (p *process) output() string {
	p.t.Helper()
	out, err := p.cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return string(out)
}

// start starts the child and leaves it running.
func (p *process) start() *process {
	p.t.Helper()
	in, err := p.cmd.StdinPipe()
	must(p.t, err)
	out, err := p.cmd.StdoutPipe()
	must(p.t, err, p.cmd.Start())
	p.in, p.out = in, bufio.NewScanner(out)
	p.t.Cleanup(p.kill)
	return p
}

// line waits for the child's next line.
func (p *process) line() string {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatalf("the child ended: %v", p.out.Err())
	}
	return strings.TrimSpace(p.out.Text())
}

// kill is SIGKILL, and waits until the process is gone.
func (p *process) kill() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}
