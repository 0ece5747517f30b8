package compose

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// Network makes the app's network exist with its subnet. One that is there
// with another subnet is left alone and has code Invalid.
//
// The network carries no label of compose's: a `docker compose up` of the
// user's would else take it for the project's default network.
func (e *Engine) Network(ctx context.Context, app release.App, net release.Network) error {
	name := release.NetworkName(app.Name)
	have, err := e.network(ctx, name)
	if err != nil {
		return err
	}
	if have.Exists {
		return sameSubnet(name, have.Subnet, net.Subnet)
	}
	return e.createNetwork(ctx, name, client.NetworkCreateOptions{
		Driver: "bridge", Options: e.bridgeOptions(ctx, app),
		IPAM: &network.IPAM{Driver: "default", Config: []network.IPAMConfig{{
			Subnet: net.Subnet, Gateway: net.Gateway(), IPRange: net.DockerRange(),
		}}},
		Labels: map[string]string{labelApp: app.Name, labelState: e.root},
	})
}

// bridgeName is the option that names the bridge's interface, which only one
// network can have.
const bridgeName = "com.docker.network.bridge.name"

// bridgeOptions are the driver options of the files' default network, such as
// the MTU, since the app's network takes its place. Files that can't be read
// don't keep the network from being made: a rollback needs it, and doesn't
// need the files as they are now.
func (e *Engine) bridgeOptions(ctx context.Context, app release.App) map[string]string {
	t, kept := e.shelf.get(app)
	r := t.shared
	_, err := logged().during(func() (err error) {
		if !kept {
			r, err = read(ctx, app)
		}
		return err
	})
	if err != nil {
		return nil
	}
	for _, p := range []*types.Project{r.shared, r.colors[release.Blue]} {
		own, there := p.Networks[defaultNetwork]
		if there && !bool(own.External) && (own.Driver == "" || own.Driver == "bridge") && len(own.DriverOpts) > 0 {
			options := maps.Clone(own.DriverOpts)
			delete(options, bridgeName)
			return options
		}
	}
	return nil
}

func sameSubnet(name string, have, want netip.Prefix) error {
	if have == want {
		return nil
	}
	return &release.Error{
		Code: release.Invalid,
		What: fmt.Sprintf("docker network %s has subnet %s, but the app's addresses are in %s", name, have, want),
		Next: "docker network rm " + name + ", if nothing of yours uses it; teal down takes the app away whole",
	}
}

// network is the network of exactly that name, if there is one.
func (e *Engine) network(ctx context.Context, name string) (release.NetworkState, error) {
	found, err := e.client.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return release.NetworkState{}, nil
	case err != nil:
		return release.NetworkState{}, e.failed("inspect network "+name, err)
	case found.Network.Name != name: // inspect also takes the beginning of an ID
		return release.NetworkState{}, nil
	}
	return release.NetworkState{Exists: true, Subnet: firstSubnet(found.Network.IPAM)}, nil
}

func firstSubnet(ipam network.IPAM) netip.Prefix {
	for _, c := range ipam.Config {
		if c.Subnet.Addr().Is4() {
			return c.Subnet.Masked()
		}
	}
	return netip.Prefix{}
}

func (e *Engine) createNetwork(ctx context.Context, name string, options client.NetworkCreateOptions) error {
	_, err := e.client.NetworkCreate(ctx, name, options)
	if err == nil || client.IsErrConnectionFailed(err) {
		return e.failed("create network "+name, err)
	}
	refused := &release.Error{Code: release.Gate, What: "docker network " + name + " can't be created", Detail: []string{err.Error()}, Next: "docker network ls", Err: err}
	if addressless(err) {
		refused.What += ": the engine has no addresses left for another network"
		refused.Next = "remove a network that nothing needs (docker network ls, docker network rm), or give the engine more default-address-pools in daemon.json"
	}
	return refused
}

// addressless reports whether all subnets are taken that the engine gives to
// networks that name none (libnetwork/ipam: until Docker 27, since).
func addressless(err error) bool {
	text := err.Error()
	return strings.Contains(text, "non-overlapping IPv4 address pool") || strings.Contains(text, "address pools have been fully subnetted")
}

// private makes the color's own network exist. It has compose's labels, so
// that `docker compose -p <app>-green down` finds it.
func (e *Engine) private(ctx context.Context, app release.App, c release.Color) error {
	name := privateNetwork(app.Name, c)
	have, err := e.network(ctx, name)
	if err != nil || have.Exists {
		return err
	}
	labels := composeLabels(projectOf(app.Name, c), api.NetworkLabel, defaultNetwork)
	labels[labelApp], labels[labelColor] = app.Name, string(c)
	return e.createNetwork(ctx, name, client.NetworkCreateOptions{Driver: "bridge", Labels: labels})
}

