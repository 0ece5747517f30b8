package compose

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"teal/internal/release"
)

// Stop stops the color's containers and keeps them: dependents before what
// they depend on, each with its own stop signal and grace period. A color
// that has none running is fine. With services named, only those are stopped.
func (e *Engine) Stop(ctx context.Context, app release.App, color release.Color, services ...string) error {
	if err := colored(color); err != nil {
		return err
	}
	found, err := e.inColor(ctx, app, color)
	if err != nil {
		return err
	}
	return e.stop(ctx, chosenFrom(found, services))
}

// colored refuses no color at all, which is how the project of the shared
// services is named here: a mistake in a plan must not cost a database.
func colored(c release.Color) error {
	if c != release.Blue && c != release.Green {
		return fmt.Errorf("%q is not a color: nothing was stopped", c)
	}
	return nil
}

// chosenFrom are the containers of the services named, or all.
func chosenFrom(found []container.Summary, services []string) []container.Summary {
	if len(services) == 0 {
		return found
	}
	return slices.DeleteFunc(found, func(c container.Summary) bool { return !slices.Contains(services, c.Labels[labelService]) })
}

func (e *Engine) stop(ctx context.Context, containers []container.Summary) error {
	services := byService(containers)
	order := levels(recorded(containers))
	slices.Reverse(order)
	for _, level := range order {
		group, ctx := errgroup.WithContext(ctx)
		for _, service := range level {
			for _, c := range services[service] {
				group.Go(func() error { return e.stopOne(ctx, c) })
			}
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// stopOne leaves the timeout to the engine, which takes the container's
// stop_grace_period, or 10 s.
func (e *Engine) stopOne(ctx context.Context, c container.Summary) error {
	if c.State == container.StateExited || c.State == container.StateCreated || c.State == container.StateDead {
		return nil
	}
	e.beforeStop(ctx, c)
	began := time.Now()
	_, err := e.client.ContainerStop(ctx, c.ID, client.ContainerStopOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return e.failed("stop container "+nameOf(c), err)
	}
	e.tellKilled(ctx, c.ID, time.Since(began))
	return nil
}

// What a container has that names neither (docker stop --help).
const (
	usualGrace  = 10 * time.Second
	usualSignal = "SIGTERM"
)

// tellKilled says so if the engine had to kill the container: its last
// requests were cut. How a container ended is not known where it can't be
// asked any more, and nobody is told then. A grace period is whole seconds: of
// one that ended sooner there is nothing to ask, which ten services at once
// feel.
func (e *Engine) tellKilled(ctx context.Context, id string, took time.Duration) {
	if took < time.Second {
		return
	}
	found, err := e.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return
	}
	c := containerOf(found.Container)
	grace := usualGrace
	if own := found.Container.Config.StopTimeout; own != nil {
		grace = time.Duration(*own) * time.Second
	}
	if c.ExitCode != killedCode || c.OOM || grace <= 0 || took < grace {
		return
	}
	e.note(fmt.Sprintf("container %s did not end within %s of %s and was killed; let %s end on that signal, or give it a longer stop_grace_period",
		c.Name, grace, cmp.Or(found.Container.Config.StopSignal, usualSignal), c.Service))
}

// Clear stops and removes the color's containers, of whatever release, with
// their anonymous volumes, and the color's private network. Named volumes
// stay. A color that is empty is fine.
func (e *Engine) Clear(ctx context.Context, app release.App, color release.Color) error {
	return e.empty(ctx, app, color, "")
}

// Vacate is Clear for a release that follows at once: the private network
// stays for it. It is the same for every release, and to remove it and make
// it anew takes Docker 20.10 about 300 ms.
func (e *Engine) Vacate(ctx context.Context, app release.App, color release.Color) error {
	return e.empty(ctx, app, color, privateNetwork(app.Name, color))
}

// empty keeps one of the color's networks, "" none.
func (e *Engine) empty(ctx context.Context, app release.App, color release.Color, keep string) error {
	if err := colored(color); err != nil {
		return err
	}
	found, err := e.inColor(ctx, app, color)
	if err != nil {
		return err
	}
	if err := e.stopAndRemove(ctx, found); err != nil {
		return err
	}
	networks, err := e.networksOf(ctx, projectOf(app.Name, color))
	if err != nil {
		return err
	}
	for _, name := range networks {
		if name == keep {
			continue
		}
		if err := e.removeEmptied(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// removeEmptied removes a network whose containers have been removed. Docker
// 20.10 can hold on to the endpoint of a container that is gone, until it is
// restarted: such a network stays, and the next release of the color uses it.
func (e *Engine) removeEmptied(ctx context.Context, name string) error {
	err := e.removeNetwork(ctx, name)
	if !inUse(err) {
		return err
	}
	found, listErr := e.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("network", name)})
	if listErr != nil || len(found.Items) > 0 {
		return err
	}
	e.note(fmt.Sprintf("network %s stays: docker takes it for in use, though no container is in it; once docker has been restarted: docker network rm %s", name, name))
	return nil
}

// removedAtOnce bounds removals at the same time. Docker waits for the disk in
// each: ten at once take half as long as ten of which four are at once (20.10).
const removedAtOnce = 32

func (e *Engine) stopAndRemove(ctx context.Context, containers []container.Summary) error {
	if err := e.stop(ctx, containers); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(removedAtOnce)
	for _, c := range containers {
		group.Go(func() error {
			_, err := e.client.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
			if errdefs.IsNotFound(err) {
				return nil
			}
			return e.failed("remove container "+nameOf(c), err)
		})
	}
	return group.Wait()
}

// Remove takes the app away whole: both colors, the shared containers that
// teal made or connected, the networks, the images' release tags, and the
// named volumes if volumes is true. Containers of the project <app> that
// teal had nothing to do with stay, and so does a network they are in. A proxy
// of somebody else's goes on without the app: it leaves the network first, or
// it would be taken for a shared service of the app.
func (e *Engine) Remove(ctx context.Context, app release.App, volumes bool, say Say) error {
	for _, color := range release.Colors {
		if err := e.Clear(ctx, app, color); err != nil {
			return fmt.Errorf("remove %s: %w", color, err)
		}
	}
	if err := e.Proxies().Leave(ctx, app); err != nil {
		return err
	}
	if err := e.removeShared(ctx, app, say); err != nil {
		return err
	}
	if err := e.removeNetworks(ctx, app, say); err != nil {
		return err
	}
	if volumes {
		if err := e.removeVolumes(ctx, app, say); err != nil {
			return err
		}
	}
	return e.Prune(ctx, app, nil)
}

func (e *Engine) removeShared(ctx context.Context, app release.App, say Say) error {
	found, err := e.inProject(ctx, projectOf(app.Name, release.None))
	if err != nil {
		return err
	}
	ours := slices.DeleteFunc(found, func(c container.Summary) bool {
		return c.Labels[labelApp] != app.Name && !in(c, release.NetworkName(app.Name))
	})
	for _, c := range ours {
		say(release.EventProgress, "container "+nameOf(c)+" removing")
	}
	return e.stopAndRemove(ctx, ours)
}

// removeNetworks removes the app's network last: what still uses it is then
// someone else's.
func (e *Engine) removeNetworks(ctx context.Context, app release.App, say Say) error {
	networks, err := e.networksOf(ctx, projectOf(app.Name, release.None))
	if err != nil {
		return err
	}
	for _, name := range append(networks, release.NetworkName(app.Name)) {
		err := e.removeNetwork(ctx, name)
		if inUse(err) {
			say(release.EventNote, fmt.Sprintf("network %s is in use by other containers and stays: docker network inspect %s", name, name))
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inUse tells a network with containers in it: a conflict, which engines
// before 25 answer with status 403.
func inUse(err error) bool { return errdefs.IsConflict(err) || errdefs.IsPermissionDenied(err) }

func (e *Engine) removeVolumes(ctx context.Context, app release.App, say Say) error {
	found, err := e.client.VolumeList(ctx, client.VolumeListOptions{Filters: client.Filters{}.Add("label", api.ProjectLabel+"="+app.Name)})
	if err != nil {
		return e.failed("list volumes of "+app.Name, err)
	}
	for _, v := range found.Items {
		_, err := e.client.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{})
		if errdefs.IsConflict(err) {
			say(release.EventNote, "volume "+v.Name+" is in use by other containers and stays")
			continue
		}
		if err != nil && !errdefs.IsNotFound(err) {
			return e.failed("remove volume "+v.Name, err)
		}
		say(release.EventProgress, "volume "+v.Name+" removed")
	}
	return nil
}
