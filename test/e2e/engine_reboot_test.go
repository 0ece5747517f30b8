//go:build linux

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	private "teal/test/engine"
)

// A machine that goes down in the middle of a deploy takes all with it: teal,
// nginx, the engine and every container. What was begun is finished by the
// next deploy, or taken back by a rollback or an abort.
func TestScenarioADeployCutOffByARebootIsFinishedOrTakenBackWhereContainersComeUpAgain(t *testing.T) {
	t.Parallel()
	h := newRebooted(t, "unless-stopped")
	h.rebootAt("shift", 2, 3, "deploy")
	h.rebootAt("stop", 4, 3, "rollback")
	h.rebootAt("healthy", 5, 3, "abort")
	h.rebootAt("drain", 6, 3, "abort")
}

func TestScenarioADeployCutOffByARebootIsFinishedOrTakenBackWhereContainersStayDown(t *testing.T) {
	t.Parallel()
	h := newRebooted(t, "no")
	h.rebootAt("shift", 2, 3, "deploy")
	h.rebootAt("stop", 4, 3, "rollback")
	h.rebootAt("start", 5, 6, "deploy")
}

func TestScenarioAnAbortAfterARebootStartsWhatWasLive(t *testing.T) {
	t.Parallel()
	h := newRebooted(t, "no")
	h.rebootAt("drain", 2, 1, "abort")
	h.rebootAt("healthy", 3, 1, "abort")
}

// newRebooted has release 1 live, whose containers have the restart policy.
func newRebooted(t *testing.T, policy string) *housed {
	t.Helper()
	h := newHoused(t, private.Options{})
	h.edit("compose.yaml", "build: .", "build: .\n    restart: "+policy)
	h.edit("compose.yaml", "volumes: [", "restart: "+policy+"\n    volumes: [")
	h.mustDeploy(1)
	return h
}

// rebootAt resets the machine while a deploy of the version is at a step of
// the kind, and has the command follow, after which the other version serves.
func (h *housed) rebootAt(kind string, version, after int, command string) {
	h.t.Helper()
	when := fmt.Sprintf("rebooted at %s, then %s", kind, command)
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	s := h.stall(ctx, kind, version, "deploy")
	s.kill()
	h.killNginx()
	if err := h.engine.KillAll(); err != nil {
		h.t.Fatal(err)
	}
	if err := h.engine.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.must("proxy", "up")
	h.t.Logf("%s: these came up: %v", when, h.containers())
	r := h.run(built.teal, []string{fmt.Sprintf("VERSION=%d", after)}, command)
	if r.code != 0 {
		h.t.Fatalf("%s: %v", when, r)
	}
	h.settled(when, after)
}
