package compose

import (
	"context"
	"net/netip"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// thaw lets paused containers go on; the engine starts none of them.
func (e *Engine) thaw(ctx context.Context, containers []container.Summary) error {
	for _, c := range containers {
		if c.State != container.StatePaused {
			continue
		}
		if _, err := e.client.ContainerUnpause(ctx, c.ID, client.ContainerUnpauseOptions{}); err != nil {
			return e.failed("unpause container "+nameOf(c), err)
		}
	}
	return nil
}

// mend brings the project's containers back into the networks that a person
// has disconnected them from. One whose network was removed while it lay
// stopped can't be mended; it doesn't start, and Resume makes it anew.
func (e *Engine) mend(ctx context.Context, project *types.Project) error {
	found, err := e.inProject(ctx, project.Name)
	if err != nil {
		return err
	}
	services := byService(found)
	for name, s := range project.Services {
		for _, c := range services[name] {
			if err := e.mendOne(ctx, project, s, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) mendOne(ctx context.Context, project *types.Project, s types.ServiceConfig, c container.Summary) error {
	if oneOff(c) {
		return nil
	}
	for key, joined := range s.Networks {
		name := project.Networks[key].Name
		if in(c, name) {
			continue
		}
		if err := e.rejoin(ctx, c, name, s.Name, joined); err != nil {
			return err
		}
	}
	return nil
}

// rejoin connects the container as compose would have created it.
func (e *Engine) rejoin(ctx context.Context, c container.Summary, name, service string, joined *types.ServiceNetworkConfig) error {
	settings := &network.EndpointSettings{Aliases: []string{service}}
	if joined != nil {
		settings.Aliases, settings.DriverOpts = append(settings.Aliases, joined.Aliases...), joined.DriverOpts
		if addr, err := netip.ParseAddr(joined.Ipv4Address); err == nil {
			settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: addr}
		}
	}
	_, err := e.client.NetworkConnect(ctx, name, client.NetworkConnectOptions{Container: c.ID, EndpointConfig: settings})
	return e.failed("connect "+nameOf(c)+" to network "+name, err)
}

// addressable wants the app's network, if it is there, to hold the addresses
// that the containers are to have: it may have been made anew by hand.
func (e *Engine) addressable(ctx context.Context, app release.App, project *types.Project) error {
	name := release.NetworkName(app.Name)
	have, err := e.network(ctx, name)
	if err != nil || !have.Exists {
		return err
	}
	for _, s := range project.Services {
		joined := s.Networks[name]
		if joined == nil {
			continue
		}
		addr, err := netip.ParseAddr(joined.Ipv4Address)
		if err == nil && !have.Subnet.Contains(addr) {
			return sameSubnet(name, have.Subnet, netip.PrefixFrom(addr, 24).Masked())
		}
	}
	return nil
}
