package compose

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// Proxies asks containers that an nginx runs in.
type Proxies struct{ Containers }

// Proxies returns the engine's containers as nginx's room wants them.
func (e *Engine) Proxies() Proxies { return Proxies{e.Containers()} }

// Find looks a container up by its name or, where that is "", as the service
// of the compose project: the one that runs, else the first. One that isn't
// there is the zero Housing and no error.
func (p Proxies) Find(ctx context.Context, project, service, name string) (release.Housing, error) {
	e := p.engine
	if name == "" {
		id, err := e.firstOf(ctx, project, service)
		if id == "" || err != nil {
			return release.Housing{}, err
		}
		name = id
	}
	found, err := e.client.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return release.Housing{}, nil
	case err != nil:
		return release.Housing{}, e.failed("inspect container "+name, err)
	case name != found.Container.ID && name != strings.TrimPrefix(found.Container.Name, "/"): // inspect also takes the beginning of an ID
		return release.Housing{}, nil
	}
	return housing(found.Container), nil
}

// firstOf is the ID of the service's container, "" if it has none.
func (e *Engine) firstOf(ctx context.Context, project, service string) (string, error) {
	found, err := e.inProject(ctx, project)
	if err != nil {
		return "", err
	}
	found = slices.DeleteFunc(found, func(c container.Summary) bool {
		return c.Labels[api.ServiceLabel] != service || oneOff(c)
	})
	if i := slices.IndexFunc(found, running); i > 0 {
		return found[i].ID, nil
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0].ID, nil
}

func housing(c container.InspectResponse) release.Housing {
	h := release.Housing{
		ID: c.ID, Name: strings.TrimPrefix(c.Name, "/"), Running: c.State.Running && !c.State.Restarting,
		PID: c.State.Pid, Host: c.HostConfig != nil && c.HostConfig.NetworkMode.IsHost(), Addrs: map[string]netip.Addr{},
	}
	if c.NetworkSettings != nil {
		for name, endpoint := range c.NetworkSettings.Networks {
			h.Addrs[name] = endpoint.IPAddress
		}
	}
	for _, m := range c.Mounts {
		h.Mounts = append(h.Mounts, release.Mount{Source: m.Source, Target: m.Destination, ReadOnly: !m.RW})
	}
	return h
}

// Join puts the container into the network as well, unless it is there. Its
// way out stays the one it has, where the engine can be told so (API 1.48):
// connections that go on would else answer by another way than they came.
func (p Proxies) Join(ctx context.Context, id, name string) error {
	e := p.engine
	found, err := e.client.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return e.failed("inspect container "+id, err)
	}
	if _, joined := housing(found.Container).Addrs[name]; joined {
		return nil
	}
	_, err = e.client.NetworkConnect(ctx, name, client.NetworkConnectOptions{
		Container: id, EndpointConfig: &network.EndpointSettings{GwPriority: -1},
	})
	return e.failed("connect "+strings.TrimPrefix(found.Container.Name, "/")+" to network "+name, err)
}

// Leave takes somebody else's proxies out of the app's network, which can't be
// removed before. One that isn't there has left already.
func (p Proxies) Leave(ctx context.Context, app release.App) error {
	e, name := p.engine, release.NetworkName(app.Name)
	for _, proxy := range app.Proxies {
		if proxy.Container == "" {
			continue
		}
		found, err := p.Find(ctx, app.Name, "", proxy.Container)
		if err != nil {
			return err
		}
		if _, joined := found.Addrs[name]; !joined {
			continue
		}
		_, err = e.client.NetworkDisconnect(ctx, name, client.NetworkDisconnectOptions{Container: found.ID, Force: true})
		if err != nil && !errdefs.IsNotFound(err) {
			return e.failed("disconnect "+found.Name+" from network "+name, err)
		}
	}
	return nil
}