func composeLabels(project, kind, key string) map[string]string {
	return map[string]string{api.ProjectLabel: project, kind: key, api.VersionLabel: api.ComposeVersion}
}

// ensure makes the user's networks and volumes of the model exist. One that
// is there is left as it is, whatever its definition says now. None gets
// compose's config hash: without one, compose never asks to recreate it.
func (e *Engine) ensure(ctx context.Context, app release.App, shared *types.Project) error {
	for key, n := range shared.Networks {
		if n.External {
			continue
		}
		if err := e.ensureNetwork(ctx, app, key, n); err != nil {
			return err
		}
	}
	for key, v := range shared.Volumes {
		if v.External {
			continue
		}
		if err := e.ensureVolume(ctx, app, key, v); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) ensureNetwork(ctx context.Context, app release.App, key string, n types.NetworkConfig) error {
	have, err := e.network(ctx, n.Name)
	if err != nil || have.Exists {
		return err
	}
	ipam, err := ipamOf(n)
	if err != nil {
		return err
	}
	labels := composeLabels(app.Name, api.NetworkLabel, key)
	labels[labelApp] = app.Name
	return e.createNetwork(ctx, n.Name, client.NetworkCreateOptions{
		Driver: n.Driver, Options: n.DriverOpts, Internal: n.Internal, Attachable: n.Attachable,
		EnableIPv4: n.EnableIPv4, EnableIPv6: n.EnableIPv6, IPAM: ipam, Labels: merged(n.Labels, labels),
	})
}

// ipamOf turns the address management of a network in the compose file into
// the engine's.
func ipamOf(n types.NetworkConfig) (*network.IPAM, error) {
	if n.Ipam.Driver == "" && len(n.Ipam.Config) == 0 {
		return nil, nil
	}
	out := &network.IPAM{Driver: n.Ipam.Driver}
	for _, pool := range n.Ipam.Config {
		config, err := poolOf(pool)
		if err != nil {
			return nil, &release.Error{Code: release.Invalid, What: "network " + n.Name + ": " + err.Error(), Next: "correct ipam of the network in the compose file", Err: err}
		}
		out.Config = append(out.Config, config)
	}
	return out, nil
}

func poolOf(pool *types.IPAMPool) (network.IPAMConfig, error) {
	var out network.IPAMConfig
	var errs [3]error
	if pool.Subnet != "" {
		out.Subnet, errs[0] = netip.ParsePrefix(pool.Subnet)
	}
	if pool.IPRange != "" {
		out.IPRange, errs[1] = netip.ParsePrefix(pool.IPRange)
	}
	if pool.Gateway != "" {
		out.Gateway, errs[2] = netip.ParseAddr(pool.Gateway)
	}
	for name, text := range pool.AuxiliaryAddresses {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return out, err
		}
		if out.AuxAddress == nil {
			out.AuxAddress = map[string]netip.Addr{}
		}
		out.AuxAddress[name] = addr
	}
	return out, errors.Join(errs[:]...)
}

func (e *Engine) ensureVolume(ctx context.Context, app release.App, key string, v types.VolumeConfig) error {
	_, err := e.client.VolumeInspect(ctx, v.Name, client.VolumeInspectOptions{})
	if !errdefs.IsNotFound(err) {
		return e.failed("inspect volume "+v.Name, err)
	}
	labels := composeLabels(app.Name, api.VolumeLabel, key)
	labels[labelApp] = app.Name
	_, err = e.client.VolumeCreate(ctx, client.VolumeCreateOptions{Name: v.Name, Driver: v.Driver, DriverOpts: v.DriverOpts, Labels: merged(v.Labels, labels)})
	return e.failed("create volume "+v.Name, err)
}

func merged(own types.Labels, ours map[string]string) map[string]string {
	for k, v := range own {
		if _, taken := ours[k]; !taken {
			ours[k] = v
		}
	}
	return ours
}

// removeNetwork removes a network by name or ID; one that is gone is fine.
func (e *Engine) removeNetwork(ctx context.Context, name string) error {
	_, err := e.client.NetworkRemove(ctx, name, client.NetworkRemoveOptions{})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return e.failed("remove network "+name, err)
}

// networksOf lists the networks of a compose project.
func (e *Engine) networksOf(ctx context.Context, project string) ([]string, error) {
	found, err := e.client.NetworkList(ctx, client.NetworkListOptions{Filters: client.Filters{}.Add("label", api.ProjectLabel+"="+project)})
	if err != nil {
		return nil, e.failed("list networks of "+project, err)
	}
	var names []string
	for _, n := range found.Items {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	return names, nil
}
