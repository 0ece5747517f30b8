package e2e

import (
	"context"
	"testing"
	"time"
)

func TestScenarioAbortEndsARunningDeployAndTakesBackAKilledOne(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.refused(func() result { return a.teal("abort") }, 2, "nothing to abort")
	load := a.gentle()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b := a.begin(ctx, "VERSION=2", "BROKEN=1")
	b.reach("healthy")
	a.must("abort").says("release 2", "undone")
	if code, _ := b.end(); code != 130 {
		t.Errorf("the aborted deploy: exit %d: %s", code, b.err)
	}
	a.backTo(1)

	// Killed past the shift: green is live, blue drains or is stopped already.
	for _, at := range []string{"8", "16", "20"} {
		a.dies("VERSION=3", at, "deploy")
		a.must("abort").says("is live")
		a.backTo(1)
	}
	// The abort is killed too: another one takes back the same deploy.
	for _, at := range []string{"3", "7", "11"} {
		a.dies("VERSION=4", "16", "deploy")
		a.dies("VERSION=4", at, "abort")
		a.must("abort")
		a.backTo(1)
	}
	a.unhurt(load)
}

// What a down has taken away no abort brings back. It touches nothing: not the
// database either, whose project has the app's own name.
func TestScenarioADownThatWasCutOffIsNotAborted(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	store := a.id("-store-")
	a.dies("VERSION=2", "2", "down", "--yes")
	a.refused(func() result { return a.teal("abort") }, 2, "a teal down of "+a.name+" was cut off", "teal down, which finishes it")
	if now := a.id("-store-"); now != store {
		t.Errorf("the store was container %s and is %s", store, now)
	}
	a.mustDeploy(3)
	a.serves(3)
}

// dies runs a command that is killed after its nth journal entry.
func (a *app) dies(version, at string, args ...string) {
	a.t.Helper()
	if r := a.run(built.crash, []string{version, "TEAL_TEST_DIE_AT=" + at}, args...); r.code != -1 {
		a.t.Fatalf("it was not killed: %v", r)
	}
}

// backTo checks that the version is live again and nothing else runs.
func (a *app) backTo(version int) {
	a.t.Helper()
	a.serves(version)
	v := a.status()
	if v.Deploy != nil || v.Shares[v.Live] != 100 || v.Colors[other(v.Live)].State != "empty" {
		a.t.Fatalf("status %+v", v)
	}
}

// reach reads on until a step of the kind begins.
func (b *begun) reach(kind string) {
	b.t.Helper()
	for n := 1; ; n++ {
		l, ok := b.step(n)
		if !ok {
			b.t.Fatalf("the deploy ended before its step %s: %s", kind, b.err)
		}
		if l.Step.Kind == kind {
			return
		}
	}
}
