package e2e

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/moby/client"
)

// Bad moments: what compose files say that two colors can't have, and compose
// files that change while they are read.

// variant is a change to the compose file, and what a deploy has to say to it.
type variant struct {
	old, with string
	want      []string
}

// refusesEach checks that each variant is refused and changes nothing, and that
// the file as it was can be deployed after it.
func (a *app) refusesEach(variants []variant) {
	a.t.Helper()
	load := a.gentle()
	for _, v := range variants {
		a.refused(func() result {
			a.edit("compose.yaml", v.old, v.with)
			defer a.write("compose.yaml", composeFile)
			return a.teal("deploy")
		}, 2, v.want...)
	}
	a.mustDeploy(2)
	a.serves(2)
	a.unhurt(load)
}

const webHead, storeHead = "  web:\n", "  store:\n"

func TestScenarioASharedNetworkNamespaceIsRefusedWithItsLineAndAFix(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.refusesEach([]variant{
		{webHead, webHead + "    network_mode: service:store\n", []string{"compose.yaml:3:5", "network_mode: service:store", "two colors", "next:  take network_mode off"}},
		{webHead, webHead + "    network_mode: container:other\n", []string{"compose.yaml:3:5", "network_mode: container:other", "next:  take network_mode off"}},
		{webHead, webHead + "    network_mode: host\n", []string{"compose.yaml:3:5", "network_mode: host", "next:  take network_mode off"}},
		{storeHead, storeHead + "    network_mode: service:web\n", []string{"compose.yaml:9:5", "network_mode: service:web", "web runs in two colors", "next:  list store under services"}},
	})
}

func TestScenarioADatabasesVolumeInTwoColorsIsRefusedWithItsLineAndAFix(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	postgres := strings.Replace(composeFile, image, "registry.example/library/postgres:17", 1)
	postgres = strings.Replace(postgres, webHead, webHead+"    volumes: [\"data:/var/lib/postgresql/data\"]\n", 1)
	a.refusesEach([]variant{
		{composeFile, postgres, []string{"compose.yaml:3:5", "service web is a database with data in /var/lib/postgresql/data", "two colors", "next:  leave web out of services"}},
	})
}

// Files that both colors read and write, uploads say, are one volume to both:
// a release finds what the one before has stored.
func TestScenarioAVolumeOfAColoredServiceIsOneAndTheSameInBothColors(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.edit("compose.yaml", webHead, webHead+"    volumes: [\"data:/uploads\"]\n")
	a.edit("teal.yaml", "deploy:", "deploy:\n  standby: warm")
	a.mustDeploy(1)
	a.mustDeploy(2)
	mounted := map[string]bool{}
	a.docker(func(ctx context.Context, cli *client.Client) error {
		for _, part := range []string{"web-blue", "web-green", "store"} {
			c, err := cli.ContainerInspect(ctx, a.id(part), client.ContainerInspectOptions{})
			if err != nil {
				return err
			}
			for _, m := range c.Container.Mounts {
				mounted[m.Name] = true
			}
		}
		return nil
	})
	if len(mounted) != 1 || !mounted[a.name+"_data"] {
		t.Errorf("the volumes are %v", mounted)
	}
}

// changing is a registry that runs a function when a manifest is first asked
// for: in the middle of a deploy's pull.
func changing(t *testing.T, then func()) string {
	t.Helper()
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	var armed atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			armed.Store(true)
		} else if strings.Contains(r.URL.Path, "/manifests/") && armed.CompareAndSwap(true, false) {
			then()
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestScenarioADeployGoesOnWithTheFilesAsItReadThem(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)

	// Between plan and deploy: what counts is what the deploy reads.
	a.must("plan").says("pin", "start", "green")
	a.edit("compose.yaml", "command: [/web]", "command: [/web]\n    labels: {planned: after}")
	a.mustDeploy(2)
	a.labelled("web-green", "planned", "after")

	// While one pulls, everything changes: the image, the command, the route.
	ref := changing(t, func() {
		a.edit("compose.yaml", "planned: after", "planned: meanwhile")
		a.edit("compose.yaml", "command: [/web]", "command: [/nonexistent]")
		a.edit("teal.yaml", "port: 8080", "port: 9999")
	}) + "/shop/web:3"
	a.publish(ref)
	a.edit("compose.yaml", image, ref)
	load := a.gentle()
	a.mustDeploy(3).says("pull")
	a.serves(3)
	a.labelled("web-blue", "planned", "after")

	// And while one starts.
	a.edit("compose.yaml", "/nonexistent", "/web")
	a.edit("teal.yaml", "port: 9999", "port: 8080")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b := a.begin(ctx, "VERSION=4")
	b.reach("start")
	a.edit("compose.yaml", "command: [/web]", "command: [/nonexistent]")
	a.edit("teal.yaml", "app: ", "no more yaml: [")
	if code, last := b.end(); code != 0 {
		t.Errorf("exit %d: %s\n%s", code, last, b.err)
	}
	a.config(tealFile)
	a.serves(4)
	a.labelled("web-green", "planned", "meanwhile")
	a.must("rollback")
	a.serves(3)
	a.unhurt(load)
}

// publish pushes the test image under a name of a registry and takes that name
// off the engine again.
func (a *app) publish(ref string) {
	a.t.Helper()
	a.docker(func(ctx context.Context, cli *client.Client) error {
		if _, err := cli.ImageTag(ctx, client.ImageTagOptions{Source: image, Target: ref}); err != nil {
			return err
		}
		pushed, err := cli.ImagePush(ctx, ref, client.ImagePushOptions{RegistryAuth: "e30="})
		if err != nil {
			return err
		}
		if err := pushed.Wait(ctx); err != nil {
			return err
		}
		_, err = cli.ImageRemove(ctx, ref, client.ImageRemoveOptions{})
		return err
	})
	a.t.Cleanup(func() { removeImage(ref) })
}

// labelled checks a label of the only container whose name has the part.
func (a *app) labelled(part, label, want string) {
	a.t.Helper()
	for _, c := range a.containers() {
		if strings.Contains(c.Names[0], part) && c.Labels[label] != want {
			a.t.Errorf("%s has label %s=%q, want %q", c.Names[0], label, c.Labels[label], want)
		}
	}
}
