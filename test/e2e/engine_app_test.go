//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	private "teal/test/engine"
)

// housed is an application on a Docker engine of its own, to which things may
// be done that no other test would survive. Its containers are asked of that
// engine: use its methods, not those of the application inside that ask the
// machine's.
type housed struct {
	*app
	engine *private.Engine
	client *client.Client
}

const housedCompose = `services:
  web:
    build: .
    command: [/web]
    environment: {VERSION: "${VERSION:-1}"}
  store:
    image: IMAGE
    command: [/store]
    environment: {LEDGER: /data/ledger}
    volumes: ["data:/data"]
volumes:
  data: {}
`

// newHoused starts an engine and makes an application for it, with one colored
// service, web, which is built, and a shared one, store.
func newHoused(t *testing.T, o private.Options) *housed {
	t.Helper()
	root, err := os.MkdirTemp("", "tealtest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	h := &housed{app: &app{t: t, name: "tt-" + random(t), dir: filepath.Join(root, "app"), state: filepath.Join(root, "state"), port: freePort(t)}}
	for dir, err := range map[string]error{root: os.Chmod(root, 0o755), h.dir: os.Mkdir(h.dir, 0o755)} {
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
	}
	if h.engine, err = private.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.end)
	if h.client, err = h.engine.Client(); err != nil {
		t.Fatal(err)
	}
	h.env = []string{"DOCKER_HOST=" + h.engine.Host()}
	h.docker(func(ctx context.Context, machine *client.Client) error { return h.engine.Load(ctx, machine, image) })
	h.write("compose.yaml", strings.ReplaceAll(housedCompose, "IMAGE", image))
	h.write("Dockerfile", "FROM "+image+"\n")
	h.config(tealFile)
	return h
}

// end takes the application away as a person would, and then the engine. What
// teal leaves is a failure; nothing of the engine's can be left.
func (h *housed) end() {
	if h.t.Failed() {
		h.evidence()
	}
	for _, args := range [][]string{{"down", "--volumes", "--yes"}, {"proxy", "down"}} {
		if r := h.teal(args...); r.code != 0 {
			h.t.Errorf("at the end: %v", r)
		}
	}
	if left := h.all(); len(left) > 0 {
		h.t.Errorf("left behind: %v", left)
	}
	h.client.Close()
	if err := h.engine.Close(); err != nil {
		h.t.Errorf("left behind: %v", err)
	}
}

func (h *housed) evidence() {
	h.t.Logf("containers: %v", h.containers())
	h.t.Logf("status: %v", h.teal("status"))
	h.t.Logf("history: %v", h.teal("history"))
	if b, err := os.ReadFile(filepath.Join(h.state, "proxy", "logs", "error.log")); err == nil {
		h.t.Logf("nginx:\n%s", tail(string(b), 3000))
	}
	h.t.Logf("engine:\n%s", h.engine.Log(3000))
}

// containers are the containers of the engine, each with its state, without
// those that only hold an image of a kept release.
func (h *housed) containers() map[string]container.ContainerState {
	h.t.Helper()
	found := h.all()
	for name := range found {
		if strings.HasPrefix(name, "teal-keep-") {
			delete(found, name)
		}
	}
	return found
}

// all are the names of all containers of the engine, each with its state.
func (h *housed) all() map[string]container.ContainerState {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	list, err := h.client.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		h.t.Fatalf("ask the engine: %v", err)
	}
	found := map[string]container.ContainerState{}
	for _, c := range list.Items {
		found[strings.TrimPrefix(c.Names[0], "/")] = c.State
	}
	return found
}

// settled checks that the version is served by one color that runs, that at
// most one container lies stopped beside it, and that nothing else is left.
func (h *housed) settled(when string, version int) {
	h.t.Helper()
	h.serves(version)
	v := h.status()
	if v.Deploy != nil || !v.Colors[v.Live].Healthy || v.Shares[v.Live] != 100 {
		h.t.Fatalf("%s: %+v", when, v)
	}
	containers := h.containers()
	for name, want := range map[string]container.ContainerState{
		h.name + "-" + v.Live + "-web-" + v.Live + "-1":               "running",
		h.name + "-" + other(v.Live) + "-web-" + other(v.Live) + "-1": "exited",
		h.name + "-store-1": "running",
	} {
		if got := containers[name]; got != want && (got != "" || want == "running") {
			h.t.Fatalf("%s: %s is %q, want %s: %v", when, name, got, want, containers)
		}
		delete(containers, name)
	}
	if len(containers) > 0 {
		h.t.Fatalf("%s: orphans: %v", when, containers)
	}
	h.noDebris(when)
}

// stallProgram is test/stall, built once.
var stallProgram = sync.OnceValues(func() (string, error) {
	program := filepath.Join(built.dir, "stall")
	return program, goBuild(program, "../stall")
})

// stalled is a command that stands in the middle of a step.
type stalled struct {
	h            *housed
	cmd          *exec.Cmd
	out, err     bytes.Buffer
	tell, onward *os.File
}

// stall runs a command that releases the version until it has written its
// intent to do a step of the kind.
func (h *housed) stall(ctx context.Context, kind string, version int, args ...string) *stalled {
	h.t.Helper()
	program, err := stallProgram()
	if err != nil {
		h.t.Fatal(err)
	}
	s := &stalled{h: h, cmd: h.command(ctx, program, args...)}
	s.cmd.Env = append(s.cmd.Env, fmt.Sprintf("VERSION=%d", version), "TEAL_TEST_STALL_AT="+kind)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.err
	tell, told, err := os.Pipe()
	if err != nil {
		h.t.Fatal(err)
	}
	wait, goOn, err := os.Pipe()
	if err != nil {
		h.t.Fatal(err)
	}
	s.cmd.ExtraFiles = []*os.File{told, wait}
	s.tell, s.onward = tell, goOn
	if err := s.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	told.Close()
	wait.Close()
	if line, err := bufio.NewReader(tell).ReadString('\n'); err != nil {
		h.t.Fatalf("it did not reach %s: %q %v\n%v", kind, line, err, s.end())
	}
	return s
}

// goOn lets it have the step's effect.
func (s *stalled) goOn() {
	s.h.t.Helper()
	if _, err := s.onward.Write([]byte("\n")); err != nil {
		s.h.t.Fatal(err)
	}
}

// kill is kill -9.
func (s *stalled) kill() {
	s.h.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.h.t.Fatal(err)
	}
	if r := s.end(); r.code != -1 {
		s.h.t.Fatalf("it was not killed: %v", r)
	}
}

// end waits for the command to end.
func (s *stalled) end() result {
	_ = s.cmd.Wait() // what it came to is its exit code
	s.tell.Close()
	s.onward.Close()
	return result{s.h.t, s.cmd.Args[1:], s.out.String(), s.err.String(), s.cmd.ProcessState.ExitCode()}
}
