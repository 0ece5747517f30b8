package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/moby/moby/client"
)

// The one who may use the private registry.
const puller, pullerSecret = "deployer", "s3cret-of-the-registry"

// guarded is a registry on this machine that asks who is there.
type guarded struct {
	*app
	host  string // with its port
	asked atomic.Int64
}

// newGuarded makes an application whose image is in such a registry.
func newGuarded(t *testing.T) *guarded {
	t.Helper()
	p := &guarded{}
	p.app = newBaked(t)
	open := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		if user, secret, _ := r.BasicAuth(); user != puller || secret != pullerSecret {
			w.Header().Set("WWW-Authenticate", `Basic realm="tealtest"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		open.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	p.host = strings.TrimPrefix(s.URL, "http://")
	p.write("compose.yaml", "services:\n  web: {image: '"+p.ref()+"'}\n")
	p.config(tealFile)
	return p
}

func (p *guarded) ref() string { return p.host + "/shop/web:1" }

// push puts a version's image into the registry and takes it off the engine.
func (p *guarded) push(version int) {
	p.t.Helper()
	p.bake(p.ref(), version)
	auth := base64.URLEncoding.EncodeToString(fmt.Appendf(nil, `{"username":%q,"password":%q}`, puller, pullerSecret))
	p.docker(func(ctx context.Context, cli *client.Client) error {
		out, err := cli.ImagePush(ctx, p.ref(), client.ImagePushOptions{RegistryAuth: auth})
		if err != nil {
			return err
		}
		defer out.Close()
		if text, err := io.ReadAll(out); err != nil || strings.Contains(string(text), `"error"`) {
			return fmt.Errorf("push: %w %s", err, text)
		}
		_, err = cli.ImageRemove(ctx, p.ref(), client.ImageRemoveOptions{Force: true})
		return err
	})
}

// login makes the text the config file of the docker command line.
func (p *guarded) login(text string) string {
	p.t.Helper()
	dir := filepath.Join(p.dir, "docker")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		p.t.Fatal(err)
	}
	p.write("docker/config.json", strings.ReplaceAll(text, "HOST", p.host))
	return "DOCKER_CONFIG=" + dir
}

func TestScenarioAPrivateRegistryIsAskedWithTheCredentialsOfDockerLogin(t *testing.T) {
	t.Parallel()
	p := newGuarded(t)
	p.push(1)
	p.env = []string{p.login("{}")}
	p.deploy(1).fails(3, "image "+p.ref()+" of service web can't be pulled", "docker login "+p.host, "nothing of "+p.name+" is live")

	auth := base64.StdEncoding.EncodeToString([]byte(puller + ":" + pullerSecret))
	p.env = []string{p.login(`{"auths": {"HOST": {"auth": "` + auth + `"}}}`)}
	p.mustDeploy(1)
	p.serves(1)

	// A credential helper, for an image that is fetched anew though it is here.
	p.push(2)
	p.edit("compose.yaml", "{image", "{pull_policy: always, image")
	if err := goBuild(filepath.Join(p.dir, "docker-credential-tealtest"), "../../internal/compose/testdata/helper"); err != nil {
		t.Fatal(err)
	}
	calls := filepath.Join(p.dir, "calls")
	p.env = []string{
		p.login(`{"credHelpers": {"HOST": "tealtest"}}`), "PATH=" + p.dir + ":" + os.Getenv("PATH"),
		"TEALTEST_CALLS=" + calls, "TEALTEST_CREDENTIALS=" + puller + ":wrong",
	}
	p.deploy(2).fails(3, "docker login "+p.host+", as the user who runs teal", "release 2 is live in blue, as before")
	p.env = append(p.env, "TEALTEST_CREDENTIALS="+puller+":"+pullerSecret)
	r := p.mustDeploy(2)
	p.serves(2)
	if got, err := os.ReadFile(calls); err != nil || string(got) != "get "+p.host+"\n" {
		t.Errorf("the helper was called with %q %v", got, err)
	}
	if all := r.stdout + r.stderr; strings.Contains(all, pullerSecret) {
		t.Errorf("the secret is told: %s", all)
	}
}

func TestScenarioAPullPolicyDecidesWhetherTheRegistryIsAsked(t *testing.T) {
	t.Parallel()
	p := newGuarded(t)
	auth := base64.StdEncoding.EncodeToString([]byte(puller + ":" + pullerSecret))
	p.env = []string{p.login(`{"auths": {"HOST": {"auth": "` + auth + `"}}}`)}
	p.push(1)
	p.edit("compose.yaml", "{image", "{pull_policy: never, image")
	asked := p.asked.Load()
	p.deploy(1).fails(3, "image "+p.ref()+" of service web is not on this engine", "docker pull "+p.ref())
	if p.asked.Load() != asked {
		t.Error("with the policy never the registry was asked")
	}

	p.edit("compose.yaml", "never", "missing")
	p.mustDeploy(1)
	p.serves(1)
	p.push(2)
	p.bake(p.ref(), 3) // here is another one than in the registry
	p.mustDeploy(3)
	p.serves(3)
	p.edit("compose.yaml", "missing", "always")
	p.mustDeploy(2)
	p.serves(2)

	p.edit("compose.yaml", "{pull", "{platform: linux/arm64, pull")
	p.refused(func() result { return p.deploy(4) }, 3, "linux/arm64", "release 4 is live in blue, as before")
	p.serves(2)
}
