package compose

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// stranger runs a container of a compose project that teal knows nothing of,
// as the user's own `docker compose up` would leave it.
func (s *stage) stranger(project, service string) string {
	s.t.Helper()
	return s.strangerFrom(project, service, nil)
}

// strangerFrom is a stranger that knows the folder and the files, by compose's
// own labels, that it was made from.
func (s *stage) strangerFrom(project, service string, from map[string]string) string {
	s.t.Helper()
	ctx := s.t.Context()
	name := project + "_default"
	if have, err := s.Engine.network(ctx, name); err == nil && !have.Exists {
		_, err := s.client.NetworkCreate(ctx, name, client.NetworkCreateOptions{Labels: composeLabels(project, api.NetworkLabel, "default")})
		s.must(err)
		s.t.Cleanup(func() { s.client.NetworkRemove(context.Background(), name, client.NetworkRemoveOptions{}) })
	}
	created, err := s.client.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: project + "-" + service + "-1",
		Config: &container.Config{Image: testImage, Cmd: []string{"wait"}, Labels: merged(from, map[string]string{
			api.ProjectLabel: project, api.ServiceLabel: service, api.ContainerNumberLabel: "1", api.OneoffLabel: "False", api.ConfigHashLabel: "theirs",
		})},
		HostConfig:       &container.HostConfig{NetworkMode: container.NetworkMode(name)},
		NetworkingConfig: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{name: {Aliases: []string{service}}}},
	})
	s.must(err)
	s.t.Cleanup(func() {
		s.client.ContainerRemove(context.Background(), created.ID, client.ContainerRemoveOptions{Force: true})
	})
	_, err = s.client.ContainerStart(ctx, created.ID, client.ContainerStartOptions{})
	s.must(err)
	return created.ID
}

const withStore = `
services:
  web: {image: IMAGE, depends_on: [store]}
  store: {image: IMAGE, command: wait, volumes: ["data:/data"]}
volumes: {data: {labels: {keep: "yes"}}}
`

// store is the shared service's container.
func (s *stage) store() release.Container {
	s.t.Helper()
	o, err := s.Observe(s.t.Context(), s.app)
	s.must(err)
	i := slices.IndexFunc(o.Shared, func(c release.Container) bool { return c.Service == "store" })
	if i < 0 {
		s.t.Fatalf("no store among %+v", o.Shared)
	}
	return o.Shared[i]
}

func TestASharedServiceKeepsItsContainerAndDataThroughReleases(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	s.started(1, release.Blue)
	before := s.store()
	s.in(before, "write", "/data/kept", "precious")
	s.said = nil
	s.started(2, release.Green)
	if len(s.said) > 0 {
		t.Errorf("an unchanged shared service is spoken of: %q", s.said)
	}

	s.write(strings.Replace(withStore, "command: wait", "command: [wait, now]", 1))
	s.must(s.Clear(t.Context(), s.app, release.Blue))
	s.started(3, release.Blue)
	after := s.store()
	if after.ID != before.ID || !after.Started.Equal(before.Started) || s.in(after, "read", "/data/kept") != "precious" {
		t.Errorf("the shared container was %+v and is %+v", before, after)
	}
	if !slices.ContainsFunc(s.said, func(line string) bool { return strings.HasPrefix(line, "shared service store has changed") }) {
		t.Errorf("nothing was said of the change: %q", s.said)
	}
}

func TestASharedServiceOfTheUsersOwnIsConnectedWithoutARestart(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	id := s.stranger(s.app.Name, "store")
	before, err := s.Containers().Inspect(t.Context(), id)
	s.must(err)
	s.started(1, release.Blue)
	after := s.store()
	if after.ID != id || !after.Started.Equal(before.Started) || !after.Addr.IsValid() {
		t.Errorf("the container was %+v and is %+v", before, after)
	}
	if got := s.in(s.only(release.Blue), "resolve", "store"); got != after.Addr.String() {
		t.Errorf("store resolves to %q, want %s", got, after.Addr)
	}
}

func TestAStoppedSharedServiceIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	spec := s.started(1, release.Blue)
	before := s.store()
	_, err := s.client.ContainerStop(t.Context(), before.ID, client.ContainerStopOptions{})
	s.must(err)
	s.must(s.Shared(t.Context(), s.app, spec, s.say))
	if after := s.store(); after.ID != before.ID || !after.Running {
		t.Errorf("the container was %+v and is %+v", before, after)
	}
}

func TestASharedServiceThatMustBeHealthyIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newStage(t, `
services:
  web: {image: IMAGE, depends_on: {store: {condition: service_healthy}}}
  store: {image: IMAGE, command: wait, healthcheck: {test: [CMD, /app, resolve, localhost], interval: 1s}}
`, web)
	s.must(s.Shared(t.Context(), s.app, s.prepared(1), s.say))
	if c := s.store(); c.Health != "healthy" {
		t.Errorf("shared services are ready and store is %q", c.Health)
	}
}

// Files of a color's own have no way to say in depends_on what they wait for.
func TestSharedServicesWithACheckAreWaitedForByColorsWithFilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newStage(t, `
services:
  store: {image: IMAGE, command: wait, healthcheck: {test: [CMD, /app, resolve, localhost], interval: 1s}}
  sick: {image: IMAGE, command: wait, healthcheck: {test: [CMD, /app, no-such-word], interval: 1s, retries: 1}}
  edge: {image: IMAGE, command: wait, healthcheck: {test: [CMD, /app, resolve, localhost], interval: 10m}}
`, web)
	s.app.Own = map[release.Color][]string{}
	for _, c := range release.Colors {
		s.app.Own[c] = []string{filepath.Join(s.app.Dir, string(c)+".yaml")}
		write(t, s.app.Own[c][0], "services:\n  web: {image: "+testImage+"}\n")
	}
	s.app.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Service: "edge"}}
	s.must(s.Shared(t.Context(), s.app, s.prepared(1), s.say))
	o, err := s.Observe(t.Context(), s.app)
	s.must(err)
	got := map[string]string{}
	for _, c := range o.Shared {
		got[c.Service] = c.Health
	}
	if want := map[string]string{"store": "healthy", "sick": "unhealthy", "edge": "starting"}; !maps.Equal(got, want) {
		t.Errorf("shared services are ready as %v, want %v: one that is in front is not waited for, a sick one keeps nobody", got, want)
	}
}

func TestNamedVolumesGoOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	s.started(1, release.Blue)
	s.must(s.Remove(t.Context(), s.app, false, s.say))
	if left, want := s.everything(t.Context()), []string{"volume " + s.app.Name + "_data"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
	volume, err := s.client.VolumeInspect(t.Context(), s.app.Name+"_data", client.VolumeInspectOptions{})
	s.must(err)
	if volume.Volume.Labels["keep"] != "yes" || volume.Volume.Labels[api.ProjectLabel] != s.app.Name {
		t.Errorf("labels %v", volume.Volume.Labels)
	}
	s.must(s.Remove(t.Context(), s.app, true, s.say))
	if left := s.everything(t.Context()); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

func TestAnAppNetworkWithAnotherSubnetIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, withStore, web)
	other := s.net
	other.Subnet = prefix("10.127.250.0/24")
	e := known(t, s.Network(t.Context(), s.app, other), release.Invalid)
	if !strings.Contains(e.What, s.net.Subnet.String()) || !strings.Contains(e.What, "10.127.250.0/24") {
		t.Errorf("got %q", e.What)
	}
}

func TestAPortOfASharedServiceThatIsTakenIsToldByWhom(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	s := newStage(t, fmt.Sprintf("services:\n  web: {image: IMAGE}\n  store: {image: IMAGE, command: wait, ports: ['127.0.0.1:%d:80']}\n", port), web)
	e := known(t, s.Shared(t.Context(), s.app, s.prepared(1), quiet), release.Gate)
	if e.What != fmt.Sprintf("host port %d, which store publishes, is taken", port) || e.Next != "free the port, or give store another one" {
		t.Errorf("got %q, next %q", e.What, e.Next)
	}
	if who := fmt.Sprintf("(pid %d) listens at port %d", os.Getpid(), port); !strings.Contains(strings.Join(e.Detail, "\n"), who) {
		t.Errorf("detail %q lacks %q", e.Detail, who)
	}
}
