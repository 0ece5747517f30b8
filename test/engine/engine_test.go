//go:build linux

package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

const (
	image = "tealtest-engine:1"
	port  = "8080"
)

// trial is an engine with one container that serves.
type trial struct {
	*Engine
	t      *testing.T
	client *client.Client
	id     string // of the container
	addr   string
	bridge string // the folder of its network's bridge
}

func newTrial(t *testing.T, o Options) *trial {
	t.Helper()
	machines := interfaces(t)
	t.Cleanup(func() {
		for _, name := range machines {
			if !slices.Contains(interfaces(t), name) {
				t.Errorf("the machine's %s is gone", name)
			}
		}
	})
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.Client()
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial{Engine: e, t: t, client: c}
	t.Cleanup(tr.end)
	tr.build()
	tr.run()
	return tr
}

// interfaces are the machine's own, docker0 among them: tests make others.
func interfaces(t *testing.T) []string {
	entries, err := os.ReadDir("/sys/class/net")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if n := e.Name(); !strings.HasPrefix(n, "br-") && !strings.HasPrefix(n, "tt") && !strings.HasPrefix(n, "veth") {
			names = append(names, n)
		}
	}
	return names
}

// end closes the engine and looks for what it leaves on the machine.
func (tr *trial) end() {
	tr.client.Close()
	if err := tr.Close(); err != nil {
		tr.t.Error(err)
	}
	left := tr.processes("")
	groups, err := tr.groups()
	if err != nil {
		tr.t.Error(err)
	}
	for _, path := range append(groups, tr.bridge, "/sys/class/net/"+tr.Engine.bridge(), tr.Root()) {
		if _, err := os.Stat(path); err == nil {
			tr.t.Errorf("left behind: %s", path)
		}
	}
	if len(left) > 0 {
		tr.t.Errorf("left behind: processes %v", left)
	}
}

// build makes an image of test/faulty in the engine.
func (tr *trial) build() {
	tr.t.Helper()
	program := filepath.Join(tr.t.TempDir(), "faulty")
	cmd := exec.Command("go", "build", "-trimpath", "-o", program, "../faulty")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tr.t.Fatalf("%v\n%s", err, out)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		tr.t.Fatal(err)
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, b := range map[string][]byte{"faulty": binary, "Dockerfile": []byte("FROM scratch\nCOPY faulty /faulty\nENTRYPOINT [\"/faulty\"]\n")} {
		_, err := 0, w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(b))})
		if _, werr := w.Write(b); errors.Join(err, werr) != nil {
			tr.t.Fatal(err, werr)
		}
	}
	w.Close()
	res, err := tr.client.ImageBuild(tr.t.Context(), &buf, client.ImageBuildOptions{Tags: []string{image}})
	if err != nil {
		tr.t.Fatal(err)
	}
	defer res.Body.Close()
	if out, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(out), "Successfully tagged") {
		tr.t.Fatalf("%v\n%s", err, out)
	}
}

// run starts the container in a bridge network of its own.
func (tr *trial) run() {
	tr.t.Helper()
	ctx := tr.t.Context()
	net, err := tr.client.NetworkCreate(ctx, "one", client.NetworkCreateOptions{Driver: "bridge"})
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.bridge = "/sys/class/net/br-" + net.ID[:12]
	if _, err := os.Stat(tr.bridge); err != nil {
		tr.t.Fatal(err)
	}
	made, err := tr.client.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: "web", Config: &container.Config{Image: image},
		HostConfig: &container.HostConfig{NetworkMode: "one"},
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.id = made.ID
	tr.start()
}

func (tr *trial) start() {
	tr.t.Helper()
	if _, err := tr.client.ContainerStart(tr.t.Context(), tr.id, client.ContainerStartOptions{}); err != nil {
		tr.t.Fatal(err)
	}
	state := tr.inspect()
	addr := netip.Addr{}
	for _, n := range map[string]*network.EndpointSettings(state.NetworkSettings.Networks) {
		addr = n.IPAddress
	}
	tr.addr = net.JoinHostPort(addr.String(), port)
	tr.reached()
}

func (tr *trial) inspect() container.InspectResponse {
	tr.t.Helper()
	res, err := tr.client.ContainerInspect(tr.t.Context(), tr.id, client.ContainerInspectOptions{})
	if err != nil {
		tr.t.Fatal(err)
	}
	return res.Container
}

// reached checks that the host reaches the container.
func (tr *trial) reached() {
	tr.t.Helper()
	if err := poll(10*time.Second, "the container answers", func() bool { return tr.answers() == nil }); err != nil {
		tr.t.Fatal(err, tr.answers())
	}
}

// answers asks for a page: a router may accept a connection to anywhere.
func (tr *trial) answers() error {
	c := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := c.Get("http://" + tr.addr + "/healthz")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "ok\n" {
		return fmt.Errorf("%s %q %w", res.Status, body, err)
	}
	return nil
}

func (tr *trial) does(what string, do func() error) {
	tr.t.Helper()
	if err := do(); err != nil {
		tr.t.Fatalf("%s: %v", what, err)
	}
}

func TestContainersOutliveAnEngineThatRestoresThem(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, Options{LiveRestore: true})
	pid := tr.inspect().State.Pid
	for _, end := range []struct {
		how string
		do  func() error
	}{{"stop", tr.Stop}, {"kill", tr.Kill}} {
		tr.does(end.how, end.do)
		if err := tr.answers(); err != nil {
			t.Errorf("after %s, without an engine: %v", end.how, err)
		}
		tr.does("start", tr.Start)
		if s := tr.inspect().State; !s.Running || s.Pid != pid {
			t.Errorf("after %s: %+v", end.how, s)
		}
		tr.reached()
	}
}

func TestContainersEndWithAnEngineThatDoesNotRestoreThem(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, Options{})
	tr.does("stop", tr.Stop)
	if tr.answers() == nil {
		t.Error("the container lives on")
	}
	tr.does("start", tr.Start)
	if s := tr.inspect().State; s.Running {
		t.Errorf("%+v", s)
	}
	tr.start()
}

func TestARebootLeavesTheDiskAndNothingElse(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, Options{LiveRestore: true})
	tr.does("reboot", tr.KillAll)
	if left := tr.processes(""); len(left) > 0 || tr.answers() == nil {
		t.Errorf("processes %v live", left)
	}
	if _, err := os.Stat(tr.bridge); err == nil {
		t.Errorf("%s is left", tr.bridge)
	}
	tr.does("start", tr.Start)
	if s := tr.inspect().State; s.Running {
		t.Errorf("%+v", s)
	}
	tr.start()
}

func TestASmallDiskGetsFull(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, Options{Disk: 64 << 20})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, size := range map[string]int{"big": 100 << 20, "Dockerfile": 0} {
		b := make([]byte, size)
		if name == "Dockerfile" {
			b = []byte("FROM scratch\nCOPY big /big\n")
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(b))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	res, err := tr.client.ImageBuild(ctx, &buf, client.ImageBuildOptions{Tags: []string{"big:1"}})
	text := ""
	if err == nil {
		out, rerr := io.ReadAll(res.Body)
		text, err = string(out), rerr
		res.Body.Close()
	}
	if !strings.Contains(text, "no space left on device") && (err == nil || !strings.Contains(err.Error(), "no space left on device")) {
		t.Errorf("%v\n%s", err, text)
	}
	tr.reached()
}
