package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/moby/moby/client"
)

func TestScenarioANginxInSomebodyElsesContainerIsSwitchedWithoutALoss(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.ship(e.mounts())
	e.mustDeploy(1)
	e.shows(e.port, 1)
	load := e.gentle()
	e.mustDeploy(2).says("witness")
	e.shows(e.port, 2)
	e.must("rollback")
	e.shows(e.port, 1)
	e.unhurt(load)

	e.at(restartIt)
	e.comesUp(e.port, 1)
	e.mustDeploy(3).says("confirm")
	e.shows(e.port, 3)

	e.must("down", "--yes", "--volumes")
	e.untouched()
}

// untouched checks that the container is as its owner left it.
func (e *edge) untouched() {
	e.t.Helper()
	if files, err := os.ReadDir(filepath.Join(e.root, "nginx.d")); err != nil || len(files) > 0 {
		e.t.Errorf("after down the container's folder has %v %v", files, err)
	}
	e.at(func(ctx context.Context, cli *client.Client, name string) error {
		found, err := cli.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		if n := found.Container.NetworkSettings.Networks; len(n) != 1 || !found.Container.State.Running {
			e.t.Errorf("after down the container is in %d networks, running %v", len(n), found.Container.State.Running)
		}
		return nil
	})
}

func TestScenarioAContainerThatCannotServeTheAppIsNamed(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	nothing := func(r result, code int, texts ...string) {
		t.Helper()
		r.fails(code, append(texts, e.container, "next:")...)
		if have := e.containers(); len(have) > 0 {
			t.Errorf("%d containers are left", len(have))
		}
	}
	nothing(e.deploy(1), 5, "there is no container")

	e.ship(e.mounts()[4:]) // its sites' folder alone
	nothing(e.deploy(1), 2, e.state+"/tables:"+e.state+"/tables:ro", e.state+"/apps/"+e.name)
	e.unship()

	e.ship(e.mounts())
	e.mustDeploy(1)
	e.at(stopIt)
	e.refused(func() result { return e.deploy(2) }, 5, "does not run", "docker start "+e.container)
	e.must("status").says("no nginx runs to serve it")
	e.at(startIt)
	e.comesUp(e.port, 1)
	e.mustDeploy(2)
	e.shows(e.port, 2)

	e.unship() // its owner has done away with it
	e.must("down", "--yes", "--volumes")
	if left := e.leftovers(); len(left) > 0 {
		t.Errorf("down left %v", left)
	}
}
