package e2e

import (
	"context"
	"testing"

	"github.com/moby/moby/client"
)

const keepCompose = `services:
  web: {image: "NAME-shop:latest"}
`

// newKept makes an application of which so many releases have been, each with
// an image of its own under one name that moves on.
func newKept(t *testing.T, releases int) *app {
	t.Helper()
	a := newBaked(t)
	a.compose(keepCompose)
	a.config(tealFile)
	a.edit("teal.yaml", "deploy:", "deploy:\n  keep: 3")
	for version := 1; version <= releases; version++ {
		a.bake(a.name+"-shop:latest", version)
		a.mustDeploy(version)
		a.serves(version)
	}
	return a
}

// prune is docker image prune, with or without -a, among the application's
// images alone.
func (a *app) prune(all string) {
	a.t.Helper()
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ImagePrune(ctx, client.ImagePruneOptions{Filters: a.baked().Add("dangling", all)})
		return err
	})
}

// pruneContainers is docker container prune, among those that keep the
// application's images.
func (a *app) pruneContainers() {
	a.t.Helper()
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerPrune(ctx, client.ContainerPruneOptions{Filters: client.Filters{}.Add("label", "teal.app="+a.name, "teal.keep")})
		return err
	})
}

const (
	unnamed = "true"  // docker image prune
	unused  = "false" // docker image prune -a
)

func TestScenarioReleasesThatAreKeptCanBeRunAgain(t *testing.T) {
	t.Parallel()
	a := newKept(t, 4)
	if got := a.tags(); !sameSet(got, []string{"web:2", "web:3", "web:4"}) {
		t.Errorf("kept are %v", got)
	}
	a.prune(unnamed)
	a.refused(func() result { return a.teal("rollback", "--to", "1") }, 2, "release 1 can't be run again", "no longer kept", "rollback --to 3")
	a.must("rollback", "--to", "2")
	a.serves(2)
	a.must("rollback", "--to", "4")
	a.serves(4)
	a.must("rollback")
	a.serves(3)
	a.must("down", "--yes", "--volumes")
	if got := a.tags(); len(got) > 0 {
		t.Errorf("after down the images %v are left", got)
	}
}

func TestScenarioAFullPruneTakesNoImageOfAKeptRelease(t *testing.T) {
	t.Parallel()
	a := newKept(t, 3)
	a.prune(unused)
	a.must("rollback", "--to", "1")
	a.serves(1)

	a.pruneContainers()
	a.bake(a.name+"-shop:latest", 4)
	a.mustDeploy(4) // makes the images of earlier releases safe again
	a.prune(unused)
	a.must("rollback", "--to", "3")
	a.serves(3)
}

func TestScenarioARollbackToAReleaseWhoseImageIsGoneChangesNothing(t *testing.T) {
	t.Parallel()
	a := newKept(t, 3)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ImageRemove(ctx, "teal/"+a.name+"/web:1", client.ImageRemoveOptions{Force: true})
		return err
	})
	a.refused(func() result { return a.teal("rollback", "--to", "1") }, 3, "the image of web in release 1 is gone from this engine", "release 3 is live in blue, as before")
	a.must("rollback")
	a.serves(2)
}
