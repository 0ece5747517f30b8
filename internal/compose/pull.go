package compose

import (
	"context"
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/docker/cli/cli/command"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"teal/internal/release"
)

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
	wanted := types.Services{} // by image: many services may share one
	for _, name := range services {
		s, known := project.Services[name]
		if known && s.Build == nil && s.PullPolicy != types.PullPolicyNever {
			wanted[s.Image+" "+s.Platform] = s
		}
	}
	there, err := e.present(ctx, wanted)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for key, s := range wanted {
		if there[key] != "" && !refreshed(s.PullPolicy) {
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

// policyOf is the pull policy as a plan needs it: always where an image that
// is there is to be fetched again.
func policyOf(s types.ServiceConfig) string {
	if refreshed(s.PullPolicy) && s.PullPolicy != types.PullPolicyNever {
		return types.PullPolicyAlways
	}
	return s.PullPolicy
}

// pullImage fetches the image, for the service's platform where it names one,
// with the credentials that docker login has stored for its registry: in the
// docker command line's config file, or with the credential helper that it
// names, which gets the registry's name on its standard input.
func (e *Engine) pullImage(ctx context.Context, s types.ServiceConfig, say Say) error {
	auth, err := command.RetrieveAuthTokenFromImage(e.config, s.Image)
	if err != nil {
		return noImage(s, err)
	}
	options := client.ImagePullOptions{RegistryAuth: auth}
	if s.Platform != "" {
		platform, err := platforms.Parse(s.Platform)
		if err != nil {
			return noImage(s, err)
		}
		options.Platforms = append(options.Platforms, platform)
	}
	stream, err := e.client.ImagePull(ctx, s.Image, options)
	if err == nil {
		err = newPulled(s.Image, say).follow(ctx, stream)
	}
	if err != nil && ctx.Err() == nil && !client.IsErrConnectionFailed(err) {
		return noImage(s, err)
	}
	return e.failed("pull "+s.Image, err)
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
		Next:   remedy(s.Image, err),
		Err:    err,
	}
}

// remedy is what to do about an image that can't be had.
func remedy(image string, err error) string {
	registry := "the registry"
	if ref, refErr := reference.ParseNormalizedNamed(image); refErr == nil {
		registry = reference.Domain(ref)
	}
	switch {
	case errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err), denied(err):
		return "docker login " + registry + ", as the user who runs teal"
	case errdefs.IsNotFound(err):
		return "check the image's name and tag, or push it to " + registry
	}
	return "check the image's name and tag, and docker login " + registry + " if it is private"
}

// denied tells what engines report as their own failure or as a missing
// image, though the registry has refused the credentials.
func denied(err error) bool {
	text := strings.ToLower(err.Error())
	return strings.Contains(text, "unauthorized") || strings.Contains(text, "no basic auth") || strings.Contains(text, "denied")
}
