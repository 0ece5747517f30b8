package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// What people and faults do to a running application, and the way back from it.

func TestScenarioARollbackBringsBackTheShapeOfItsRelease(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	load := a.gentle()
	a.edit("teal.yaml", "web: {port: 8080,", "web: {port: 8080, replicas: 2,")
	a.mustDeploy(2)
	a.must("rollback").says("release 1") // one replica is all it ever had
	a.serves(1)
	if v := a.status(); !v.Colors[v.Live].Healthy || v.Colors[v.Live].Services[0].Wanted != 1 {
		t.Errorf("status %+v", v)
	}
	a.edit("teal.yaml", "web: {port: 8080, replicas: 2,", "front: {port: 8080,")
	a.edit("teal.yaml", "to: web", "to: front")
	a.edit("compose.yaml", "  web:", "  front:")
	a.mustDeploy(3)
	a.serves(3)
	a.must("rollback").says("release 1") // not 2, which was rolled back from
	a.serves(1)
	a.unhurt(load)
}

func TestScenarioAFailedDeployGivesNginxItsConfigBack(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	before := a.snapshot()
	a.edit("teal.yaml", "web:", "front:")
	a.edit("teal.yaml", "to: web", "to: front")
	a.edit("compose.yaml", "  web:", "  front:")
	// The table can't be moved: a folder stands where the next link is made.
	next := filepath.Join(a.state, "live", "."+a.name+".next")
	if err := os.MkdirAll(filepath.Join(next, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := a.deploy(2)
	if err := os.RemoveAll(next); err != nil {
		t.Fatal(err)
	}
	r.fails(1, "shift", "release 1 is live in blue, as before")
	a.serves(1)
	conf := filepath.Join(a.state, "apps", a.name, "standalone.conf")
	if after := a.snapshot(); after.Files[conf] != before.Files[conf] {
		t.Errorf("nginx has another config than before:\n%s", after.Files[conf])
	}
}

func TestScenarioARollbackAnswersAgainWhenTheLiveContainersWereRemoved(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerRemove(ctx, a.id("web-green"), client.ContainerRemoveOptions{Force: true})
		return err
	})
	if v := a.status(); v.Live != "green" || v.Colors["green"].Healthy || v.Colors["green"].Services[0].Running != 0 {
		t.Errorf("status %+v", v)
	}
	a.must("rollback")
	a.serves(1)
}

func TestScenarioAFailedDeployLeavesNoDeadNginxBehind(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.edit("teal.yaml", "timeout: 15s", "timeout: 2s")
	a.mustDeploy(1)
	a.killNginx()
	a.must("status").says("no nginx runs to serve it")
	a.env = []string{"BROKEN=1"}
	r := a.deploy(2)
	a.env = nil
	r.fails(3, "release 1 is live in blue, as before")
	a.serves(1)
}

// killNginx kills the master and then its workers, as the kernel does when
// memory runs out.
func (a *app) killNginx() {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.state, "proxy", "nginx.pid"))
	if err != nil {
		a.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		a.t.Fatal(err)
	}
	children, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	if err != nil {
		a.t.Fatal(err)
	}
	for _, one := range append([]string{strconv.Itoa(pid)}, strings.Fields(string(children))...) {
		if id, err := strconv.Atoi(one); err == nil {
			_ = syscall.Kill(id, syscall.SIGKILL) // a worker may have gone with its master
		}
	}
	a.until("nginx is dead", 5*time.Second, func() bool {
		code, _ := a.get("/")
		return code == 0
	})
}

func TestScenarioAReaderThatGoesAwayDoesNotMakeADeployFail(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	defer write.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := a.command(ctx, built.teal, "deploy")
	cmd.Stdout = write
	if err := cmd.Run(); err != nil {
		t.Errorf("teal deploy with nobody to read: %v", err)
	}
	a.serves(1)
}
