package compose

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/bits"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"teal/internal/release"
)

// Observe asks Docker once about the app's containers and network: the lists
// all at the same time, then every container. It changes nothing. A compose
// project <app>-<color> that isn't the app's has code Invalid.
func (e *Engine) Observe(ctx context.Context, app release.App) (release.Engine, error) {
	out := release.Engine{Colors: map[release.Color]release.ColorState{}}
	states := make([]release.ColorState, len(release.Colors))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { out.Version, err = e.version(ctx); return err })
	group.Go(func() (err error) { out.Shared, err = e.observeShared(ctx, app); return err })
	group.Go(func() (err error) { out.Network, out.Taken, err = e.observeNetworks(ctx, app); return err })
	for i, color := range release.Colors {
		group.Go(func() (err error) { states[i], err = e.observeColor(ctx, app, color); return err })
	}
	err := group.Wait()
	for i, color := range release.Colors {
		out.Colors[color] = states[i]
	}
	return out, err
}

func (e *Engine) version(ctx context.Context) (string, error) {
	v, err := e.client.ServerVersion(ctx, client.ServerVersionOptions{})
	return v.Version, e.failed("ask docker for its version", err)
}

// InColor returns the color's containers as they are now, one-off containers
// left out.
func (e *Engine) InColor(ctx context.Context, app release.App, color release.Color) ([]release.Container, error) {
	found, err := e.inColor(ctx, app, color)
	if err != nil {
		return nil, err
	}
	return e.inspectAll(ctx, slices.DeleteFunc(found, oneOff))
}

func (e *Engine) observeColor(ctx context.Context, app release.App, color release.Color) (release.ColorState, error) {
	containers, err := e.InColor(ctx, app, color)
	state := release.ColorState{Containers: containers}
	for _, c := range containers {
		state.Mixed = state.Mixed || c.Release != containers[0].Release
		state.Release = max(state.Release, c.Release)
	}
	return state, err
}

func (e *Engine) observeShared(ctx context.Context, app release.App) ([]release.Container, error) {
	found, err := e.sharedOf(ctx, app)
	if err != nil {
		return nil, err
	}
	return e.inspectAll(ctx, found)
}

// inspectAll inspects the containers, several at the same time. One that has
// gone since it was listed is left out.
func (e *Engine) inspectAll(ctx context.Context, found []container.Summary) ([]release.Container, error) {
	all := make([]release.Container, len(found))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, s := range found {
		group.Go(func() error {
			c, err := e.inspect(ctx, s.ID)
			if errdefs.IsNotFound(err) {
				return nil
			}
			all[i] = c
			return err
		})
	}
	err := group.Wait()
	return slices.DeleteFunc(all, func(c release.Container) bool { return c.ID == "" }), err
}

// observeNetworks returns the app's network, and the subnets that a new one
// must stay clear of: those of Docker's other networks and of this machine's
// routes.
func (e *Engine) observeNetworks(ctx context.Context, app release.App) (release.NetworkState, []netip.Prefix, error) {
	found, err := e.client.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return release.NetworkState{}, nil, e.failed("list networks", err)
	}
	var own release.NetworkState
	var taken []netip.Prefix
	for _, n := range found.Items {
		if n.Name == release.NetworkName(app.Name) {
			if n.Labels[labelApp] != app.Name {
				return release.NetworkState{}, nil, notOurs(n.Name)
			}
			if owner := n.Labels[labelState]; owner != "" && owner != e.root {
				return release.NetworkState{}, nil, elsewhere(app.Name, owner, e.root)
			}
			own = release.NetworkState{Exists: true, Subnet: firstSubnet(n.IPAM)}
			continue
		}
		for _, c := range n.IPAM.Config {
			if c.Subnet.IsValid() {
				taken = append(taken, c.Subnet.Masked())
			}
		}
	}
	for _, route := range routes() {
		if route != own.Subnet && !slices.Contains(taken, route) {
			taken = append(taken, route)
		}
	}
	return own, taken, nil
}

// notOurs refuses a network that has the app's name but not the address range
// that keeps Docker from giving away the slots' addresses.
func notOurs(name string) error {
	return &release.Error{
		Code: release.Invalid, What: "docker network " + name + " exists and teal did not make it",
		Next: "docker network rm " + name + ", if nothing of yours uses it, or change app in teal.yaml",
	}
}

// routes are this machine's IPv4 routes but the default one. Where there is
// no Linux routing table to read (Docker Desktop), Docker's networks have to
// do.
func routes() []netip.Prefix {
	file, err := os.Open("/proc/net/route")
	if err != nil {
		return nil
	}
	defer file.Close()
	return parseRoutes(file)
}

// parseRoutes reads /proc/net/route: destination in the second field and mask
// in the eighth, each as the hexadecimal of a little-endian word.
func parseRoutes(r io.Reader) []netip.Prefix {
	var out []netip.Prefix
	for lines := bufio.NewScanner(r); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 8 {
			continue
		}
		destination, ok := word(fields[1])
		mask, fine := word(fields[7])
		if !ok || !fine || mask == 0 {
			continue
		}
		var addr [4]byte
		binary.BigEndian.PutUint32(addr[:], destination)
		out = append(out, netip.PrefixFrom(netip.AddrFrom4(addr), bits.OnesCount32(mask)))
	}
	return out
}

func word(text string) (uint32, bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(b), true
}
