package compose

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/compose/v5/pkg/api"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

func TestAReleaseCommandIsItsServiceButAnswersToNoneOfItsNames(t *testing.T) {
	app, net := goldenApp(t)
	spec, err := (&Engine{}).Prepare(t.Context(), app, 7, net)
	if err != nil {
		t.Fatal(err)
	}
	painted, err := decode(t.Context(), app, "shop-green", spec.Models[release.Green])
	if err != nil {
		t.Fatal(err)
	}
	project, err := onceModel(app, painted, release.Green, 7, release.Command{Service: "back", Argv: []string{"migrate", "--all"}})
	if err != nil {
		t.Fatal(err)
	}
	model, err := encode(project)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, app, "once.json", model)
	if got := project.Services["back-release"].CustomLabels[api.OneoffLabel]; got != "True" {
		t.Errorf("compose takes it for a replica: %q", got)
	}
}

func TestAReleaseCommandOfAServiceThatIsNotInTheReleaseIsRefused(t *testing.T) {
	app := written(t, "services:\n  web: {image: x}\n", "web")
	_, err := onceModel(app, painted(t, "services:\n  web: {image: x}\n"), release.Green, 3, release.Command{Service: "back"})
	if e := known(t, err, release.Invalid); e.What != "the release command runs in back, which is no service of release 3" {
		t.Errorf("got %q", e.What)
	}
}

const withCommand = `
services:
  web:
    image: IMAGE
    environment: {GREETING: hello}
    secrets: [token]
    configs: [{source: banner, target: /etc/banner}]
    volumes: ["data:/data"]
    healthcheck: {test: [CMD, /app, exit, "1"], interval: 1s}
    restart: always
  store: {image: IMAGE, command: wait}
secrets: {token: {environment: DATABASE_TOKEN}}
configs: {banner: {content: welcome}}
volumes: {data: {}}
`

// once runs the command in green and returns what it said and came to.
func (s *stage) once(ctx context.Context, spec release.Spec, argv ...string) ([]string, error) {
	var said []string
	command := release.Command{Service: "web", Argv: argv, Timeout: 10 * time.Minute}
	err := s.Once(ctx, s.app, spec, release.Green, command, func(kind release.EventType, line string) {
		if kind == release.EventOutput {
			said = append(said, line)
		}
	})
	for _, left := range s.everything(context.WithoutCancel(ctx)) {
		if strings.HasPrefix(left, "container ") && strings.Contains(left, "release") {
			s.t.Errorf("left behind: %s", left)
		}
	}
	return said, err
}

func TestTheReleaseCommandSeesWhatItsServiceSees(t *testing.T) {
	t.Setenv("DATABASE_TOKEN", "s3cret")
	s := newStage(t, withCommand, web)
	s.started(1, release.Blue)
	spec := s.prepared(2)
	said, err := s.once(t.Context(), spec, "inside",
		"env:GREETING", "env:TEAL_RELEASE", "env:TEAL_COLOR", "file:/run/secrets/token", "file:/etc/banner", "host:store", "host:web-blue", "host:web")
	s.must(err)
	want := []string{
		"GREETING=hello", "TEAL_RELEASE=2", "TEAL_COLOR=green", "/run/secrets/token: s3cret <nil>", "/etc/banner: welcome <nil>",
		"store: true", "web-blue: true", "web: false",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if o, err := s.Observe(t.Context(), s.app); err != nil || !o.Colors[release.Green].Empty() {
		t.Errorf("green holds %+v, %v", o.Colors[release.Green], err)
	}
}

func TestAReleaseCommandThatFailsShowsItsLastLines(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	said, err := s.once(t.Context(), s.prepared(1), "exit", "3")
	e := known(t, err, release.Gate)
	if e.What != "release command of web exited with code 3" || !slices.Equal(e.Detail, []string{"leaving with 3"}) || !slices.Equal(said, e.Detail) {
		t.Errorf("got %q, detail %q, said %q", e.What, e.Detail, said)
	}
}

func TestAReleaseCommandThatCannotBeStartedIsSaidInDockersWords(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE, entrypoint: []}\n", web)
	_, err := s.once(t.Context(), s.prepared(1), "/no/such/command")
	e := known(t, err, release.Gate)
	if e.What != "docker could not start the release command of web" || !strings.Contains(strings.Join(e.Detail, "\n"), "/no/such/command") {
		t.Errorf("got %q, detail %q", e.What, e.Detail)
	}
}

