package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/moby/moby/client"
)

const portsTeal = `app: NAME
addresses: ports
services:
  web: {port: 8080, health: {http: /healthz, timeout: 15s}, ports: {blue: BLUE, green: GREEN}}
site: {listen: ["127.0.0.1:PORT"]}
routes:
  - {path: /, to: web}
proxy: standalone
deploy:
  drain: {timeout: 5s, streams: 5s}
`

// freePorts are several that differ.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var list []int
	for seen := map[int]bool{}; len(list) < n; {
		if p := freePort(t); !seen[p] {
			seen[p] = true
			list = append(list, p)
		}
	}
	return list
}

func TestScenarioAtFixedPortsOfEachColorNothingIsLost(t *testing.T) {
	t.Parallel()
	a := bare(t)
	ports := freePorts(t, 4)
	a.write("compose.yaml", composeFile)
	a.config(portsTeal)
	a.edit("teal.yaml", "BLUE", fmt.Sprint(ports[0]))
	a.edit("teal.yaml", "GREEN", fmt.Sprint(ports[1]))
	a.mustDeploy(1)
	a.serves(1)
	a.shows(ports[0], 1) // the color itself
	load := a.gentle()
	a.mustDeploy(2)
	a.serves(2)
	a.shows(ports[1], 2)
	a.must("rollback")
	a.serves(1)
	a.mustDeploy(3)
	a.serves(3)
	a.unhurt(load)
	a.bound(ports[1])
}

// bound checks that the live container's port is published on the loopback
// address alone.
func (a *app) bound(port int) {
	a.t.Helper()
	a.docker(func(ctx context.Context, cli *client.Client) error {
		found, err := cli.ContainerInspect(ctx, a.id("web-green"), client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		for _, list := range found.Container.NetworkSettings.Ports {
			for _, b := range list {
				if b.HostPort != fmt.Sprint(port) || !b.HostIP.IsLoopback() {
					a.t.Errorf("green is published at %s:%s", b.HostIP, b.HostPort)
				}
			}
		}
		return nil
	})
}

func TestScenarioAPortThatAnotherProgramHasStopsTheDeploy(t *testing.T) {
	t.Parallel()
	a, other := bare(t), newApp(t)
	other.mustDeploy(1) // its site's port is taken by teal's nginx
	ports := freePorts(t, 1)
	a.write("compose.yaml", composeFile)
	a.config(portsTeal)
	a.edit("teal.yaml", "BLUE", fmt.Sprint(ports[0]))
	a.edit("teal.yaml", "GREEN", fmt.Sprint(other.port))
	a.mustDeploy(1)
	a.deploy(2).fails(3, fmt.Sprintf("host port %d, which web-green publishes, is taken", other.port), "nginx (pid ", "release 1 is live in blue, as before", "next:")
	a.serves(1)
	other.serves(1)
}
