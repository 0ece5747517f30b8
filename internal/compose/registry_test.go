package compose

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	randomimage "github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// serveRegistry runs an empty registry on this machine.
func serveRegistry(t *testing.T) string {
	t.Helper()
	return serve(t, registry.New(registry.Logger(log.New(io.Discard, "", 0))))
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// The one who may pull from a private registry.
const user, password = "deployer", "s3cret-of-the-registry"

// servePrivate runs a registry that asks for basic authentication.
func servePrivate(t *testing.T) string {
	t.Helper()
	open := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="tealtest"`)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
			return
		}
		open.ServeHTTP(w, r)
	}))
}

// push makes an image of that architecture under the name, with layers of the
// given size, and returns its ID.
func push(t *testing.T, image, architecture string, size int64) string {
	t.Helper()
	made := makeImage(t, architecture, size)
	if err := remote.Write(refOf(t, image), made, credentials()); err != nil {
		t.Fatal(err)
	}
	return idOf(t, made)
}

// pushBoth makes an image for two architectures under the name and returns
// their IDs.
func pushBoth(t *testing.T, image string) (amd64, arm64 string) {
	t.Helper()
	var added []mutate.IndexAddendum
	for _, architecture := range []string{"amd64", "arm64"} {
		added = append(added, mutate.IndexAddendum{
			Add: makeImage(t, architecture, 64), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	if err := remote.WriteIndex(refOf(t, image), mutate.AppendManifests(empty.Index, added...), credentials()); err != nil {
		t.Fatal(err)
	}
	return idOf(t, added[0].Add.(v1.Image)), idOf(t, added[1].Add.(v1.Image))
}

func credentials() remote.Option {
	return remote.WithAuth(&authn.Basic{Username: user, Password: password})
}

func refOf(t *testing.T, image string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(image, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func idOf(t *testing.T, made v1.Image) string {
	t.Helper()
	id, err := made.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

func makeImage(t *testing.T, architecture string, size int64) v1.Image {
	t.Helper()
	made, err := randomimage.Image(size, 3)
	if err != nil {
		t.Fatal(err)
	}
	config, err := made.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Config.Cmd = "linux", architecture, []string{"/none"}
	if made, err = mutate.ConfigFile(made, config); err != nil {
		t.Fatal(err)
	}
	return made
}

// hosted is a stage whose web runs an image of the registry.
func hosted(t *testing.T, host, options string) (*stage, string) {
	t.Helper()
	image := host + "/" + "tealtest-" + random() + ":1"
	t.Cleanup(func() { removePulled(t, strings.TrimSuffix(image, ":1")) }) // once the release's tags are gone
	s := newImages(t, "services:\n  web: {image: '"+image+"'"+options+"}\n", web)
	return s, image
}

// removePulled removes every image that the engine has of the repository,
// also those that another has taken the tag from.
func removePulled(t *testing.T, repository string) {
	t.Helper()
	e, err := New(context.Background(), "/var/lib/teal-test")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	found, err := e.client.ImageList(context.Background(), client.ImageListOptions{All: true, Filters: client.Filters{}.Add("reference", repository)})
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range found.Items {
		if _, err := e.client.ImageRemove(context.Background(), image.ID, client.ImageRemoveOptions{Force: true}); err != nil {
			t.Errorf("left behind: %v", err)
		}
	}
}

// pulls pulls web's image and returns the ID pinned.
func (s *stage) pulls() (string, error) {
	s.t.Helper()
	spec, err := s.Prepare(s.t.Context(), s.app, 1, s.net)
	s.must(err)
	s.said = nil
	if err := s.Pull(s.t.Context(), s.app, spec, []string{"web"}, s.say); err != nil {
		return "", err
	}
	spec, err = s.Pin(s.t.Context(), s.app, spec, nil)
	return spec.Images["web"], err
}

// dockerConfig makes the text the docker command line's config file.
func dockerConfig(t *testing.T, text string) string {
	t.Helper()
	dir, before := t.TempDir(), config.Dir()
	write(t, filepath.Join(dir, "config.json"), text)
	config.SetDir(dir)
	t.Cleanup(func() { config.SetDir(before) })
	return dir
}

func TestAnImageThatARegistryDoesNotHaveIsNamedInTheRegistrysWords(t *testing.T) {
	t.Parallel()
	s, image := hosted(t, serveRegistry(t), "")
	_, err := s.pulls()
	e := known(t, err, release.Gate)
	if e.What != "image "+image+" of service web can't be pulled" || !strings.Contains(strings.Join(e.Detail, "\n"), "unknown") || !strings.HasPrefix(e.Next, "check the image's name and tag") {
		t.Errorf("got %q, detail %q, next %q", e.What, e.Detail, e.Next)
	}
	spec, err := s.Prepare(t.Context(), s.app, 1, s.net)
	s.must(err)
	_, err = s.Pin(t.Context(), s.app, spec, nil)
	if e := known(t, err, release.Gate); !strings.Contains(e.What, "is not on this engine") {
		t.Errorf("got %q", e.What)
	}
}

func TestAPullPolicyDecidesWhetherAnImageIsFetchedAgain(t *testing.T) {
	t.Parallel()
	for policy, again := range map[string]bool{"": false, "missing": false, "always": true, "daily": true} {
		t.Run("policy "+policy, func(t *testing.T) {
			t.Parallel()
			options := ""
			if policy != "" {
				options = ", pull_policy: " + policy
			}
			s, image := hosted(t, serveRegistry(t), options)
			first := push(t, image, "amd64", 64)
			if got, err := s.pulls(); err != nil || got != first {
				t.Fatalf("pinned %q, %v, want %s", got, err, first)
			}
			second := push(t, image, "amd64", 64)
			want := map[bool]string{false: first, true: second}[again]
			if got, err := s.pulls(); err != nil || got != want || len(s.said) > 0 != again {
				t.Errorf("pinned %q, %v, want %s; said %q", got, err, want, s.said)
			}
			project, err := s.Load(t.Context(), s.app)
			s.must(err)
			if c := project.Colored[0]; !c.Present || (c.Pull == "always") != again {
				t.Errorf("a plan is told %+v", c)
			}
		})
	}
}

func TestAnImageThatMustNotBePulledIsNot(t *testing.T) {
	t.Parallel()
	s, image := hosted(t, serveRegistry(t), ", pull_policy: never")
	push(t, image, "amd64", 64)
	_, err := s.pulls()
	if e := known(t, err, release.Gate); e.What != "image "+image+" of service web is not on this engine" || len(s.said) > 0 {
		t.Errorf("got %q, said %q", e.What, s.said)
	}
}

func TestAnImageOfAnotherPlatformIsNotTheOneAskedFor(t *testing.T) {
	t.Parallel()
	s, image := hosted(t, serveRegistry(t), ", platform: linux/arm64")
	amd64, arm64 := pushBoth(t, image)
	stream, err := s.client.ImagePull(t.Context(), image, client.ImagePullOptions{})
	s.must(err)
	s.must(stream.Wait(t.Context()))
	if have, err := s.client.ImageInspect(t.Context(), image); err != nil || have.ID != amd64 {
		t.Fatalf("the engine has pulled %s, %v; it is to begin with %s", have.ID, err, amd64)
	}
	project, err := s.Load(t.Context(), s.app)
	s.must(err)
	if project.Colored[0].Present {
		t.Error("the image of another platform passes for the one asked for")
	}
	if got, err := s.pulls(); err != nil || got != arm64 {
		t.Errorf("pinned %q, %v, want %s; said %q", got, err, arm64, s.said)
	}
}

func TestCredentialsOfTheDockerCommandLineOpenAPrivateRegistry(t *testing.T) {
	host := servePrivate(t)
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	dockerConfig(t, `{"auths": {"`+host+`": {"auth": "`+auth+`"}}}`)
	s, image := hosted(t, host, "")
	id := push(t, image, "amd64", 64)
	if got, err := s.pulls(); err != nil || got != id {
		t.Errorf("pinned %q, %v, want %s", got, err, id)
	}
	s.tellsNoSecret(nil)
}

// tellsNoSecret looks for the password in all that was said.
func (s *stage) tellsNoSecret(err error) {
	s.t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	for _, line := range append(s.said, fmt.Sprintf("%+v", err)) {
		if strings.Contains(line, password) || strings.Contains(line, auth) {
			s.t.Errorf("the password is told: %s", line)
		}
	}
}

// withHelper puts a credential helper in PATH, which gives the credentials,
// and returns the file where it notes its calls.
func withHelper(t *testing.T, credentials string) string {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "docker-credential-tealtest"), "./testdata/helper")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	calls := filepath.Join(dir, "calls")
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("TEALTEST_CALLS", calls)
	t.Setenv("TEALTEST_CREDENTIALS", credentials)
	return calls
}

func TestACredentialHelperOpensAPrivateRegistry(t *testing.T) {
	host := servePrivate(t)
	calls := withHelper(t, user+":"+password)
	dockerConfig(t, `{"credHelpers": {"`+host+`": "tealtest"}}`)
	s, image := hosted(t, host, "")
	id := push(t, image, "amd64", 64)
	if got, err := s.pulls(); err != nil || got != id {
		t.Errorf("pinned %q, %v, want %s", got, err, id)
	}
	s.tellsNoSecret(nil)
	called, err := os.ReadFile(calls)
	s.must(err)
	if string(called) != "get "+host+"\n" {
		t.Errorf("the helper was called with %q", called)
	}
}

func TestCredentialsThatAreRefusedSayWhereToLogIn(t *testing.T) {
	host := servePrivate(t)
	withHelper(t, "someone:"+password+"-of-last-year")
	dockerConfig(t, `{"credsStore": "tealtest"}`)
	s, image := hosted(t, host, "")
	push(t, image, "amd64", 64)
	_, err := s.pulls()
	e := known(t, err, release.Gate)
	if e.Next != "docker login "+host+", as the user who runs teal" {
		t.Errorf("got %q, detail %q, next %q", e.What, e.Detail, e.Next)
	}
	s.tellsNoSecret(err)
}

func TestAPullTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	s, image := hosted(t, serveRegistry(t), "")
	push(t, image, "amd64", 1<<20)
	_, err := s.pulls()
	s.must(err)
	if first, last := s.said[0], s.said[len(s.said)-1]; first != "image "+image+" pulling" || last != "image "+image+" pulled" {
		t.Errorf("said %q", s.said)
	}
}

func TestABuildIsBakedWhereTheBuildxPluginIs(t *testing.T) {
	dir := dockerConfig(t, `{}`)
	plugins := filepath.Join(dir, "cli-plugins")
	if err := os.Mkdir(plugins, 0o755); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(plugins, "docker-buildx"), "./testdata/buildx")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Setenv("TEALTEST_IMAGE", testImage)
	s := newImages(t, "services:\n  web: {build: ., platform: linux/amd64}\n", web)
	spec, err := s.Prepare(t.Context(), s.app, 1, s.net)
	s.must(err)
	s.must(s.Build(t.Context(), s.app, spec, []string{"web"}, s.say))
	if !slices.ContainsFunc(s.said, func(line string) bool { return strings.Contains(line, "baked web for linux/amd64") }) {
		t.Errorf("said %q", s.said)
	}
	if _, err := s.Pin(t.Context(), s.app, spec, nil); err != nil {
		t.Error(err)
	}
}
