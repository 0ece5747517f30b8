package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// A pair of hand-kept files, one for each color, as people have them who did
// blue and green by themselves.

const pairShared = `services:
  store:
    image: IMAGE
    command: [/store]
    environment: {LEDGER: /data/ledger}
    volumes: ["data:/data"]
volumes: {data: {}}
`

const pairColor = `services:
  COLOR-site:
    image: IMAGE
    command: [/web]
    container_name: NAME-COLOR-site
    ports: ["127.0.0.1:P1:8080"]
    environment: {VERSION: "${VERSION:-1}"}
    depends_on: [COLOR-jobs]
  COLOR-api-1:
    image: IMAGE
    command: [/web]
    container_name: NAME-COLOR-api-1
    ports: ["127.0.0.1:P2:8080"]
    environment: {VERSION: "${VERSION:-1}"}
  COLOR-api-2:
    image: IMAGE
    command: [/web]
    container_name: NAME-COLOR-api-2
    ports: ["127.0.0.1:P3:8080"]
    environment: {VERSION: "${VERSION:-1}"}
  COLOR-jobs:
    image: IMAGE
    command: [/web]
    container_name: NAME-COLOR-jobs
`

const pairTeal = `app: NAME
compose: {shared: compose.yaml, blue: docker-compose.blue.yml, green: docker-compose.green.yml}
addresses: ports
services:
  site: {port: 8080, health: {http: /healthz}, compose: {blue: blue-site, green: green-site}}
  api:
    port: 8080
    replicas: 2
    health: {http: /healthz}
    compose: {blue: [blue-api-1, blue-api-2], green: [green-api-1, green-api-2]}
  jobs: {health: {up: true}, compose: {blue: blue-jobs, green: green-jobs}}
site: {listen: ["127.0.0.1:PORT"]}
routes:
  - {path: /, to: site}
  - {path: /api/, to: api, strip: true}
proxy: standalone
deploy: {drain: {timeout: 5s, streams: 5s}}
`

// newPair makes an application of such files and returns the ports of blue and
// of green.
func newPair(t *testing.T) (a *app, ports []int) {
	t.Helper()
	a, ports = bare(t), freePorts(t, 6)
	a.write("compose.yaml", strings.ReplaceAll(pairShared, "IMAGE", image))
	for i, color := range []string{"blue", "green"} {
		p := ports[3*i:]
		a.write("docker-compose."+color+".yml", strings.NewReplacer(
			"COLOR", color, "NAME", a.name, "IMAGE", image, "P1", fmt.Sprint(p[0]), "P2", fmt.Sprint(p[1]), "P3", fmt.Sprint(p[2]),
		).Replace(pairColor))
	}
	a.config(pairTeal)
	return a, ports
}

func TestScenarioAPairOfHandKeptFilesIsReleasedAsItIs(t *testing.T) {
	t.Parallel()
	a, ports := newPair(t)
	both := func(version int) {
		t.Helper()
		a.serves(version)
		if code, body := a.get("/api/"); code != 200 || !strings.Contains(body, fmt.Sprintf("version %d", version)) {
			t.Errorf("the api answers %d %s, want version %d", code, body, version)
		}
	}
	a.mustDeploy(1)
	both(1)
	store, load := a.id("store"), a.gentle()
	a.mustDeploy(2)
	both(2)
	a.mustDeploy(3)
	both(3)
	a.must("rollback")
	both(2)
	a.unhurt(load)
	if a.id("store") != store {
		t.Error("the shared service was recreated")
	}
	a.keepsItsNames(ports[3:])
}

// keepsItsNames checks that green runs as its own file says.
func (a *app) keepsItsNames(ports []int) {
	a.t.Helper()
	for i, name := range []string{"green-site", "green-api-1", "green-api-2"} {
		a.docker(func(ctx context.Context, cli *client.Client) error {
			found, err := cli.ContainerInspect(ctx, a.name+"-"+name, client.ContainerInspectOptions{})
			if err != nil {
				return err
			}
			if got := fmt.Sprint(found.Container.HostConfig.PortBindings); !strings.Contains(got, fmt.Sprint(ports[i])) || !found.Container.State.Running {
				a.t.Errorf("%s is published at %s, running %v", name, got, found.Container.State.Running)
			}
			return nil
		})
	}
}
