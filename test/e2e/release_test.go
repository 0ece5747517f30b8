package e2e

import (
	"fmt"
	"strings"
	"testing"

	"teal/internal/witness"
)

// load starts a witness of the test's own: keep-alive GET and POST, slow
// uploads and WebSockets.
func (a *app) load() *witness.Running {
	target := fmt.Sprintf("127.0.0.1:%d", a.port)
	return witness.Start(a.t.Context(), witness.Load{Target: target, Host: a.host, Groups: []witness.Group{
		{Kind: witness.Get, Count: 8, Think: ms(5)},
		{Kind: witness.Post, Paths: []string{"/echo"}, Count: 8, Think: ms(5)},
		{Kind: witness.Upload, Paths: []string{"/upload"}, Count: 2, Size: 64 << 10, Over: ms(1500)},
		{Kind: witness.WebSocket, Paths: []string{"/ws"}, Count: 4, Think: ms(50)},
	}})
}

// unhurt ends the load and checks that every request of it was answered.
func (a *app) unhurt(load *witness.Running) {
	a.t.Helper()
	seen := load.Stop()
	if seen.Lost() != 0 || seen.Answered == 0 || len(seen.ByColor) == 0 {
		a.t.Errorf("the witness lost %d of %d: %s (%+v)", seen.Lost(), seen.Sent, seen.First, seen)
	}
	a.t.Logf("witness: %d sent, %d lost, by color %v, by kind %v", seen.Sent, seen.Lost(), seen.ByColor, seen.ByKind)
}

func TestScenarioReleasesAndRollbacksUnderLoadLoseNothing(t *testing.T) {
	a := newApp(t)
	a.mustDeploy(1).says("blue")
	a.serves(1)
	store := a.id("store")
	load := a.load()
	a.mustDeploy(2)
	a.serves(2)
	if v := a.status(); v.Live != "green" || v.Shares["green"] != 100 || v.Colors["green"].Release != 2 || v.Colors["blue"].State != "stopped" || v.Deploy != nil {
		t.Errorf("status %+v", v)
	}
	a.must("rollback")
	a.serves(1)
	a.mustDeploy(3)
	a.serves(3)
	a.unhurt(load)
	if a.id("store") != store {
		t.Error("the shared service was recreated")
	}
}

func TestScenarioAReleaseThatNeverGetsHealthyLeavesTrafficAlone(t *testing.T) {
	a := newApp(t)
	a.edit("teal.yaml", "timeout: 15s", "timeout: 3s")
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.load()
	a.env = []string{"BROKEN=1"}
	r := a.deploy(3)
	a.env = nil
	r.fails(3, "web-blue", "never got healthy", "503", "PAYMENT_KEY is not set", "release 2 is live in green, as before", "next:")
	a.serves(2)
	if v := a.status(); v.Colors["blue"].State != "empty" {
		t.Errorf("the failed release is left: %+v", v)
	}
	// Its standby made room for the failed release, so 1 comes from history.
	a.must("rollback")
	a.serves(1)
	a.unhurt(load)
	if h := a.must("history").stdout; !strings.Contains(h, "failed") {
		t.Errorf("history does not tell of the failure:\n%s", h)
	}
}
