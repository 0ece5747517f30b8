package e2e

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// Bad moments: what a release needs is taken by somebody else.

// hold listens at a port of this machine, as another program would.
func hold(t *testing.T, port int) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// thisTest is how an error names it as the holder of a port.
var thisTest = fmt.Sprintf("(pid %d)", os.Getpid())

func TestScenarioASitePortThatIsTakenIsToldByWhom(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	l := hold(t, a.port)
	a.deploy(1).fails(5, fmt.Sprintf("127.0.0.1:%d", a.port), thisTest, "nothing of "+a.name+" is live", "next:")
	for _, name := range a.names("running") {
		if name != a.name+"-store-1" {
			t.Errorf("%s is left of a release that never was live", name)
		}
	}
	l.Close()
	a.mustDeploy(2)
	a.serves(2)

	load := a.gentle()
	before := a.snapshot()
	second := freePort(t)
	l = hold(t, second)
	a.edit("teal.yaml", fmt.Sprintf(`"127.0.0.1:%d"`, a.port), fmt.Sprintf(`"127.0.0.1:%d", "127.0.0.1:%d"`, a.port, second))
	a.deploy(3).fails(5, fmt.Sprintf("127.0.0.1:%d", second), thisTest, "is live in "+before.Status.Live+", as before", "next:")
	a.serves(2)
	conf := filepath.Join(a.state, "apps", a.name, "standalone.conf")
	if a.snapshot().Files[conf] != before.Files[conf] {
		t.Error("nginx is left with the config that it could not take")
	}
	l.Close()
	a.mustDeploy(4)
	a.serves(4)
	a.unhurt(load)
}

func TestScenarioAPublishedPortOfASharedServiceThatIsTakenIsToldByWhom(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	store := a.id("store")
	load := a.gentle()
	port := freePort(t)
	l := hold(t, port)
	a.edit("compose.yaml", "volumes:\n  data", fmt.Sprintf("  cache:\n    image: %s\n    command: [/faulty]\n    ports: [\"127.0.0.1:%d:8080\"]\nvolumes:\n  data", image, port))
	a.deploy(2).fails(3, fmt.Sprintf("host port %d, which cache publishes, is taken", port), thisTest, "release 1 is live in blue, as before", "next:  free the port")
	a.serves(1)
	l.Close()
	a.mustDeploy(3)
	a.serves(3)
	res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
	if err != nil {
		t.Fatalf("the shared service does not answer at its port: %v", err)
	}
	res.Body.Close()
	a.unhurt(load)
	if a.id("store") != store {
		t.Error("the other shared service was recreated")
	}
}

// A network namespace has routes of its own, so all subnets can be taken there
// and nowhere else.
func TestScenarioWithAllSubnetsTakenAFirstDeployStops(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	ip := func(args ...string) {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
	ip("netns", "add", a.name)
	t.Cleanup(func() { ip("netns", "del", a.name) })
	ip("-n", a.name, "link", "set", "lo", "up")
	ip("-n", a.name, "route", "add", "blackhole", "10.208.0.0/12")
	inside := func(args ...string) result {
		return a.run("ip", nil, append([]string{"netns", "exec", a.name, built.teal}, args...)...)
	}
	inside("deploy").fails(2, "no free subnet", "10.208.0.0/12", "state:", "next:  docker network ls")
	if left := a.leftovers(); len(left) > 0 {
		t.Errorf("a refused deploy left %v", left)
	}
	ip("-n", a.name, "route", "del", "blackhole", "10.208.0.0/12")
	ip("-n", a.name, "route", "add", "blackhole", "10.208.0.0/13") // half of them are free again
	if r := inside("plan"); r.code != 0 {
		t.Errorf("with subnets free: %v", r)
	}
	a.mustDeploy(1)
	a.serves(1)
}

// A project of the app's name, or of one of its colors, that was brought up
// from another folder is another app: its store is not ours to use, its
// containers are not ours to stop.
func TestScenarioAForeignProjectOfTheSameNameIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	for _, is := range []struct{ project, service string }{{a.name, "store"}, {a.name + "-blue", "web"}, {a.name + "-green", "other"}} {
		s := a.foreign(is.project, is.service)
		for _, command := range []string{"plan", "deploy"} {
			a.teal(command).fails(2, "compose project "+is.project+" ", s.folder, "next:")
		}
		a.teal("deploy").fails(2, "state:")
		a.teal("down", "--yes")
		s.untouched()
		if have := a.containers(); len(have) != 1 {
			t.Errorf("beside the stranger there are containers: %v", a.names("running"))
		}
		s.remove()
	}
	a.mustDeploy(1)
	a.serves(1)
}

// stranger is a container of somebody else's compose project.
type stranger struct {
	a       *app
	id      string
	folder  string
	started string
}

// foreign brings a service up as docker compose does in another folder.
func (a *app) foreign(project, service string) *stranger {
	a.t.Helper()
	s := &stranger{a: a, folder: filepath.Join(filepath.Dir(a.dir), "elsewhere")}
	if err := os.MkdirAll(s.folder, 0o755); err != nil {
		a.t.Fatal(err)
	}
	a.write("../elsewhere/compose.yaml", fmt.Sprintf("services: {%s: {image: %q, command: [/faulty]}}\n", service, image))
	labels := map[string]string{
		"com.docker.compose.project": project, "com.docker.compose.service": service, "com.docker.compose.oneoff": "False", "com.docker.compose.container-number": "1",
		"com.docker.compose.project.working_dir": s.folder, "com.docker.compose.project.config_files": filepath.Join(s.folder, "compose.yaml"),
	}
	a.docker(func(ctx context.Context, cli *client.Client) error {
		made, err := cli.ContainerCreate(ctx, client.ContainerCreateOptions{
			Name:   project + "-" + service + "-1",
			Config: &container.Config{Image: image, Cmd: []string{"/faulty"}, Labels: labels}, HostConfig: &container.HostConfig{NetworkMode: "none"},
		})
		if err != nil {
			return err
		}
		s.id = made.ID
		_, err = cli.ContainerStart(ctx, s.id, client.ContainerStartOptions{})
		return err
	})
	a.t.Cleanup(s.remove) // before the app's own end, which would complain of it
	s.started = s.state()
	return s
}

// state is what tells a container that was touched from one that was not.
func (s *stranger) state() string {
	s.a.t.Helper()
	state := ""
	s.a.docker(func(ctx context.Context, cli *client.Client) error {
		c, err := cli.ContainerInspect(ctx, s.id, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		state = fmt.Sprintf("%s since %s in %v", c.Container.State.Status, c.Container.State.StartedAt, slices.Sorted(maps.Keys(c.Container.NetworkSettings.Networks)))
		return nil
	})
	return state
}

func (s *stranger) untouched() {
	s.a.t.Helper()
	if now := s.state(); now != s.started {
		s.a.t.Errorf("the stranger was %s, is %s", s.started, now)
	}
}

// remove takes it away; it may be gone already.
func (s *stranger) remove() {
	s.a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerRemove(ctx, s.id, client.ContainerRemoveOptions{Force: true})
		if errdefs.IsNotFound(err) {
			return nil
		}
		return err
	})
}
