package compose

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// painter renders the project of one color.
type painter struct {
	app    release.App
	color  release.Color
	number int
	net    release.Network
	loads  []*types.Project // the color's files as replica 1, 2, … reads them; at least one
	others marks            // of the services in the app's other files, where the color has its own
}

// paint is pure: it makes the model of the project <app>-<color> out of the
// loaded files and leaves these alone.
func (p painter) paint() (*types.Project, error) {
	out := &types.Project{
		Name:     projectOf(p.app.Name, p.color),
		Services: types.Services{},
		Secrets:  p.loads[0].Secrets,
		Configs:  p.loads[0].Configs,
		Networks: p.networks(),
		Volumes:  p.volumes(),
	}
	for _, s := range p.app.Services {
		for replica := 1; replica <= s.Replicas; replica++ {
			painted, err := p.service(s, replica)
			if err != nil {
				return nil, err
			}
			out.Services[painted.Name] = painted
		}
	}
	return out.WithoutUnnecessaryResources(), nil
}

func (p painter) loaded(replica int) *types.Project {
	return p.loads[min(replica, len(p.loads))-1]
}

func (p painter) service(s release.Service, replica int) (types.ServiceConfig, error) {
	slot := release.Slot{Service: s.Name, Color: p.color, Replica: replica}
	addr := p.net.Addr(slot)
	if !addr.IsValid() {
		return types.ServiceConfig{}, fmt.Errorf("slot %s has no address in %s", slot, release.NetworkName(p.app.Name))
	}
	from := p.loaded(replica).Services[s.NameOf(p.color, replica)]
	out := p.bare(from, slot)
	out.Name = p.nameOf(s, replica)
	out.Image = imageOf(p.app, s.Name, from)
	out.Environment = p.environment(from, slot)
	out.Labels = p.labels(from, slot)
	out.DependsOn = p.dependsOn(from)
	out.Networks = p.serviceNetworks(from, slot, addr)
	out.Ports, out.Expose = p.ports(from, slot)
	return out, addHooks(out.Labels, from.PreStop)
}

// bare takes off a colored service what only one container could have, and
// the replica count, which is teal's to set. A color's own files keep what is
// theirs alone.
func (p painter) bare(s types.ServiceConfig, slot release.Slot) types.ServiceConfig {
	s.MacAddress = ""
	if !p.alone(slot) || p.others[s.ContainerName] {
		s.ContainerName = ""
	}
	if s.Hostname != "" && (!p.alone(slot) || p.others[s.Hostname]) {
		// Docker answers to a container's hostname in every network it is in
		// (moby 20.10 daemon/container_operations.go, updateNetworkConfig).
		s.Hostname = coloredName(s.Hostname, p.color)
	}
	s.Profiles, s.Develop, s.Scale = nil, nil, nil
	s.Restart = restart(s.Restart)
	s.Deploy = bareDeploy(s.Deploy)
	return s
}

func bareDeploy(d *types.DeployConfig) *types.DeployConfig {
	if d == nil {
		return nil
	}
	out := *d
	out.Replicas = nil
	if d.RestartPolicy != nil {
		policy := *d.RestartPolicy
		policy.Condition = restart(policy.Condition)
		out.RestartPolicy = &policy
	}
	return &out
}

// restart turns always into unless-stopped. Docker starts a container with
// always again when it starts itself, even one that was stopped, and with it
// the workers of a release that has been replaced.
func restart(policy string) string {
	if policy == "always" || policy == "any" {
		return "unless-stopped"
	}
	return policy
}

func (p painter) environment(s types.ServiceConfig, slot release.Slot) types.MappingWithEquals {
	out := maps.Clone(s.Environment) // OverrideBy writes into its receiver, which other replicas share
	if out == nil {
		out = types.MappingWithEquals{}
	}
	return out.OverrideBy(types.NewMappingWithEquals([]string{
		"TEAL_APP=" + p.app.Name,
		"TEAL_COLOR=" + string(p.color),
		"TEAL_RELEASE=" + strconv.Itoa(p.number),
		"TEAL_REPLICA=" + strconv.Itoa(slot.Replica),
	}))
}

