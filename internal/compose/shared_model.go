package compose

import (
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// awaited is the extension of the shared model that names the shared
// services colored ones wait for: service → depends_on condition.
const awaited = "x-teal-awaited"

// settled is teal's own condition beside those of depends_on: a health check
// has come to a result, whichever.
const settled = "x-teal-settled"

// sharedModel is pure: it makes the model of the project <app>, which holds
// every service that isn't colored, and the definition of every network and
// volume of the files, which belong to this project whoever uses them. root is
// the state root, of which a proxy among the services must see parts.
func sharedModel(r reading, root string) *types.Project {
	out := &types.Project{
		Name:     projectOf(r.app.Name, release.None),
		Services: types.Services{},
		Secrets:  r.shared.Secrets,
		Configs:  r.shared.Configs,
	}
	for _, name := range r.sharedNames() {
		out.Services[name] = housed(r.app, root, sharedService(r.app, r.shared, r.shared.Services[name]))
	}
	out = out.WithoutUnnecessaryResources()
	out.Networks, out.Volumes = r.networks(), r.volumes()
	out.Networks[defaultNetwork] = types.NetworkConfig{Name: release.NetworkName(r.app.Name), External: true}
	out.Extensions = types.Extensions{awaited: awaitedBy(r)}
	return out
}

func sharedService(app release.App, loaded *types.Project, s types.ServiceConfig) types.ServiceConfig {
	s.Profiles, s.Develop = nil, nil
	if s.Build != nil {
		s.Image = imageOf(app, s.Name, s)
	}
	s.DependsOn = maps.Clone(s.DependsOn)
	maps.DeleteFunc(s.DependsOn, func(name string, _ types.ServiceDependency) bool { return isColored(app, name) })
	labels := types.Labels{}
	maps.Copy(labels, s.Labels)
	s.Labels = labels.Add(labelApp, app.Name).Add(labelService, s.Name)
	s.Networks = sharedNetworks(loaded, s)
	return s
}

// sharedNetworks takes the default network's fixed address off: the app's
// network has another subnet.
func sharedNetworks(loaded *types.Project, s types.ServiceConfig) map[string]*types.ServiceNetworkConfig {
	out := map[string]*types.ServiceNetworkConfig{}
	for key, own := range s.Networks {
		if key == defaultNetwork {
			joined := types.ServiceNetworkConfig{}
			if own != nil {
				joined.Aliases, joined.Priority, joined.GatewayPriority = own.Aliases, own.Priority, own.GatewayPriority
			}
			out[key] = &joined
		}
		if outer, joins := outerKey(loaded, key); joins {
			out[outer] = own
		}
	}
	return out
}

// awaitedBy are the shared services that a colored one must find healthy, or
// finished, before it starts. Files of a color's own can't name a service of
// others in depends_on, so there each shared one that has a health check gets
// the time to come up. A sick one keeps nobody: whether a release can do
// without it is for its own commands and checks to say.
func awaitedBy(r reading) map[string]any {
	out := map[string]any{}
	if hasOwn(r.app) {
		for _, name := range r.sharedNames() {
			if checked(r.shared.Services[name]) && !isProxy(r.app, name) {
				out[name] = settled
			}
		}
	}
	for _, s := range r.app.Services {
		for name, dependency := range r.definition(s, release.Blue, 1).DependsOn {
			if r.isShared(name) && dependency.Required && dependency.Condition != types.ServiceConditionStarted {
				out[name] = dependency.Condition
			}
		}
	}
	return out
}

// checked reports whether the file gives the service a health check.
func checked(s types.ServiceConfig) bool {
	return s.HealthCheck != nil && !s.HealthCheck.Disable && len(s.HealthCheck.Test) > 0 && s.HealthCheck.Test[0] != "NONE"
}

// isProxy reports whether the service is an nginx that teal switches. Its
// check may well ask for what no color serves yet.
func isProxy(app release.App, service string) bool {
	return slices.ContainsFunc(app.Proxies, func(p release.Proxy) bool { return p.Service == service })
}

// outerNetworks are the networks of the files beside compose's own default,
// whose place the app's network takes.
func outerNetworks(loaded *types.Project) types.Networks {
	out := types.Networks{}
	for key, network := range loaded.Networks {
		if key, joins := outerKey(loaded, key); joins {
			out[key] = network
		}
	}
	return out
}

// outerKey is the key under which the models know a network of the files;
// false for the default network, unless the file gives it a name or owner of
// its own: then it is joined beside the app's network.
func outerKey(loaded *types.Project, key string) (string, bool) {
	if key != defaultNetwork {
		return key, true
	}
	network := loaded.Networks[key]
	named := bool(network.External) || network.Name != loaded.Name+"_"+defaultNetwork
	return ownDefault, named
}
