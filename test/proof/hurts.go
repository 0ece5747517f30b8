//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/moby/moby/client"

	"teal/internal/release"
	"teal/test/reloaded"
)

// all are the faults, each so many times.
func (g *ground) all(times int) []blow {
	return []blow{
		{name: "a worker of nginx killed", times: times, strike: g.killWorker},
		{name: "nginx killed and started again", times: times, strike: g.killMaster},
		{name: "nginx -s reload as each step begins", times: 2 * times, strike: g.reload, steps: true},
		{name: "docker restart of a live container", times: times, strike: g.restart, plainly: g.plain},
		{name: "dockerd killed and started again", times: times, strike: g.killEngine, engine: true},
	}
}

func (g *ground) killWorker(context.Context) error {
	all, err := g.site.nginx()
	if err != nil {
		return err
	}
	if len(all) < 2 {
		return errors.New("nginx has no workers")
	}
	return syscall.Kill(all[1+g.random.IntN(len(all)-1)], syscall.SIGKILL)
}

// killMaster kills the master, whose workers live on, and starts nginx again as
// a person is told to.
func (g *ground) killMaster(ctx context.Context) error {
	all, err := g.site.nginx()
	if err != nil {
		return err
	}
	if err := syscall.Kill(all[0], syscall.SIGKILL); err != nil {
		return err
	}
	_, err = g.site.run(ctx, "proxy", "up")
	return err
}

// reload is one that teal didn't ask for.
func (g *ground) reload(ctx context.Context) error {
	return reloaded.Run(ctx, filepath.Join(g.site.state(), "proxy"), "-s", "reload")
}

func (g *ground) killEngine(context.Context) error {
	return errors.Join(g.hall.engine.Kill(), g.hall.engine.Start())
}

// restart is docker restart of one of the live color's containers.
func (g *ground) restart(ctx context.Context) error {
	color, err := g.site.routes()
	if err != nil {
		return err
	}
	name := g.site.container(color, 1+g.random.IntN(g.site.replicas))
	_, err = g.hall.yard.Client.ContainerRestart(ctx, name, client.ContainerRestartOptions{})
	return err
}

// plain is an nginx as everybody has it, in front of the live containers.
func (g *ground) plain(ctx context.Context) (*reloaded.Nginx, error) {
	live, err := g.addresses(ctx)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return reloaded.Start(ctx, addr, g.site.root, func(release.Color) []string { return live })
}

// addresses are those of the live color's containers.
func (g *ground) addresses(ctx context.Context) (list []string, err error) {
	color, err := g.site.routes()
	if err != nil {
		return nil, err
	}
	for n := 1; n <= g.site.replicas; n++ {
		c, err := g.hall.yard.Client.ContainerInspect(ctx, g.site.container(color, n), client.ContainerInspectOptions{})
		if err != nil {
			return nil, err
		}
		net := c.Container.NetworkSettings.Networks["teal-"+g.site.name]
		if net == nil {
			return nil, fmt.Errorf("%s is not in the app's network", c.Container.Name)
		}
		list = append(list, net.IPAddress.String()+":8080")
	}
	return list, nil
}
