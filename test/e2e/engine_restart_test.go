//go:build linux

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	private "teal/test/engine"
)

// laterSteps are the kinds of steps of a deploy after the first, the last two
// of one after the third: a standby makes room, an old release is let go.
var laterSteps = []string{"build", "pin", "shared", "start", "healthy", "shift", "confirm", "drain", "stop", "clear", "prune"}

// A restart of the engine that keeps its containers, as an update of Docker is
// with live restore, must not be felt by a client, whatever a deploy is at.
func TestScenarioAnEngineRestartedDuringAnyStepIsNotFeltByClients(t *testing.T) {
	t.Parallel()
	h := newHoused(t, private.Options{LiveRestore: true})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	h.edit("teal.yaml", "deploy:", "deploy:\n  keep: 2")
	h.restartedAt(ctx, "network", 1, syscall.SIGTERM)
	load := h.gentle()
	for i, kind := range laterSteps {
		h.restartedAt(ctx, kind, i+2, syscall.SIGTERM)
	}
	h.edit("teal.yaml", "{path: /, to: web}", "{path: /, to: web, max_body: 2m}")
	h.restartedAt(ctx, "route", 20, syscall.SIGTERM)
	h.restartedAt(ctx, "start", 21, syscall.SIGKILL)
	h.unhurt(load)
}

func TestScenarioAnEngineRestartedDuringARollbackIsNotFeltByClientsAndDuringADownLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHoused(t, private.Options{LiveRestore: true})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for version := 1; version <= 3; version++ {
		h.mustDeploy(version)
	}
	load := h.gentle()
	h.rolledBackAt(ctx, "resume", 2, syscall.SIGTERM)
	h.rolledBackAt(ctx, "images", 1, syscall.SIGTERM) // its color has another release by now
	h.mustDeploy(4)
	h.rolledBackAt(ctx, "resume", 1, syscall.SIGKILL)
	h.unhurt(load)
	down := []string{"down", "--volumes", "--yes"}
	if r := h.restart(ctx, "remove", 0, syscall.SIGTERM, down...); r.code != 0 {
		h.must(down...)
	}
	networks, err := h.networks(ctx, h.client)
	if left := append(slices.Collect(maps.Keys(h.all())), networks...); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// Without live restore the engine takes its containers down with it, the live
// ones too. Those that may restart come back with it, a standby that was being
// stopped among them; the next command puts all in order.
func TestScenarioAnEngineThatTakesItsContainersDownIsHealedByTheNextCommand(t *testing.T) {
	t.Parallel()
	h := newHoused(t, private.Options{})
	h.mustDeploy(1)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	h.restart(ctx, "healthy", 2, syscall.SIGTERM, "deploy")
	h.mustDeploy(3)
	h.settled("restarted at healthy", 3)
	h.restart(ctx, "stop", 4, syscall.SIGKILL, "deploy")
	h.must("rollback")
	h.settled("killed at stop", 3)
	h.edit("compose.yaml", "build: .", "build: .\n    restart: unless-stopped")
	h.mustDeploy(5)
	h.restart(ctx, "shift", 6, syscall.SIGTERM, "deploy")
	h.mustDeploy(7)
	h.settled("restarted at shift", 7)
}

// A deploy that fails for want of Docker after it has moved traffic says what
// is live now, and the journal knows that release as one to go back to.
func TestScenarioAnEngineLostAfterTheShiftIsNotToldAsATakenBackRelease(t *testing.T) {
	t.Parallel()
	h := newHoused(t, private.Options{LiveRestore: true})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h.mustDeploy(1)
	s := h.stall(ctx, "stop", 2, "deploy")
	if err := h.engine.Stop(); err != nil {
		t.Fatal(err)
	}
	s.goOn()
	r := s.end()
	if err := h.engine.Start(); err != nil {
		t.Fatal(err)
	}
	told(r)
	h.serves(2)
	v := h.status()
	state := fmt.Sprintf("release %d is live in %s", v.Colors[v.Live].Release, v.Live)
	if v.Colors[v.Live].Release != 2 || !strings.Contains(r.stderr, state) || strings.Contains(r.stderr, "as before") {
		t.Errorf("%s: %+v\n%v", state, v, r)
	}
	h.mustDeploy(3)
	h.must("rollback").says("release 2")
	h.settled("after the rollback", 2)
}

// restartedAt is restart, after which the next deploy gets through if this one
// didn't.
func (h *housed) restartedAt(ctx context.Context, kind string, version int, how syscall.Signal) {
	h.t.Helper()
	if r := h.restart(ctx, kind, version, how, "deploy"); r.code != 0 {
		h.mustDeploy(version)
	}
	h.settled(how.String()+" at "+kind, version)
}

// rolledBackAt is restart during a rollback to a version, whose release has
// the same number; another brings it if this one didn't.
func (h *housed) rolledBackAt(ctx context.Context, kind string, version int, how syscall.Signal) {
	h.t.Helper()
	back := []string{"rollback", "--to", strconv.Itoa(version)}
	if r := h.restart(ctx, kind, 0, how, back...); r.code != 0 {
		h.must(back...)
	}
	h.settled(how.String()+" at "+kind+" of a rollback", version)
}

// restart ends the engine while a command is at a step of the kind, lets the
// step have its effect meanwhile, and starts the engine again. The command
// gets through, or says what is amiss.
func (h *housed) restart(ctx context.Context, kind string, version int, how syscall.Signal, command ...string) result {
	h.t.Helper()
	began := time.Now()
	s := h.stall(ctx, kind, version, command...)
	if err := h.engine.Signal(how); err != nil {
		h.t.Fatal(err)
	}
	s.goOn()
	if err := h.engine.Wait(); err != nil {
		h.t.Fatal(err)
	}
	if err := h.engine.Start(); err != nil {
		h.t.Fatal(err)
	}
	r := s.end()
	h.t.Logf("%s at %s: exit %d after %s: %s", how, kind, r.code, time.Since(began).Round(time.Millisecond), r.stderr)
	if r.code != 0 {
		told(r)
	}
	return r
}

// told checks that a failure that the engine's absence made is one that a
// person can act on.
func told(r result) {
	r.t.Helper()
	if r.code != 3 && r.code != 5 {
		r.t.Errorf("a failure for want of Docker has exit code 3 or 5\n%v", r)
	}
	// An engine that is about to end may still answer, and have a container end.
	if r.code == 5 && !strings.Contains(r.stderr, "docker can't be reached") {
		r.t.Errorf("the error does not tell of Docker\n%v", r)
	}
	if !strings.Contains(r.stderr, "state: ") || !strings.Contains(r.stderr, "next: ") {
		r.t.Errorf("the error does not tell the state or what to do\n%v", r)
	}
}
