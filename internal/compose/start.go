package compose

import (
	"context"
	"errors"
	"fmt"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// Start creates and starts the release in the color, which is empty; after a
// crash it completes what is there. It returns when the containers have been
// started, not when they are healthy. What Docker refuses has code Gate. With
// services named, only those are started: what else they depend on is neither
// started nor waited for, and no other container of the color is touched.
func (e *Engine) Start(ctx context.Context, app release.App, spec release.Spec, color release.Color, say Say, services ...string) error {
	return e.up(ctx, app, spec, color, api.RecreateDiverged, say, services)
}

// Resume starts the containers that lie stopped in the color. One that can't
// be started any more (its network was pruned, say) is made anew from the
// spec; no other container is recreated, so a color that serves keeps
// serving. With a spec that holds no model, as of a journal that was lost,
// the containers are started as they lie.
func (e *Engine) Resume(ctx context.Context, app release.App, spec release.Spec, color release.Color, say Say, services ...string) error {
	if len(spec.Models[color]) == 0 {
		return e.colorAsItIs(ctx, app, color, serial(say), services)
	}
	err := e.up(ctx, app, spec, color, api.RecreateNever, say, services)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if e.Present(ctx, app, spec) != nil {
		// What lies there can still start, and can't be made anew.
		return e.colorAsItIs(ctx, app, color, serial(say), services)
	}
	if removeErr := e.removeStopped(ctx, app, color, services); removeErr != nil {
		return errors.Join(err, removeErr)
	}
	return e.up(ctx, app, spec, color, api.RecreateNever, say, services)
}

func (e *Engine) up(ctx context.Context, app release.App, spec release.Spec, color release.Color, recreate string, say Say, services []string) error {
	found, err := e.inColor(ctx, app, color)
	if err != nil {
		return err
	}
	if err := e.thaw(ctx, chosenFrom(found, services)); err != nil {
		return err
	}
	project, err := decode(ctx, app, projectOf(app.Name, color), spec.Models[color])
	if err != nil {
		return err
	}
	if len(services) > 0 {
		project = narrowed(project, slotsOf(project, services))
	}
	if err := e.foundation(ctx, app, spec, project); err != nil {
		return err
	}
	if err := e.private(ctx, app, color); err != nil {
		return err
	}
	say = serial(say)
	if err := e.create(ctx, project, recreate, say); err != nil {
		return e.notStarted(ctx, string(color), e.withNameHolder(ctx, project, err))
	}
	if err := e.mend(ctx, project); err != nil {
		return err
	}
	err = e.startInOrder(ctx, project, say)
	return e.notStarted(ctx, string(color), e.withHolders(ctx, project, err))
}

// foundation makes everything exist that any container of the release needs:
// images, the user's networks and volumes.
func (e *Engine) foundation(ctx context.Context, app release.App, spec release.Spec, project *types.Project) error {
	if err := e.hold(ctx, app, spec); err != nil {
		return err
	}
	if err := e.addressable(ctx, app, project); err != nil {
		return err
	}
	shared, err := decode(ctx, app, projectOf(app.Name, release.None), spec.Shared)
	if err != nil {
		return err
	}
	return e.ensure(ctx, app, shared)
}

// create makes the containers of the project that are missing.
func (e *Engine) create(ctx context.Context, project *types.Project, recreate string, say Say) error {
	compose, err := e.sdk(say)
	if err != nil {
		return err
	}
	_, err = logged().during(func() error {
		return compose.Create(ctx, external(project), api.CreateOptions{
			Recreate: recreate, RecreateDependencies: recreate, IgnoreOrphans: true,
		})
	})
	return err
}

// startInOrder starts the project's containers, those without dependencies
// first. The levels are ours and not the SDK's since it looks after a
// condition twice a second only.
func (e *Engine) startInOrder(ctx context.Context, project *types.Project, say Say) error {
	compose, err := e.sdk(say)
	if err != nil {
		return err
	}
	for _, level := range levels(dependencies(project)) {
		if err := e.awaitDependencies(ctx, project, level); err != nil {
			return err
		}
		alone := narrowed(project, level)
		if err := compose.Start(ctx, project.Name, api.StartOptions{Project: external(alone)}); err != nil {
			return err
		}
	}
	return nil
}

// notStarted gives what Docker says of containers it could not create or
// start a code; an error that has one keeps it.
func (e *Engine) notStarted(ctx context.Context, what string, err error) error {
	var known *release.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("start %s: %w", what, ctx.Err())
	case client.IsErrConnectionFailed(err):
		return unreachable(e.client.DaemonHost(), err)
	case errors.As(err, &known):
		return err
	}
	return &release.Error{Code: release.Gate, What: "docker could not start " + what, Detail: []string{err.Error()}, Next: "correct what docker says, then teal deploy", Err: err}
}

// removeStopped removes the color's containers that don't run; with services
// named, only theirs.
func (e *Engine) removeStopped(ctx context.Context, app release.App, color release.Color, services []string) error {
	found, err := e.inColor(ctx, app, color)
	if err != nil {
		return err
	}
	for _, s := range chosenFrom(found, services) {
		if running(s) {
			continue
		}
		// Not forced: a container that has begun to run since is left alone.
		_, err := e.client.ContainerRemove(ctx, s.ID, client.ContainerRemoveOptions{RemoveVolumes: true})
		if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
			return e.failed("remove container "+nameOf(s), err)
		}
	}
	return nil
}
