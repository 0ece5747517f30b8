package compose

import (
	"context"
	"fmt"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
	"github.com/moby/moby/client"

	"teal/internal/release"
)

// ports are the published and the exposed ports of a slot's container: the
// file's own where no other container is made of the definition, else only
// those whose host port Docker chooses. Where nginx reaches the app at
// loopback ports, the slot's is among them.
func (p painter) ports(s types.ServiceConfig, slot release.Slot) ([]types.ServicePortConfig, types.StringOrNumberList) {
	ports, expose := loosePorts(s)
	if p.alone(slot) {
		ports, expose = slices.Clone(s.Ports), s.Expose
	}
	service, _ := p.app.Service(slot.Service)
	given := service.HostPorts[p.color]
	if p.app.Addresses != release.AddressesPorts || service.Port == 0 || slot.Replica > len(given) || s.NetworkMode != "" {
		return ports, expose
	}
	own := types.ServicePortConfig{Mode: "ingress", HostIP: "127.0.0.1", Target: uint32(service.Port), Published: fmt.Sprint(given[slot.Replica-1]), Protocol: "tcp"}
	if !slices.ContainsFunc(ports, func(have types.ServicePortConfig) bool { return clash(have, own) }) {
		ports = append(ports, own)
	}
	return ports, expose
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

// clash reports whether the two can't be had by two containers.
func clash(a, b types.ServicePortConfig) bool {
	return a.Protocol == b.Protocol && sameAddress(a.HostIP, b.HostIP) &&
		slices.ContainsFunc(published(a), func(port int) bool { return slices.Contains(published(b), port) })
}

func sameAddress(a, b string) bool {
	return a == b || everywhere(a) || everywhere(b)
}

func everywhere(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "::" }

// claim is a host port that a service wants for itself.
type claim struct {
	owner string // service web of blue
	color release.Color
	at    string
	port  types.ServicePortConfig
}

// Claims are the ports of the engine's machine that the app's containers get,
// by its compose files and its loopback ports. It reads files only.
func Claims(ctx context.Context, app release.App) ([]release.Claim, error) {
	var r reading
	_, err := logged().during(func() (err error) {
		r, err = read(ctx, app)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []release.Claim
	for _, c := range r.claims() {
		for _, port := range published(c.port) {
			out = append(out, release.Claim{
				Owner: c.owner, Place: c.at, Project: projectOf(app.Name, c.color), Host: c.port.HostIP, Port: port, Protocol: c.port.Protocol,
			})
		}
	}
	return out, nil
}

// Published are the host ports that running containers have, whose ever they
// are.
func (e *Engine) Published(ctx context.Context) ([]release.Published, error) {
	found, err := e.client.ContainerList(ctx, client.ContainerListOptions{})
	if err != nil {
		return nil, e.failed("list the containers", err)
	}
	var out []release.Published
	for _, c := range found.Items {
		for _, p := range c.Ports {
			if p.PublicPort > 0 {
				out = append(out, release.Published{Container: nameOf(c), Project: c.Labels[api.ProjectLabel], Host: p.IP, Port: int(p.PublicPort), Protocol: p.Type})
			}
		}
	}
	return out, nil
}

// refusePorts refuses a host port that is wanted twice: both colors run at
// the same time while a release is under way, and beside the shared services.
func refusePorts(r reading) error {
	var seen []claim
	for _, c := range r.claims() {
		for _, have := range seen {
			if have.owner != c.owner && clash(have.port, c.port) {
				return invalid(c.at, fmt.Sprintf("%s publishes host port %s, which %s has at %s", c.owner, c.port.Published, have.owner, have.at), "give it another host port")
			}
		}
		seen = append(seen, c)
	}
	return nil
}

// claims are the host ports of the shared services and, where these run in
// two colors as they are, of the colors'.
func (r reading) claims() []claim {
	var out []claim
	src := r.source(release.None)
	for _, name := range r.sharedNames() {
		for _, port := range r.shared.Services[name].Ports {
			out = append(out, claim{"shared service " + name, release.None, src.at("services", name, "ports"), port})
		}
	}
	for _, c := range release.Colors {
		out = append(out, r.colorClaims(c)...)
	}
	return out
}

func (r reading) colorClaims(c release.Color) []claim {
	var out []claim
	src := r.source(c)
	for _, s := range r.app.Services {
		for replica := 1; replica <= s.Replicas; replica++ {
			slot := release.Slot{Service: s.Name, Color: c, Replica: replica}
			ports, _ := painter{app: r.app, color: c}.ports(r.definition(s, c, replica), slot)
			for _, port := range ports {
				out = append(out, claim{fmt.Sprintf("service %s of %s", s.NameOf(c, replica), c), c, src.at("services", s.NameOf(c, replica), "ports"), port})
			}
		}
	}
	return out
}
