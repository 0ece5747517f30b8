package compose

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"teal/internal/release"
)

const edited = `
include: [more.yaml]
services:
  web:
    image: IMAGE
    command: [serve, "--release=${TEAL_RELEASE}", "--replica=${TEAL_REPLICA}", "--from=${FROM}"]
    env_file: web.env
    labels: {built: "${TEAL_RELEASE}-${TEAL_COLOR}"}
    secrets: [key]
  store: {image: IMAGE, environment: {AT: "${TEAL_RELEASE}"}}
secrets: {key: {environment: TEALTEST_KEY}}
networks: {default: {driver_opts: {com.docker.network.driver.mtu: '1400'}}}
`

// newEdited is a stage of an app whose files lead to further ones.
func newEdited(t *testing.T) *stage {
	t.Helper()
	s := newImages(t, edited, release.Service{Name: "web", Port: 8080, Replicas: 2})
	t.Setenv("TEALTEST_KEY", "first")
	s.file("more.yaml", "services:\n  cache: {image: "+testImage+", command: first}\n")
	s.file("web.env", "FROM_FILE=first\n")
	s.file(".env", "FROM=first\n")
	return s
}

// file writes a file beside the compose file.
func (s *stage) file(name, text string) {
	s.t.Helper()
	write(s.t, filepath.Join(s.app.Dir, name), text)
}

func TestAnEditAfterTheLoadHasNoEffectOnWhatIsPrepared(t *testing.T) {
	s := newEdited(t)
	want, err := (&Engine{root: s.root}).Prepare(t.Context(), s.app, 12, s.net)
	s.must(err)
	_, err = s.Load(t.Context(), s.app)
	s.must(err)

	s.write("services:\n  web: {image: other, command: second}\n  late: {image: other}\n")
	s.file("web.env", "FROM_FILE=second\n")
	s.file(".env", "FROM=second\n")
	t.Setenv("TEALTEST_KEY", "second")
	got, err := s.Prepare(t.Context(), s.app, 12, s.net)
	s.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text := string(got.Models[release.Green]); !strings.Contains(text, "--release=12") || !strings.Contains(text, "12-green") || strings.Contains(text, blank) {
		t.Errorf("the release's number is not where it belongs in %s", text)
	}
	s.network()
	if opts := s.bridgeOptions(t.Context(), s.app); opts["com.docker.network.driver.mtu"] != "1400" {
		t.Errorf("the network is made with %v", opts)
	}

	_, err = s.Load(t.Context(), s.app)
	s.must(err)
	again, err := s.Prepare(t.Context(), s.app, 13, s.net)
	s.must(err)
	if text := string(again.Shared); !strings.Contains(text, `"late"`) || strings.Contains(text, `"cache"`) {
		t.Errorf("loaded again, the shared services are %s", text)
	}
}

// TestWhatWasLoadedIsNotTakenForOtherServices: a release that goes back to
// another shape reads the files as that shape wants them.
func TestWhatWasLoadedIsNotTakenForOtherServices(t *testing.T) {
	s := newEdited(t)
	_, err := s.Load(t.Context(), s.app)
	s.must(err)
	s.app.Services = []release.Service{{Name: "gone", Replicas: 1}}
	_, err = s.Prepare(t.Context(), s.app, 1, s.net)
	if e := known(t, err, release.Invalid); e.What != "the compose file has no service gone" {
		t.Errorf("got %q", e.What)
	}
}

// TestFilesThatNeedTheReleasesNumberAreReadOnceItIsKnown: a number of many
// digits is no port.
func TestFilesThatNeedTheReleasesNumberAreReadOnceItIsKnown(t *testing.T) {
	s := newImages(t, "services:\n  web: {image: IMAGE}\n  store: {image: IMAGE, ports: ['127.0.0.1:909${TEAL_RELEASE}:80']}\n", web)
	_, err := s.Load(t.Context(), s.app)
	s.must(err)
	spec, err := s.Prepare(t.Context(), s.app, 1, s.net)
	s.must(err)
	if text := string(spec.Models[release.Blue]); !strings.Contains(text, "web-blue") {
		t.Errorf("blue is %s", text)
	}
}
