package compose

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"

	"teal/internal/release"
)

// encode writes a model down so that decode gives the same one without the
// user's files, environment or interpolation. JSON, since compose-go's YAML
// drops an empty command, which is not the same as none.
func encode(p *types.Project) ([]byte, error) {
	p.Secrets, p.Configs = maps.Clone(p.Secrets), maps.Clone(p.Configs)
	for name, secret := range p.Secrets {
		if secret.Content != "" {
			secret.Environment = "" // the loader has put the variable's value into Content
		}
		p.Secrets[name] = secret
	}
	for name, config := range p.Configs {
		config.Environment = ""
		p.Configs[name] = config
	}
	content, err := p.MarshalJSON(types.WithSecretContent)
	if err != nil {
		return nil, fmt.Errorf("write the model of %s: %w", p.Name, err)
	}
	return content, nil
}

// decode reads a model that encode wrote. One that a release no longer has
// can't be run.
func decode(ctx context.Context, app release.App, project string, content []byte) (*types.Project, error) {
	if len(content) == 0 {
		return nil, &release.Error{Code: release.Gate, What: "what the release's containers in " + project + " are made from is no longer known", Next: "teal deploy, which makes it anew from the compose files"}
	}
	p, err := loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir:  app.Dir,
		ConfigFiles: []types.ConfigFile{{Filename: project, Content: content}},
		Environment: types.Mapping{},
	}, asWritten, func(o *loader.Options) { o.SetProjectName(project, true) })
	if err != nil {
		return nil, fmt.Errorf("read the model of %s: %w", project, err)
	}
	label(app, p)
	sourced(p)
	return p, nil
}

// sourced names a variable again as the source of secrets whose value the
// model holds: the SDK mounts a secret without one as a file, of no path.
func sourced(p *types.Project) {
	for name, secret := range p.Secrets {
		if secret.Content != "" && secret.File == "" {
			secret.Environment = name
			p.Secrets[name] = secret
		}
	}
}

// asWritten takes every step out of loading that could change the model.
// Default values stay: a bind mount that creates its path is written without
// saying so.
func asWritten(o *loader.Options) {
	o.SkipInterpolation, o.SkipValidation, o.SkipNormalization = true, true, true
	o.SkipExtends, o.SkipInclude, o.SkipConsistencyCheck = true, true, true
	o.SkipResolveEnvironment, o.SkipResolveLabels = true, true
	o.ResolvePaths = false
}

// label sets what compose knows its containers by; Up would create a
// container whose service label isn't its service's name and never start it.
func label(app release.App, p *types.Project) {
	for _, c := range release.Colors {
		if p.Name == projectOf(app.Name, c) {
			app.Compose = filesOf(app, c).app.Compose
		}
	}
	p.ComposeFiles = app.Compose
	for name, s := range p.Services {
		s.Name = name
		s.CustomLabels = types.Labels{
			api.ProjectLabel:     p.Name,
			api.ServiceLabel:     name,
			api.VersionLabel:     api.ComposeVersion,
			api.OneoffLabel:      "False",
			api.ConfigFilesLabel: strings.Join(app.Compose, ","),
		}
		if len(app.Compose) > 0 {
			s.CustomLabels[api.WorkingDirLabel] = filepath.Dir(app.Compose[0])
		}
		p.Services[name] = s
	}
}

// narrowed is the project with only the named services: they are acted on and
// nothing else they depend on is. It stays known as disabled, so that a
// reference to its containers can be resolved.
func narrowed(p *types.Project, names []string) *types.Project {
	out := *p
	out.Services = types.Services{}
	out.DisabledServices = types.Services{}
	for name, s := range p.Services {
		out.DisabledServices[name] = s
	}
	for _, name := range names {
		s := p.Services[name]
		s.DependsOn = maps.Clone(s.DependsOn)
		maps.DeleteFunc(s.DependsOn, func(other string, _ types.ServiceDependency) bool { return !slices.Contains(names, other) })
		out.Services[name] = s
		delete(out.DisabledServices, name)
	}
	return &out
}

// slotsOf are the project's services that run slots of the app's services.
func slotsOf(p *types.Project, services []string) []string {
	var names []string
	for name, s := range p.Services {
		if slices.Contains(services, s.Labels[labelService]) {
			names = append(names, name)
		}
	}
	return names
}

// external marks all networks and volumes as none of the SDK's business: it
// would recreate a diverged network, stopping what is in it, and ask to
// replace a diverged volume. Ours are created where missing (ensure) and
// then left as they are.
func external(p *types.Project) *types.Project {
	out := *p
	out.Networks, out.Volumes = maps.Clone(p.Networks), maps.Clone(p.Volumes)
	for key, network := range out.Networks {
		out.Networks[key] = types.NetworkConfig{Name: network.Name, External: true}
	}
	for key, volume := range out.Volumes {
		out.Volumes[key] = types.VolumeConfig{Name: volume.Name, External: true}
	}
	return &out
}
