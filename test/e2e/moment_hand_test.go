package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// Bad moments: somebody has removed by hand what teal has made. The next
// command finds it gone, says so and brings it back.

// strike removes the only container whose name has the part.
func (a *app) strike(part string) {
	a.t.Helper()
	id := a.id(part)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true})
		return err
	})
}

func TestScenarioContainersRemovedByHandComeBackWithTheNextDeploy(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.gentle()
	a.strike("web-blue") // the standby
	a.must("rollback").says("release 1 again, from history")
	a.serves(1)
	a.strike("store")
	a.mustDeploy(3).says("not running: store")
	a.serves(3)
	a.strike("web-blue") // the standby again: release 1
	a.mustDeploy(4)
	a.unhurt(load)

	// The live one: nobody is served until the next command.
	live := a.status().Live
	a.strike("web-" + live)
	if v := a.status(); v.Live != live || v.Colors[live].Healthy {
		t.Errorf("status %+v", v)
	}
	a.must("status").says(live+" is live", "live, not healthy", "web 0/1")
	a.mustDeploy(5)
	a.serves(5)
	a.converged("at the end")
}

func TestScenarioANetworkRemovedByHandComesBackWithTheNextDeploy(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	// A witness would wait ten seconds for what hangs on a connection to nowhere.
	a.edit("teal.yaml", "drain: {timeout: 5s, streams: 5s}", "drain: {timeout: 1s, streams: 1s}\n  witness: {off: true}")
	a.mustDeploy(1)
	a.mustDeploy(2)
	// Clients reach nobody any more, though every container runs.
	a.unplug("teal-" + a.name)
	if v := a.status(); v.Live != "green" || v.Colors["green"].Healthy {
		t.Errorf("status %+v", v)
	}
	a.mustDeploy(3).says("network teal-"+a.name, "store-1 connected to network teal-"+a.name)
	a.serves(3)
	load := a.gentle()
	a.unplug(a.name + "-" + other(a.status().Live) + "_default")
	a.mustDeploy(4)
	a.serves(4)
	a.unplug(a.name + "-" + a.status().Live + "_default") // clients don't come that way
	a.serves(4)
	a.mustDeploy(5)
	a.serves(5)
	a.unhurt(load)
	// And the way back, where all that is left is history.
	a.unplug("teal-" + a.name)
	a.must("rollback").says("release 4")
	a.serves(4)
	a.storeAnswers()
}

// unplug takes every container off a network and removes it.
func (a *app) unplug(network string) {
	a.t.Helper()
	a.docker(func(ctx context.Context, cli *client.Client) error {
		n, err := cli.NetworkInspect(ctx, network, client.NetworkInspectOptions{})
		if err != nil {
			return err
		}
		for id := range n.Network.Containers {
			if _, err := cli.NetworkDisconnect(ctx, network, client.NetworkDisconnectOptions{Container: id, Force: true}); err != nil {
				return err
			}
		}
		_, err = cli.NetworkRemove(ctx, network, client.NetworkRemoveOptions{})
		return err
	})
}

// storeAnswers checks that the live color's network has the shared service.
func (a *app) storeAnswers() {
	a.t.Helper()
	id := a.id("store")
	a.docker(func(ctx context.Context, cli *client.Client) error {
		c, err := cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if err == nil && c.Container.NetworkSettings.Networks["teal-"+a.name] == nil {
			a.t.Error("store is not in the app's network")
		}
		return err
	})
}

func TestScenarioTablesRemovedByHandComeBackWithTheNextDeploy(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.gentle()
	version := 2
	token := filepath.Join("apps", a.name, "token")
	mends := func(what string, harm func() error) {
		live := a.status().Live
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		a.serves(version) // without a table nginx asks blue, and its backup answers
		version++
		r := a.mustDeploy(version)
		a.serves(version)
		a.converged(what)
		t.Logf("%s, %s was live: %s", what, live, strings.SplitN(r.stdout, "\n", 2)[0])
	}
	for _, gone := range []string{"tables", filepath.Join("live", a.name), "flags", token} {
		mends(gone+" removed", func() error { return os.RemoveAll(filepath.Join(a.state, gone)) })
	}
	mends(token+" emptied", func() error { return os.WriteFile(filepath.Join(a.state, token), nil, 0o600) })
	a.unhurt(load)
}

func TestScenarioALiveContainerRestartedOrRenamedByHandStaysLive(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.gentle()
	green := a.id("web-green")
	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerRename(ctx, green, client.ContainerRenameOptions{NewName: a.name + "-renamed"})
		return err
	})
	if v := a.status(); v.Live != "green" || !v.Colors["green"].Healthy {
		t.Errorf("status %+v", v)
	}
	a.mustDeploy(3)
	a.serves(3)
	a.must("rollback").says("release 2") // the renamed one, as it lies there
	a.serves(2)
	if a.id("renamed") != green {
		t.Error("the renamed container was made anew")
	}
	a.unhurt(load)

	a.docker(func(ctx context.Context, cli *client.Client) error {
		_, err := cli.ContainerRestart(ctx, green, client.ContainerRestartOptions{})
		return err
	})
	a.until("the restarted container answers", 10*time.Second, func() bool {
		code, _ := a.get("/")
		return code == 200
	})
	load = a.gentle()
	a.mustDeploy(4)
	a.serves(4)
	a.unhurt(load)
	a.converged("at the end")
}
