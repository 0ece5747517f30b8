package e2e

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/docker/compose/v5/pkg/compose"
)

// Bad moments: a person's own docker compose beside teal.

// withCompose runs what a docker compose command runs. The plugin isn't wanted
// where teal is, so its library is called.
func (a *app) withCompose(do func(context.Context, api.Compose) error) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := command.NewDockerCli(command.WithCombinedStreams(io.Discard), command.WithInputStream(io.NopCloser(strings.NewReader(""))))
	if err != nil {
		a.t.Fatal(err)
	}
	if err := c.Initialize(flags.NewClientOptions()); err != nil {
		a.t.Fatal(err)
	}
	service, err := compose.NewComposeService(c)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := do(ctx, service); err != nil {
		a.t.Fatalf("docker compose: %v", err)
	}
}

// composeUp is `docker compose -p <project> up -d --remove-orphans` in the
// app's folder.
func (a *app) composeUp(project string) {
	a.t.Helper()
	a.withCompose(func(ctx context.Context, service api.Compose) error {
		loaded, err := service.LoadProject(ctx, api.ProjectLoadOptions{ProjectName: project, WorkingDir: a.dir, ConfigPaths: []string{filepath.Join(a.dir, "compose.yaml")}})
		if err != nil {
			return err
		}
		return service.Up(ctx, loaded, api.UpOptions{
			Create: api.CreateOptions{Recreate: api.RecreateDiverged, RecreateDependencies: api.RecreateDiverged, Inherit: true, RemoveOrphans: true},
			Start:  api.StartOptions{Project: loaded},
		})
	})
}

// composeDown is `docker compose -p <project> down`.
func (a *app) composeDown(project string) {
	a.t.Helper()
	a.withCompose(func(ctx context.Context, service api.Compose) error {
		return service.Down(ctx, project, api.DownOptions{})
	})
}

func TestScenarioSomeonesComposeUpLeavesTheColorsAlone(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.gentle()
	green, blue := a.id("web-green"), a.id("web-blue")
	t.Cleanup(func() { a.composeDown(a.name) })
	a.composeUp(a.name)
	if a.id("web-green") != green || a.id("web-blue") != blue {
		t.Error("a color's container was made anew")
	}
	if v := a.status(); v.Live != "green" || !v.Colors["green"].Healthy {
		t.Errorf("status %+v", v)
	}
	a.serves(2)
	a.mustDeploy(3)
	a.serves(3)
	a.storeAnswers() // up has made the store anew, without the app's network
	a.must("rollback")
	a.serves(2)
	a.unhurt(load)
}

// An up or a down of a color's own project is another matter: up makes
// containers there that teal knows nothing of, down ends what serves.
func TestScenarioSomeonesComposeUpOfAColorIsNamedAndItsDownHeals(t *testing.T) {
	t.Parallel()
	a := newApp(t)
	a.mustDeploy(1)
	a.mustDeploy(2)
	load := a.gentle()
	green := a.id("web-green")
	a.composeUp(a.name + "-blue") // the color that lies stopped
	a.deploy(3).fails(2, "container "+a.name+"-blue-", "compose project "+a.name+"-blue", "teal did not make it", "next:")
	a.serves(2)
	if a.id("web-green") != green {
		t.Error("the live container was made anew")
	}
	a.composeDown(a.name + "-blue")
	a.mustDeploy(3)
	a.serves(3)
	a.unhurt(load)

	live := a.status().Live
	a.composeDown(a.name + "-" + live)
	a.mustDeploy(4)
	a.serves(4)
	if left := a.names("running"); len(left) != 2 {
		t.Errorf("running: %v", left)
	}
}
