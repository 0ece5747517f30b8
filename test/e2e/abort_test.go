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
	a.must("abort")
	if code, _ := b.end(); code != 130 {
		t.Errorf("the aborted deploy: exit %d: %s", code, b.err)
	}
	a.backTo(1)

	// Killed past the shift: green is live, blue drains or is stopped already.
	for _, at := range []string{"TEAL_TEST_DIE_AT=8", "TEAL_TEST_DIE_AT=16", "TEAL_TEST_DIE_AT=20"} {
		if r := a.run(built.crash, []string{"VERSION=3", at}, "deploy"); r.code != -1 {
			t.Fatalf("it was not killed: %v", r)
		}
		a.must("abort").says("is live")
		a.backTo(1)
	}
	a.unhurt(load)
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
