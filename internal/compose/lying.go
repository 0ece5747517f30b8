package compose

import (
	"context"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// colorAsItIs starts the color's containers without knowing what they were
// made from. What can't be started stays: nothing could be made in its place.
func (e *Engine) colorAsItIs(ctx context.Context, app release.App, color release.Color, say Say, services []string) error {
	found, err := e.inColor(ctx, app, color)
	if err != nil {
		return err
	}
	found = chosenFrom(slices.DeleteFunc(found, oneOff), services)
	return e.notStarted(ctx, string(color), e.startLying(ctx, projectOf(app.Name, color), found, say))
}

func (e *Engine) sharedAsTheyAre(ctx context.Context, app release.App, say Say) error {
	found, err := e.sharedOf(ctx, app)
	if err != nil {
		return err
	}
	return e.notStarted(ctx, sharedServices, e.startLying(ctx, projectOf(app.Name, release.None), found, say))
}

// startLying starts those of the project's containers that don't run, each
// after what its labels say it depends on, else in the order of their names.
func (e *Engine) startLying(ctx context.Context, project string, found []container.Summary, say Say) error {
	if err := e.thaw(ctx, found); err != nil {
		return err
	}
	services := byService(found)
	for _, level := range levels(recorded(found)) {
		for _, name := range level {
			if err := e.startService(ctx, project, services, name, say); err != nil {
				return err
			}
		}
	}
	return nil
}

// startService starts the containers of one service, once what they wait for
// is as their labels want it.
func (e *Engine) startService(ctx context.Context, project string, services map[string][]container.Summary, name string, say Say) error {
	for _, c := range services[name] {
		if running(c) || c.State == container.StatePaused {
			continue
		}
		conditions := conditionsOf(c)
		for other, condition := range conditions {
			if len(services[other]) == 0 || condition == types.ServiceConditionStarted {
				delete(conditions, other)
			}
		}
		if err := e.await(ctx, project, conditions); err != nil {
			return err
		}
		if _, err := e.client.ContainerStart(ctx, c.ID, client.ContainerStartOptions{}); err != nil {
			return e.failed("start container "+nameOf(c), err)
		}
		say(release.EventProgress, "container "+nameOf(c)+" started")
	}
	return nil
}
