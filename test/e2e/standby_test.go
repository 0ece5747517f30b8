package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

func TestScenarioAWarmStandbyTakesOverWithoutAStart(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.edit("teal.yaml", "deploy:", "deploy:\n  standby: warm")
	a.mustDeploy(1)
	a.mustDeploy(2)
	blue := a.id("web-blue")
	if v := a.status(); v.Colors["blue"].State != "standby" || !v.Colors["blue"].Healthy {
		t.Fatalf("no warm standby: %+v", v)
	}
	load := a.load()
	r := a.must("rollback")
	if strings.Contains(r.stdout, "resume") || strings.Contains(r.stdout, "start blue") || a.id("web-blue") != blue {
		t.Errorf("the standby was started: %v", r)
	}
	a.serves(1)
	a.unhurt(load)
}

func TestScenarioWithoutStandbyTheOldColorGoes(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.edit("teal.yaml", "deploy:", "deploy:\n  standby: none")
	a.mustDeploy(1)
	a.mustDeploy(2)
	if v := a.status(); v.Colors["blue"].State != "empty" || len(a.containers()) != 2 {
		t.Fatalf("blue is left: %+v", v)
	}
	load := a.load()
	a.must("rollback")
	a.serves(1)
	a.unhurt(load)
}

// A color that dies is answered for by the other one, if that runs.
func TestScenarioALiveColorThatCrashesIsAnsweredByTheWarmOne(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.edit("teal.yaml", "deploy:", "deploy:\n  standby: warm")
	a.mustDeploy(1)
	a.mustDeploy(2)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerKill(ctx, a.id("web-green"), client.ContainerKillOptions{Signal: "KILL"})
		return err
	})
	a.until("blue answers for green", 5*time.Second, func() bool {
		code, body := a.get("/")
		return code == 200 && strings.Contains(body, "version 1")
	})
	load := a.gentle()
	// Green is routed to but dead; what serves is blue, so green is filled.
	a.mustDeploy(3)
	a.serves(3)
	a.unhurt(load)
	if v := a.status(); v.Live != "green" || v.Colors["green"].Release != 3 {
		t.Errorf("status %+v", v)
	}
}

func TestScenarioARestartedContainerKeepsItsAddress(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerRestart(ctx, a.id("web-blue"), client.ContainerRestartOptions{})
		return err
	})
	a.until("the restarted container answers", 5*time.Second, func() bool {
		code, _ := a.get("/")
		return code == 200
	})
	a.serves(1)
}
