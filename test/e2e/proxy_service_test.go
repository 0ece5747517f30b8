package e2e

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

const serviceCompose = `  edge:
    image: NGINX
    ports: ["127.0.0.1:PORT:80"]
`

// newServiced makes an application whose nginx is a shared service of its
// compose file.
func newServiced(t *testing.T) *app {
	t.Helper()
	a := bare(t)
	a.mounted, a.host = true, "shop.example"
	a.compose(strings.Replace(composeFile, "volumes:\n  data", strings.Replace(serviceCompose, "NGINX", packNginx(t), 1)+"volumes:\n  data", 1))
	a.config(strings.Replace(edgeTeal, "container: NAME-nginx", "service: edge", 1))
	return a
}

func TestScenarioANginxThatIsASharedServiceIsMadeByTheFirstDeploy(t *testing.T) {
	t.Parallel()
	a := newServiced(t)
	a.mustDeploy(1)
	a.shows(a.port, 1)
	nginx, load := a.id("edge"), a.gentle()
	a.mustDeploy(2)
	a.shows(a.port, 2)
	a.must("rollback")
	a.unhurt(load)
	if a.id("edge") != nginx {
		t.Error("the nginx was made anew")
	}

	a.docker(func(ctx context.Context, cli *client.Client) error { return restartIt(ctx, cli, nginx) })
	a.comesUp(a.port, 1)
	a.mustDeploy(3)
	a.shows(a.port, 3)
	a.must("down", "--yes", "--volumes")
	if left := a.leftovers(); len(left) > 0 {
		t.Errorf("down left %v", left)
	}
}

func TestScenarioASharedNginxThatWasStoppedOrRemovedComesBackWithADeploy(t *testing.T) {
	t.Parallel()
	a := newServiced(t)
	a.mustDeploy(1)
	nginx := a.id("edge")
	a.docker(func(ctx context.Context, cli *client.Client) error { return stopIt(ctx, cli, nginx) })
	a.mustDeploy(2)
	a.shows(a.port, 2)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerRemove(ctx, nginx, client.ContainerRemoveOptions{Force: true})
		return err
	})
	a.must("rollback")
	a.shows(a.port, 1)
	if files, err := os.ReadDir(a.state + "/apps/" + a.name); err != nil || len(files) == 0 {
		t.Errorf("nginx's files are gone: %v", err)
	}
}
