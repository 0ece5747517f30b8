package compose

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// The image of testdata/app that containers of these tests run, and the
// static binary in it.
var testImage, testBinary string

func TestMain(m *testing.M) {
	os.Exit(withImage(m))
}

// withImage builds the image once, FROM scratch, and takes it away again.
func withImage(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tealtest-compose-")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	testBinary = filepath.Join(dir, "app")
	goBuild := exec.Command("go", "build", "-ldflags=-s -w", "-o", testBinary, "./testdata/app")
	goBuild.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := goBuild.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("%w: %s", err, out))
	}
	e, err := New(context.Background(), "/var/lib/teal-test")
	if err != nil {
		return fail(err)
	}
	defer e.Close()
	testImage = "tealtest-compose-" + random() + ":1"
	if err := buildTestImage(e, testImage); err != nil {
		return fail(err)
	}
	defer e.client.ImageRemove(context.Background(), testImage, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "these tests need a Docker engine, see script/setup:", err)
	return 1
}

const dockerfile = "FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\nCMD [\"serve\"]\n"

func buildTestImage(e *Engine, tag string) error {
	binary, err := os.ReadFile(testBinary)
	if err != nil {
		return err
	}
	var contents bytes.Buffer
	archive := tar.NewWriter(&contents)
	for name, content := range map[string][]byte{"Dockerfile": []byte(dockerfile), "app": binary} {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	built, err := e.client.ImageBuild(context.Background(), &contents, client.ImageBuildOptions{Version: build.BuilderV1, Tags: []string{tag}, Remove: true})
	if err != nil {
		return err
	}
	defer built.Body.Close()
	_, err = io.Copy(io.Discard, built.Body)
	return err
}

func random() string {
	b := make([]byte, 4)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// stage is an application on the real engine that leaves nothing behind.
type stage struct {
	*Engine
	t    *testing.T
	app  release.App
	net  release.Network
	said []string
}

// newStage writes the compose file, IMAGE standing for the test image, and
// makes the app's network.
func newStage(t *testing.T, compose string, services ...release.Service) *stage {
	t.Helper()
	s := newImages(t, compose, services...)
	s.network()
	return s
}

// newImages is a stage without a network, for tests that start nothing.
func newImages(t *testing.T, compose string, services ...release.Service) *stage {
	t.Helper()
	e, err := New(t.Context(), "/var/lib/teal-test")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &stage{Engine: e, t: t, app: release.App{
		Name: "tealtest-" + random(), Dir: dir, Compose: []string{filepath.Join(dir, "compose.yaml")}, Services: services,
	}}
	t.Cleanup(s.leave)
	s.write(compose)
	s.net, err = release.Network{Subnet: prefix("10.127.254.0/24")}.Assign(services)
	s.must(err)
	return s
}

func (s *stage) write(compose string) {
	s.t.Helper()
	write(s.t, s.app.Compose[0], strings.ReplaceAll(compose, "IMAGE", testImage))
}

// network takes a random subnet; other tests on this engine do the same, so
// a clash is answered with another.
func (s *stage) network() {
	s.t.Helper()
	var err error
	for range 20 {
		b := make([]byte, 2)
		rand.Read(b)
		subnet := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 128 | b[0]>>1, b[1], 0}), 24)
		if s.net, err = (release.Network{Subnet: subnet}).Assign(s.app.Services); err != nil {
			s.t.Fatal(err)
		}
		if err = s.Network(s.t.Context(), s.app, s.net); err == nil {
			return
		}
	}
	s.t.Fatal(err)
}

// leave takes everything of the app away, and proves it.
func (s *stage) leave() {
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Remove(ctx, s.app, true, s.say); err != nil {
		s.t.Errorf("remove: %v", err)
	}
	for _, service := range s.app.Services {
		s.client.ImageRemove(ctx, builtImage(s.app.Name, service.Name), client.ImageRemoveOptions{Force: true, PruneChildren: true})
	}
	if left := s.everything(ctx); len(left) > 0 {
		s.t.Errorf("left behind: %q", left)
	}
}

// everything lists what the engine has under the app's name.
func (s *stage) everything(ctx context.Context) []string {
	var found []string
	containers, err := s.client.ContainerList(ctx, client.ContainerListOptions{All: true})
	s.must(err)
	for _, c := range containers.Items {
		found = append(found, "container "+nameOf(c))
	}
	networks, err := s.client.NetworkList(ctx, client.NetworkListOptions{})
	s.must(err)
	for _, n := range networks.Items {
		found = append(found, "network "+n.Name)
	}
	volumes, err := s.client.VolumeList(ctx, client.VolumeListOptions{})
	s.must(err)
	for _, v := range volumes.Items {
		found = append(found, "volume "+v.Name)
	}
	images, err := s.client.ImageList(ctx, client.ImageListOptions{})
	s.must(err)
	for _, i := range images.Items {
		for _, tag := range i.RepoTags {
			found = append(found, "image "+tag)
		}
	}
	return slices.DeleteFunc(found, func(name string) bool { return !strings.Contains(name, s.app.Name) })
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) say(_ release.EventType, line string) { s.said = append(s.said, line) }

// quiet is for the SDK's many goroutines.
func quiet(release.EventType, string) {}

// prepared renders and pins a release.
func (s *stage) prepared(number int, earlier ...release.Release) release.Spec {
	s.t.Helper()
	spec, err := s.Prepare(s.t.Context(), s.app, number, s.net)
	s.must(err)
	spec, err = s.Pin(s.t.Context(), s.app, spec, earlier)
	s.must(err)
	return spec
}

// started starts a release in the color, its shared services before it.
func (s *stage) started(number int, color release.Color) release.Spec {
	s.t.Helper()
	spec := s.prepared(number)
	s.must(s.Shared(s.t.Context(), s.app, spec, s.say))
	s.must(s.Start(s.t.Context(), s.app, spec, color, quiet))
	return spec
}

// only is the color's one container.
func (s *stage) only(color release.Color) release.Container {
	s.t.Helper()
	found, err := s.InColor(s.t.Context(), s.app, color)
	s.must(err)
	if len(found) != 1 {
		s.t.Fatalf("%d containers in %s, want 1: %v", len(found), color, found)
	}
	return found[0]
}

// service is the color's first container of the service.
func (s *stage) service(color release.Color, name string) release.Container {
	s.t.Helper()
	found, err := s.InColor(s.t.Context(), s.app, color)
	s.must(err)
	i := slices.IndexFunc(found, func(c release.Container) bool { return c.Service == name })
	if i < 0 {
		s.t.Fatalf("no %s in %s: %v", name, color, found)
	}
	return found[i]
}

// in runs the test application's verb in the container and returns what it
// prints.
func (s *stage) in(c release.Container, verb ...string) string {
	s.t.Helper()
	code, out, err := s.Containers().Exec(s.t.Context(), c.ID, append([]string{"/app"}, verb...))
	s.must(err)
	if code != 0 {
		return fmt.Sprintf("exit %d", code)
	}
	return strings.TrimSpace(out)
}

// eventually polls until the condition holds.
func (s *stage) eventually(what string, holds func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-end:
			s.t.Fatal("never: " + what)
		}
	}
}
