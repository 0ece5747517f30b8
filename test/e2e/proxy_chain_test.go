package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newChain is an application behind the machine's nginx and another one, whose
// line in teal.yaml is inner.
func newChain(t *testing.T, inner string) *host {
	t.Helper()
	h := newHost(t)
	h.edit("teal.yaml", "proxy: {kind: host", "proxy:\n  - {kind: host")
	h.edit("teal.yaml", "\ndeploy:", "\n  - "+strings.ReplaceAll(inner, "NAME", h.name)+"\ndeploy:")
	return h
}

func TestScenarioAChainOfTheMachinesNginxAndAStandaloneOneIsSwitchedAsOne(t *testing.T) {
	t.Parallel()
	inner := freePort(t)
	h := newChain(t, fmt.Sprintf(`{kind: standalone, listen: ["127.0.0.1:%d"]}`, inner))
	outer := h.app.port
	both := func(version int) {
		t.Helper()
		h.shows(outer, version)
		h.shows(inner, version)
	}
	h.mustDeploy(1)
	both(1)
	load := h.gentle()
	h.mustDeploy(2).says("host nginx, standalone nginx")
	both(2)
	h.must("rollback")
	both(1)
	h.unhurt(load)

	h.app.port = inner
	h.killNginx() // the standalone one, which is teal's to start
	h.app.port = outer
	h.mustDeploy(3)
	both(3)

	h.nginx("-s", "stop")
	h.stopped()
	h.deploy(4).fails(5, "host nginx does not run", "release 3", "next:")
	h.shows(inner, 3)
	h.nginx()
	h.comesUp(h.app.port, 3)
	h.must("rollback")
	both(1)
}

// stopped waits for the end of the machine's nginx.
func (h *host) stopped() {
	h.t.Helper()
	h.until("nginx has stopped", 5*time.Second, func() bool {
		b, err := os.ReadFile(filepath.Join(h.etc, "nginx.pid"))
		return err != nil || len(b) == 0
	})
}

func TestScenarioAChainOfTheMachinesNginxAndAContainerIsSwitchedAsOne(t *testing.T) {
	t.Parallel()
	var e edge
	t.Cleanup(func() { e.unship() })
	h := newChain(t, `{kind: container, container: NAME-nginx, listen: ["80"]}`)
	e = edge{app: h.app, container: h.name + "-nginx", root: filepath.Dir(h.dir)}
	inner, outer := freePort(t), h.app.port
	h.mounted, h.app.port = true, inner // where ship publishes it
	e.ship(e.mounts())
	h.app.port = outer
	both := func(version int) {
		t.Helper()
		h.shows(outer, version)
		h.shows(inner, version)
	}
	h.mustDeploy(1)
	both(1)
	load := h.gentle()
	h.mustDeploy(2).says("host nginx, container nginx")
	both(2)
	h.must("rollback")
	both(1)
	h.unhurt(load)

	e.at(stopIt)
	h.deploy(3).fails(5, "container nginx does not run", "docker start "+e.container)
	h.shows(outer, 1)
	e.at(startIt)
	h.comesUp(inner, 1)
	h.mustDeploy(3)
	both(3)
}

// That an nginx of the chain no longer answers is what a confirm is for.
func TestScenarioAnNginxOfAChainThatHangsIsNamedAndTrafficGoesBack(t *testing.T) {
	t.Parallel()
	inner := freePort(t)
	h := newChain(t, fmt.Sprintf(`{kind: standalone, listen: ["127.0.0.1:%d"]}`, inner))
	h.mustDeploy(1)
	load, b := h.gentle(), h.begin(t.Context(), "VERSION=2")
	b.until("step", "shift") // all was asked before, and found in order
	h.freeze(syscall.SIGSTOP)
	t.Cleanup(func() { h.freeze(syscall.SIGCONT) }) // also where the test ends early
	b.until("failed", "confirm")
	b.until("done", "shift") // the way back, which needs no nginx to be made
	h.freeze(syscall.SIGCONT)
	code, last := b.end()
	r := result{t, []string{"deploy", "--json"}, last, b.err.String(), code}
	r.fails(5)
	r.says(`"outcome":"failed"`, `"live":"blue"`, "the standalone nginx", "release 1 is live in blue, as before")
	h.shows(h.app.port, 1)
	h.shows(inner, 1)
	h.mustDeploy(3)
	h.shows(h.app.port, 3)
	h.shows(inner, 3)
	h.unhurt(load)
}

// until reads on to the event of a kind of step.
func (b *begun) until(event, step string) {
	b.t.Helper()
	for b.lines.Scan() {
		var l line
		if err := json.Unmarshal(b.lines.Bytes(), &l); err != nil {
			b.t.Fatalf("not JSON: %s", b.lines.Text())
		}
		if l.Type == event && l.Step.Kind == step {
			return
		}
	}
	b.t.Fatalf("the deploy ends without %s of %s: %s", event, step, b.err)
}

// freeze signals all processes of teal's own nginx.
func (a *app) freeze(s syscall.Signal) {
	a.t.Helper()
	master := masterOf(a.t, filepath.Join(a.state, "proxy", "nginx.pid"))
	for _, pid := range append(children(a.t, master), master) {
		if err := syscall.Kill(pid, s); err != nil {
			a.t.Error(err)
		}
	}
}
