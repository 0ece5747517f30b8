package compose

import (
	"fmt"
	"maps"
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
	loads  []*types.Project // the files as replica 1, 2, … reads them; at least one
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
	from := p.loaded(replica).Services[s.Name]
	out := bare(from, p.app.Name)
	out.Name = slotService(slot, s.Replicas)
	out.Environment = p.environment(from, slot)
	out.Labels = p.labels(from, slot)
	out.DependsOn = p.dependsOn(from)
	out.Networks = p.serviceNetworks(from, addr.String())
	out.Ports, out.Expose = loosePorts(from)
	return out, nil
}

// bare takes off a colored service what only one container could have, and
// the replica count, which is teal's to set.
func bare(s types.ServiceConfig, app string) types.ServiceConfig {
	s.ContainerName, s.MacAddress = "", ""
	s.Profiles, s.Develop, s.Scale = nil, nil, nil
	s.Restart = restart(s.Restart)
	s.Deploy = bareDeploy(s.Deploy)
	if s.Image == "" {
		s.Image = builtImage(app, s.Name)
	}
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
		other, colored := p.app.Service(name)
		if !colored {
			continue
		}
		for r := 1; r <= other.Replicas; r++ {
			out[slotService(release.Slot{Service: name, Color: p.color, Replica: r}, other.Replicas)] = dependency
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
func (p painter) serviceNetworks(s types.ServiceConfig, addr string) map[string]*types.ServiceNetworkConfig {
	colored := coloredName(s.Name, p.color)
	out := map[string]*types.ServiceNetworkConfig{
		defaultNetwork:                  {Aliases: p.privateAliases(s)},
		release.NetworkName(p.app.Name): {Aliases: []string{colored}, Ipv4Address: addr, Priority: 1000},
	}
	for key, own := range s.Networks {
		if key, joins := outerKey(p.loads[0], key); joins {
			out[key] = outerNetwork(own, colored)
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
// can't both have there: addresses and plain names.
func outerNetwork(own *types.ServiceNetworkConfig, alias string) *types.ServiceNetworkConfig {
	out := &types.ServiceNetworkConfig{Aliases: []string{alias}}
	if own != nil {
		out.DriverOpts, out.Priority, out.GatewayPriority = own.DriverOpts, own.Priority, own.GatewayPriority
	}
	return out
}

// loosePorts keeps the ports that Docker chooses a host port for; a fixed one
// could only be had by one color, so it becomes an exposed port.
func loosePorts(s types.ServiceConfig) ([]types.ServicePortConfig, types.StringOrNumberList) {
	var ports []types.ServicePortConfig
	expose := slices.Clone(s.Expose)
	for _, port := range s.Ports {
		if port.Published == "" {
			ports = append(ports, port)
			continue
		}
		expose = append(expose, fmt.Sprintf("%d/%s", port.Target, port.Protocol))
	}
	return ports, expose
}

// networks are all external to the SDK: it would recreate a network whose
// definition changed, and stop the containers in it.
func (p painter) networks() types.Networks {
	app := release.NetworkName(p.app.Name)
	out := types.Networks{
		defaultNetwork: {Name: privateNetwork(p.app.Name, p.color), External: true},
		app:            {Name: app, External: true},
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
