package compose

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	sdk "github.com/docker/compose/v5/pkg/compose"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

const sharedServices = "the shared services" // what errors call them

// Shared makes the shared services run, and waits for those that colored
// services must find healthy or finished.
//
// Invariant: a container that exists is never recreated, stopped or removed
// here. It is started if it is stopped, and connected to the app's network if
// it isn't in it, as one from an earlier `docker compose up` is not. If its
// definition has changed since teal made it, that is said and no more. With a
// spec that holds no model, as of a journal that was lost, what is there is
// started and that is all.
func (e *Engine) Shared(ctx context.Context, app release.App, spec release.Spec, say Say) error {
	say = serial(say)
	if len(spec.Shared) == 0 {
		return e.sharedAsTheyAre(ctx, app, say)
	}
	project, err := decode(ctx, app, projectOf(app.Name, release.None), spec.Shared)
	if err != nil {
		return err
	}
	if err := e.ensure(ctx, app, project); err != nil {
		return err
	}
	if len(project.Services) == 0 {
		return nil
	}
	if err := e.createMissing(ctx, app, project, say); err != nil {
		return err
	}
	err = e.startInOrder(ctx, project, say)
	if err := e.notStarted(ctx, sharedServices, e.withHolders(ctx, project, err)); err != nil {
		return err
	}
	return e.await(ctx, project.Name, awaitedIn(project))
}

// createMissing creates containers for the services that have none, and
// adopts those that are there.
func (e *Engine) createMissing(ctx context.Context, app release.App, project *types.Project, say Say) error {
	found, err := e.sharedOf(ctx, app)
	if err != nil {
		return err
	}
	if err := namesakes(app, found); err != nil {
		return err
	}
	if err := e.thaw(ctx, found); err != nil {
		return err
	}
	have := byService(found)
	var missing []string
	for _, name := range project.ServiceNames() {
		if len(have[name]) == 0 {
			missing = append(missing, name)
			continue
		}
		if err := e.adopt(ctx, app, project.Services[name], have[name], say); err != nil {
			return err
		}
	}
	if len(missing) == 0 {
		return nil
	}
	for _, name := range missing {
		if err := e.furnish(app, project.Services[name]); err != nil {
			return err
		}
	}
	if err := e.fetch(ctx, project, missing, say); err != nil {
		return err
	}
	err = e.create(ctx, narrowed(project, missing), api.RecreateNever, say)
	return e.notStarted(ctx, sharedServices, e.withNameHolder(ctx, project, err))
}

// fetch builds or pulls the images that aren't on the engine.
func (e *Engine) fetch(ctx context.Context, project *types.Project, services []string, say Say) error {
	there, err := e.present(ctx, project.Services)
	if err != nil {
		return err
	}
	var build, pull []string
	for _, name := range services {
		s := project.Services[name]
		if there[name] != "" {
			continue
		}
		if s.Build != nil {
			build = append(build, name)
			continue
		}
		pull = append(pull, name)
	}
	if len(build) > 0 {
		if err := e.build(ctx, narrowed(project, build), build, say); err != nil {
			return err
		}
	}
	return e.pull(ctx, project, pull, say)
}

// adopt connects the service's containers to the app's network under the
// service's name, without a restart.
func (e *Engine) adopt(ctx context.Context, app release.App, s types.ServiceConfig, containers []container.Summary, say Say) error {
	joins, wanted := s.Networks[defaultNetwork]
	for _, c := range containers {
		if wanted && !in(c, release.NetworkName(app.Name)) && connectable(c) {
			if err := e.connect(ctx, app, c, append([]string{s.Name}, joins.Aliases...), say); err != nil {
				return err
			}
		}
		if changed(s, c) {
			say(release.EventNote, fmt.Sprintf("shared service %s has changed in the compose file; its container is kept as it is (%s would recreate it)", s.Name, remake(app, s.Name, c)))
		}
	}
	return nil
}

// remake is the command that makes a shared service's container anew. Only
// teal gives a proxy its mounts.
func remake(app release.App, service string, c container.Summary) string {
	if isProxy(app, service) {
		return "docker rm -f " + nameOf(c) + ", then teal deploy"
	}
	return fmt.Sprintf("docker compose -p %s up %s", app.Name, service)
}

func (e *Engine) connect(ctx context.Context, app release.App, c container.Summary, aliases []string, say Say) error {
	name := release.NetworkName(app.Name)
	_, err := e.client.NetworkConnect(ctx, name, client.NetworkConnectOptions{
		Container:      c.ID,
		EndpointConfig: &network.EndpointSettings{Aliases: aliases},
	})
	if err != nil {
		return e.failed(fmt.Sprintf("connect %s to network %s", nameOf(c), name), err)
	}
	say(release.EventProgress, fmt.Sprintf("container %s connected to network %s", nameOf(c), name))
	return nil
}

func in(c container.Summary, network string) bool {
	if c.NetworkSettings == nil {
		return false
	}
	_, joined := c.NetworkSettings.Networks[network]
	return joined
}

// connectable tells containers with networks of their own from those in the
// host's, another container's or none.
func connectable(c container.Summary) bool {
	mode := container.NetworkMode(c.HostConfig.NetworkMode)
	return !mode.IsHost() && !mode.IsNone() && !mode.IsContainer()
}

// changed reports whether teal made the container from another definition.
// Of one that the user's compose made, this can't be told: its definition
// names other networks and labels. Nor of one that shares a namespace: its
// hash covers the other container's ID.
func changed(s types.ServiceConfig, c container.Summary) bool {
	if c.Labels[labelApp] == "" || len(ties(s)) > 0 {
		return false
	}
	hash, err := sdk.ServiceHash(s)
	return err == nil && hash != c.Labels[api.ConfigHashLabel]
}

// awaitedIn reads what sharedModel noted.
func awaitedIn(project *types.Project) map[string]string {
	out := map[string]string{}
	conditions, _ := project.Extensions[awaited].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(conditions)) {
		if condition, ok := conditions[name].(string); ok {
			out[name] = condition
		}
	}
	return out
}
