package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

var threeServices = `services:
  web:
    image: ` + image + `
    command: [/faulty]
    container_name: shop-web
    ports: ["8080:8080"]
    environment: {VERSION: "${VERSION:-1}", ME: "${TEAL_COLOR}"}
    depends_on: [worker, store]
  worker:
    image: ` + image + `
    command: [/faulty]
  store:
    image: ` + image + `
    command: [/store]
    environment: {LEDGER: /data/ledger}
    volumes: ["data:/data"]
volumes:
  data: {}
`

const threeTeal = `app: NAME
services:
  web: {port: 8080, replicas: 2, health: {http: /healthz}}
  worker: {}
site: {listen: ["127.0.0.1:PORT"]}
routes: [{path: /, to: web}]
proxy: standalone
deploy: {standby: warm}
`

func TestScenarioReplicasAndColorsAreToldApart(t *testing.T) {
	t.Parallel()
	a := bare(t)
	a.write("compose.yaml", threeServices)
	a.config(threeTeal)
	a.mustDeploy(1)
	a.mustDeploy(2)
	seen := map[string]bool{}
	for range 40 {
		_, body := a.get("/")
		seen[strings.TrimSpace(body)] = true
	}
	for _, want := range []string{"version=2 color=green release=2 replica=1", "version=2 color=green release=2 replica=2"} {
		if !seen[want] || len(seen) != 2 {
			t.Errorf("clients saw %v", seen)
		}
	}
	for _, part := range []string{"web-blue-1", "web-blue-2", "web-green-1", "web-green-2"} {
		a.isolated(part)
	}
	v := a.status()
	if s := v.Colors["green"].Services; len(s) != 2 || s[0].Name != "web" || s[0].Wanted != 2 || s[0].Running != 2 {
		t.Errorf("status %+v", v)
	}
	a.must("logs", "web", "--color", "green").says("web-green-1 | ", "web-green-2 | ", "listens on")
	a.must("plan").says("healthy", "shift")
}

// isolated checks on which networks a container has which names: its service's
// plain name only on the color's own network.
func (a *app) isolated(part string) {
	a.t.Helper()
	id := a.id(part)
	a.docker(func(ctx context.Context, cli *client.Client) error {
		c, err := cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		if c.Container.Name == "/shop-web" || len(c.Container.HostConfig.PortBindings) > 0 {
			a.t.Errorf("%s keeps its fixed name or host port", part)
		}
		color := "blue"
		if strings.Contains(part, "green") {
			color = "green"
		}
		if !slices.Contains(c.Container.Config.Env, "ME="+color) {
			a.t.Errorf("%s: TEAL_COLOR was not interpolated: %v", part, c.Container.Config.Env)
		}
		for name, n := range c.Container.NetworkSettings.Networks {
			if plain := slices.Contains(n.Aliases, "web"); plain != (name == a.name+"-"+color+"_default") {
				a.t.Errorf("%s on %s has names %v", part, name, n.Aliases)
			}
		}
		return nil
	})
}
