package compose

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/command"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"teal/internal/release"
)

// atOnce bounds the questions put to the engine at the same time.
const atOnce = 8

// present maps each of the images that is on the engine to its ID.
func (e *Engine) present(ctx context.Context, images []string) (map[string]string, error) {
	var mu sync.Mutex
	found := map[string]string{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, image := range slices.Compact(slices.Sorted(slices.Values(images))) {
		group.Go(func() error {
			inspected, err := e.client.ImageInspect(ctx, image)
			if errdefs.IsNotFound(err) || errdefs.IsInvalidArgument(err) {
				return nil
			}
			if err != nil {
				return e.failed("inspect image "+image, err)
			}
			mu.Lock()
			defer mu.Unlock()
			found[image] = inspected.ID
			return nil
		})
	}
	return found, group.Wait()
}

// sources are the services of a spec under the names of the compose file,
// with their images and build sections, colored and shared.
func sources(ctx context.Context, app release.App, spec release.Spec) (*types.Project, error) {
	shared, err := decode(ctx, app, projectOf(app.Name, release.None), spec.Shared)
	if err != nil {
		return nil, err
	}
	colored, err := decode(ctx, app, projectOf(app.Name, release.Blue), spec.Models[release.Blue])
	if err != nil {
		return nil, err
	}
	for _, s := range colored.Services {
		s.Name, s.DependsOn = s.Labels[labelService], nil
		shared.Services[s.Name] = s
	}
	return shared, nil
}

// Build builds the images of the services named, which have build sections,
// once for both colors: with BuildKit where the buildx plugin is installed,
// else with the engine's classic builder. A build that fails has code Gate.
func (e *Engine) Build(ctx context.Context, app release.App, spec release.Spec, services []string, say Say) error {
	project, err := sources(ctx, app, spec)
	if err != nil {
		return err
	}
	return e.build(ctx, project, services, serial(say))
}

func (e *Engine) build(ctx context.Context, project *types.Project, services []string, say Say) error {
	last := &tail{}
	compose, err := e.sdk(func(t release.EventType, line string) {
		last.add(line)
		say(t, line)
	})
	if err != nil {
		return err
	}
	names := strings.Join(services, ", ")
	_, err = logged().during(func() error {
		return compose.Build(ctx, project, api.BuildOptions{Services: services, Progress: "plain"})
	})
	if err == nil || ctx.Err() != nil {
		return e.failed("build "+names, err)
	}
	return &release.Error{Code: release.Gate, What: "build of " + names + " failed: " + err.Error(), Detail: last.lines, Next: "correct the build, then teal deploy", Err: err}
}

// tail keeps the last lines said.
type tail struct {
	mu    sync.Mutex
	lines []string
}

const tailLines = 20

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}

// Pull fetches the images of the services named: always where the service's
// pull_policy says so, else if they are missing. Images of services that are
// built are left to Build. An image that can't be had has code Gate.
func (e *Engine) Pull(ctx context.Context, app release.App, spec release.Spec, services []string, say Say) error {
	project, err := sources(ctx, app, spec)
	if err != nil {
		return err
	}
	return e.pull(ctx, project, services, serial(say))
}

func (e *Engine) pull(ctx context.Context, project *types.Project, services []string, say Say) error {
	wanted := map[string]types.ServiceConfig{} // by image: many services may share one
	for _, name := range services {
		s, known := project.Services[name]
		if known && s.Build == nil && s.PullPolicy != types.PullPolicyNever {
			wanted[s.Image] = s
		}
	}
	there, err := e.present(ctx, slices.Collect(maps.Keys(wanted)))
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for image, s := range wanted {
		if _, have := there[image]; have && !refreshed(s.PullPolicy) {
			continue
		}
		group.Go(func() error { return e.pullImage(ctx, s, say) })
	}
	return group.Wait()
}

// refreshed reports whether the policy asks for a pull of an image that is
// there. daily, weekly and every_… count as due at each deploy.
func refreshed(policy string) bool {
	switch policy {
	case "", types.PullPolicyMissing, types.PullPolicyIfNotPresent, types.PullPolicyBuild:
		return false
	}
	return true
}

func (e *Engine) pullImage(ctx context.Context, s types.ServiceConfig, say Say) error {
	auth, err := command.RetrieveAuthTokenFromImage(e.config, s.Image)
	if err != nil {
		return noImage(s, err)
	}
	say(release.EventProgress, "image "+s.Image+" pulling")
	stream, err := e.client.ImagePull(ctx, s.Image, client.ImagePullOptions{RegistryAuth: auth})
	if err == nil {
		err = follow(ctx, stream, say)
	}
	if err != nil && ctx.Err() == nil && !client.IsErrConnectionFailed(err) {
		return noImage(s, err)
	}
	return e.failed("pull "+s.Image, err)
}

// follow says what changes of a pull, without its progress bars.
func follow(ctx context.Context, stream client.ImagePullResponse, say Say) error {
	for message, err := range stream.JSONMessages(ctx) {
		switch {
		case err != nil:
			return err
		case message.Error != nil:
			return message.Error
		case message.Progress == nil && message.Status != "":
			say(release.EventOutput, strings.TrimPrefix(message.ID+": "+message.Status, ": "))
		}
	}
	return nil
}

func noImage(s types.ServiceConfig, err error) error {
	name := s.Name
	if own := s.Labels[labelService]; own != "" {
		name = own
	}
	return &release.Error{
		Code:   release.Gate,
		What:   fmt.Sprintf("image %s of service %s can't be pulled", s.Image, name),
		Detail: []string{err.Error()},
		Next:   "check the image's name and tag, and docker login if the registry is private",
		Err:    err,
	}
}