// labels are in the container's config hash too, so a container of another
// release never passes for one of this.
func (p painter) labels(s types.ServiceConfig, slot release.Slot) types.Labels {
	labels := types.Labels{}
	maps.Copy(labels, s.Labels)
	maps.Copy(labels, types.Labels{
		labelApp:     p.app.Name,
		labelColor:   string(p.color),
		labelRelease: strconv.Itoa(p.number),
		labelService: slot.Service,
		labelReplica: strconv.Itoa(slot.Replica),
	})
	return labels
}

// dependsOn keeps the dependencies on colored services, each on all replicas
// in the same color. Those on shared services go: the shared services run
// before a color starts.
func (p painter) dependsOn(s types.ServiceConfig) types.DependsOnConfig {
	out := types.DependsOnConfig{}
	for name, dependency := range s.DependsOn {
		for _, slot := range p.slotsOf(name) {
			out[slot] = dependency
		}
	}
	return out
}

// serviceNetworks puts the service into its color's private network under
// its own name, into the app's network at its slot's address, and into the
// user's networks, the latter two under the colored name alone.
//
// Invariant: the plain name is an alias in the private network and nowhere
// else, so one color never resolves the other's services.
func (p painter) serviceNetworks(s types.ServiceConfig, slot release.Slot, addr netip.Addr) map[string]*types.ServiceNetworkConfig {
	if s.NetworkMode != "" {
		return nil
	}
	colored := coloredName(slot.Service, p.color)
	out := map[string]*types.ServiceNetworkConfig{
		defaultNetwork: {Aliases: p.privateAliases(s)},
	}
	if p.inAppNetwork() {
		out[release.NetworkName(p.app.Name)] = &types.ServiceNetworkConfig{Aliases: []string{colored}, Ipv4Address: addr.String(), Priority: 1000}
	}
	for key, own := range s.Networks {
		if key, joins := outerKey(p.loads[0], key); joins {
			out[key] = p.outerNetwork(own, slot)
		}
	}
	return out
}

// privateAliases are the plain name and every alias the file gives it.
func (p painter) privateAliases(s types.ServiceConfig) []string {
	aliases := []string{s.Name}
	for _, own := range s.Networks {
		if own != nil {
			aliases = append(aliases, own.Aliases...)
		}
	}
	slices.Sort(aliases[1:])
	return slices.Compact(aliases)
}

// outerNetwork joins a network of the user's without what two containers
// can't both have there: plain names, and addresses unless they are the
// color's alone.
func (p painter) outerNetwork(own *types.ServiceNetworkConfig, slot release.Slot) *types.ServiceNetworkConfig {
	out := &types.ServiceNetworkConfig{Aliases: []string{coloredName(slot.Service, p.color)}}
	if own == nil {
		return out
	}
	out.DriverOpts, out.Priority, out.GatewayPriority = own.DriverOpts, own.Priority, own.GatewayPriority
	if p.alone(slot) && !p.others[own.Ipv4Address] {
		out.Ipv4Address = own.Ipv4Address
	}
	return out
}

// networks are all external to the SDK: it would recreate a network whose
// definition changed, and stop the containers in it.
func (p painter) networks() types.Networks {
	app := release.NetworkName(p.app.Name)
	out := types.Networks{
		defaultNetwork: {Name: privateNetwork(p.app.Name, p.color), External: true},
		app:            {Name: app, External: true},
	}
	if !p.inAppNetwork() {
		delete(out, app)
	}
	for key, network := range outerNetworks(p.loads[0]) {
		out[key] = types.NetworkConfig{Name: network.Name, External: true}
	}
	return out
}

func (p painter) volumes() types.Volumes {
	out := types.Volumes{}
	for key, volume := range p.loads[0].Volumes {
		out[key] = types.VolumeConfig{Name: volume.Name, External: true}
	}
	return out
}
