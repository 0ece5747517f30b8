package compose

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"teal/internal/release"
)

// atOnce bounds the questions put to the engine at the same time.
const atOnce = 8

// inspected maps each of the images that is on the engine to what it is.
func (e *Engine) inspected(ctx context.Context, images []string) (map[string]image.InspectResponse, error) {
	var mu sync.Mutex
	found := map[string]image.InspectResponse{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, name := range slices.Compact(slices.Sorted(slices.Values(images))) {
		group.Go(func() error {
			inspected, err := e.client.ImageInspect(ctx, name)
			if errdefs.IsNotFound(err) || errdefs.IsInvalidArgument(err) {
				return nil
			}
			if err != nil {
				return e.failed("inspect image "+name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			found[name] = inspected.InspectResponse
			return nil
		})
	}
	return found, group.Wait()
}

// present maps each of the services whose image is on the engine, for the
// platform that it asks for, to the image's ID.
func (e *Engine) present(ctx context.Context, services types.Services) (map[string]string, error) {
	var images []string
	for _, s := range services {
		images = append(images, s.Image)
	}
	there, err := e.inspected(ctx, images)
	found := map[string]string{}
	for name, s := range services {
		if have, ok := there[s.Image]; ok && fits(have, s.Platform) {
			found[name] = have.ID
		}
	}
	return found, err
}

// fits reports whether the image is for the platform; every image is for none.
func fits(have image.InspectResponse, platform string) bool {
	wanted, err := platforms.Parse(platform)
	if platform == "" || err != nil { // the engine says what is wrong with it
		return true
	}
	return platforms.NewMatcher(wanted).Match(platforms.Normalize(platforms.Platform{
		OS: have.Os, Architecture: have.Architecture, Variant: have.Variant, OSVersion: have.OsVersion,
	}))
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
	if project, err = e.platformed(ctx, project); err != nil {
		return err
	}
	_, err = logged().during(func() error {
		return compose.Build(ctx, project, api.BuildOptions{Services: services, Progress: "plain"})
	})
	if err == nil || ctx.Err() != nil {
		return e.failed("build "+names, err)
	}
	return &release.Error{Code: release.Gate, What: "build of " + names + " failed: " + err.Error(), Detail: last.seen(), Next: "correct the build, then teal deploy", Err: err}
}

// platformed makes each service be built for the one platform that it runs
// on: its own, or the engine's where several are built for a registry. The
// SDK leaves a service's platform to the builder's, and the classic builder
// knows no other than the engine's.
func (e *Engine) platformed(ctx context.Context, project *types.Project) (*types.Project, error) {
	out := *project
	out.Services = maps.Clone(project.Services)
	for name, s := range out.Services {
		if s.Build == nil || s.Platform == "" && len(s.Build.Platforms) < 2 {
			continue
		}
		platform := s.Platform
		if platform == "" {
			engine, err := e.client.ServerVersion(ctx, client.ServerVersionOptions{})
			if err != nil {
				return nil, e.failed("ask docker for its platform", err)
			}
			platform = engine.Os + "/" + engine.Arch
		}
		if len(s.Build.Platforms) > 0 && !slices.Contains(s.Build.Platforms, platform) {
			continue // the SDK says what doesn't go together
		}
		build := *s.Build
		build.Platforms = []string{platform}
		s.Build = &build
		out.Services[name] = s
	}
	return &out, nil
}

// tail keeps the last lines said.
type tail struct {
	mu    sync.Mutex
	lines []string
}

const tailLines = 20

// seen are the lines so far.
func (t *tail) seen() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.lines)
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line)
	if len(t.lines) > tailLines {
		t.lines = t.lines[1:]
	}
}