func TestAReleaseCommandThatEatsAllMemorySaysSo(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE, mem_limit: 24m, memswap_limit: 24m}\n", web)
	_, err := s.once(t.Context(), s.prepared(1), "eat")
	if e := known(t, err, release.Gate); !strings.Contains(e.What, "ran out of memory") {
		t.Errorf("got %q, detail %q", e.What, e.Detail)
	}
}

func TestAReleaseCommandThatHangsIsStoppedAtItsDeadline(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.prepared(1)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	said, err := s.once(ctx, spec, "wait")
	e := known(t, err, release.Gate)
	if e.What != "release command of web did not end within 10m0s" || !slices.Equal(said, []string{"waiting", "done"}) {
		t.Errorf("got %q, said %q: it was not given the time to end by itself", e.What, said)
	}
}

func TestAReleaseCommandThatDockerIsTooSlowForIsToldAsThat(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.prepared(1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	_, err := s.once(ctx, spec, "wait")
	e := known(t, err, release.Gate)
	if e.What != "docker did not have the release command of web running within 10m0s" || !strings.Contains(e.Next, "deploy.release.timeout") {
		t.Errorf("got %q, next %q", e.What, e.Next)
	}
}

func TestAnInterruptStopsTheReleaseCommand(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.prepared(1)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	command := release.Command{Service: "web", Argv: []string{"wait"}, Timeout: time.Hour}
	err := s.Once(ctx, s.app, spec, release.Green, command, func(_ release.EventType, line string) {
		if line == "waiting" {
			interrupt()
		}
	})
	if !errors.Is(err, context.Canceled) || release.CodeOf(err) == release.Gate {
		t.Errorf("got %v", err)
	}
	s.must(s.Clear(t.Context(), s.app, release.Green))
	if left := s.everything(t.Context()); slices.ContainsFunc(left, func(l string) bool { return strings.HasPrefix(l, "container "+s.app.Name) }) {
		t.Errorf("left behind: %q", left)
	}
}

// abandoned is a release command that runs on though its teal was killed.
func (s *stage) abandoned(color release.Color) string {
	s.t.Helper()
	project := projectOf(s.app.Name, color)
	created, err := s.client.ContainerCreate(s.t.Context(), client.ContainerCreateOptions{
		Name: project + "-web-release-9",
		Config: &container.Config{Image: testImage, Cmd: []string{"wait"}, Labels: map[string]string{
			api.ProjectLabel: project, api.ServiceLabel: "web-release", api.OneoffLabel: "True", labelApp: s.app.Name, labelColor: string(color),
		}},
		HostConfig: &container.HostConfig{NetworkMode: "none"},
	})
	s.must(err)
	_, err = s.client.ContainerStart(s.t.Context(), created.ID, client.ContainerStartOptions{})
	s.must(err)
	return created.ID
}

func TestAReleaseCommandLeftBehindNeverRunsBesideTheNext(t *testing.T) {
	t.Parallel()
	s := newStage(t, "services:\n  web: {image: IMAGE}\n", web)
	spec := s.prepared(1)
	id := s.abandoned(release.Blue)
	if o, err := s.Observe(t.Context(), s.app); err != nil || !o.Colors[release.Blue].Empty() {
		t.Errorf("a release command passes for a replica: %+v, %v", o.Colors, err)
	}
	_, err := s.once(t.Context(), spec, "exit", "0")
	s.must(err)
	if _, err := s.Containers().Inspect(t.Context(), id); err == nil {
		t.Error("the one left behind is still there")
	}
	id = s.abandoned(release.Green)
	s.must(s.Clear(t.Context(), s.app, release.Green))
	if _, err := s.Containers().Inspect(t.Context(), id); err == nil {
		t.Error("a clear leaves it behind")
	}
}
