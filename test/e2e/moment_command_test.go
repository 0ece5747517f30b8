package e2e

import (
	"context"
	"strings"
	"testing"
	"time"
)

// Bad moments: the release command, a migration say, that doesn't end well. It
// runs before anything of the new release starts, so nothing but itself is
// lost.

// commanded deploys a release, then gives the next ones a release command.
func commanded(t *testing.T, argv string) *app {
	a := newApp(t)
	a.mustDeploy(1)
	a.edit("teal.yaml", "deploy:", "deploy:\n  release: {service: web, command: ["+argv+"], timeout: 2s}")
	return a
}

// spared checks that the failed command has left nothing, that the live release
// is the one before, and that a command that works gets the next one out.
func (a *app) spared() {
	a.t.Helper()
	a.serves(1)
	want := []string{a.name + "-blue-web-blue-1", a.name + "-store-1"}
	if running := a.names("running"); !sameSet(running, want) || len(a.containers()) != len(want) {
		a.t.Errorf("%d containers, of which run %v, want %v", len(a.containers()), running, want)
	}
	if v := a.status(); v.Live != "blue" || v.Deploy != nil || v.Colors["green"].State != "empty" {
		a.t.Errorf("status %+v", v)
	}
	a.config(tealFile)
	a.edit("teal.yaml", "deploy:", "deploy:\n  release: {service: web, command: [/stubborn, exit, \"0\", migrated]}")
	a.mustDeploy(3).says("migrated")
	a.serves(3)
}

func TestScenarioAReleaseCommandThatFailsStopsTheReleaseAndIsShown(t *testing.T) {
	t.Parallel()
	a := commanded(t, `/stubborn, exit, "3", "column users.email does not exist"`)
	a.edit("teal.yaml", "timeout: 2s", "timeout: 1m")
	load := a.gentle()
	r := a.deploy(2)
	r.fails(3, "release command of web exited with code 3", "column users.email does not exist", "release 1 is live in blue, as before", "next:")
	r.says("column users.email does not exist", "0 lost")
	if h := a.must("history").stdout; !strings.Contains(h, "failed") || !strings.Contains(h, "exited with code 3") {
		t.Errorf("history does not tell why:\n%s", h)
	}
	a.spared()
	a.unhurt(load)
}

func TestScenarioAReleaseCommandThatHangsIsCutAtItsTimeout(t *testing.T) {
	t.Parallel()
	a := commanded(t, "/stubborn, hang")
	a.edit("teal.yaml", "timeout: 2s", "timeout: 10s") // of which Docker may need half on a busy machine
	load := a.gentle()
	a.deploy(2).fails(3, "release command of web did not end within 10s", "waiting for a table lock", "release 1 is live in blue, as before", "next:")
	a.spared()
	a.unhurt(load)
}

func TestScenarioCtrlCWhileTheReleaseCommandRunsTakesItAway(t *testing.T) {
	t.Parallel()
	a := commanded(t, "/stubborn, hang")
	a.edit("teal.yaml", "timeout: 2s", "timeout: 1m")
	load := a.gentle()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b := a.begin(ctx, "VERSION=2")
	b.reach("release")
	a.until("the command runs", 10*time.Second, func() bool { return len(a.names("running")) == 3 })
	b.interrupt()
	if code, last := b.end(); code != 130 || !strings.Contains(b.err.String(), "release 1 is live in blue, as before") {
		t.Errorf("exit %d: %s\n%s", code, last, b.err)
	}
	a.spared()
	a.unhurt(load)
}
