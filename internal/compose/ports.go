package compose

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"teal/internal/release"
)

// Complete returns the app with what its colors' own compose files say and
// teal.yaml need not repeat: the services that both colors have and teal.yaml
// doesn't list, which belong to the color and get no requests, and the
// loopback ports of services that have a port. It reads files only, needs no
// Docker engine, and returns an app without such files as it is.
func Complete(ctx context.Context, app release.App) (release.App, error) {
	if !hasOwn(app) {
		return app, nil
	}
	var r reading
	_, err := logged().during(func() (err error) {
		r, err = read(ctx, app)
		return err
	})
	if err != nil {
		return app, err
	}
	r.app.Services = slices.Concat(app.Services, r.unlisted())
	if app.Addresses != release.AddressesPorts {
		return r.app, nil
	}
	for i, s := range r.app.Services {
		if s.Port == 0 || len(s.HostPorts) > 0 {
			continue
		}
		if r.app.Services[i].HostPorts, err = r.hostPorts(s); err != nil {
			return app, err
		}
	}
	return r.app, nil
}

// unlisted are the services that the files of both colors have under one name
// and teal.yaml doesn't mention.
func (r reading) unlisted() []release.Service {
	var out []release.Service
	for _, name := range r.colors[release.Blue].ServiceNames() {
		_, both := r.colors[release.Green].Services[name]
		if both && !isColored(r.app, name) && !r.isShared(name) {
			out = append(out, release.Service{Name: name, Replicas: 1, Health: gate(r.app)})
		}
	}
	return out
}

// gate is the patience of the app's first service for one that teal.yaml
// says nothing of: its own health check decides, or that it stays up.
func gate(app release.App) release.Health {
	h := release.Health{Answers: 1}
	if len(app.Services) > 0 {
		first := app.Services[0].Health
		h.Answers, h.Timeout, h.Request = first.Answers, first.Timeout, first.Request
	}
	return h
}

// hostPorts are the ports at which each color's files publish the service's
// port, for each replica.
func (r reading) hostPorts(s release.Service) (map[release.Color][]int, error) {
	out := map[release.Color][]int{}
	for _, c := range release.Colors {
		for replica := 1; replica <= s.Replicas; replica++ {
			name := s.NameOf(c, replica)
			d, there := r.colors[c].Services[name]
			if !there {
				return nil, noSuchService(r.app, r.colors[c], r.source(c), name)
			}
			nth := replica
			if len(s.Each[c]) > 0 {
				nth = 1
			}
			port := publishedAt(d, s.Port, nth)
			if port == 0 {
				return nil, unpublished(r.source(c), s, name)
			}
			out[c] = append(out[c], port)
		}
	}
	return out, nil
}

// publishedAt is the nth loopback port that leads to the container's port, 0
// if there is none.
func publishedAt(d types.ServiceConfig, port, nth int) int {
	var found []int
	for _, p := range d.Ports {
		if int(p.Target) == port && p.Protocol != "udp" && onLoopback(p.HostIP) {
			found = append(found, published(p)...)
		}
	}
	if nth > len(found) {
		return 0
	}
	return found[nth-1]
}

// published are the fixed host ports of an entry: one, a range, or none.
func published(p types.ServicePortConfig) []int {
	from, to, isRange := strings.Cut(p.Published, "-")
	first, err := strconv.Atoi(from)
	if err != nil {
		return nil
	}
	last := first
	if isRange {
		if last, err = strconv.Atoi(to); err != nil {
			return nil
		}
	}
	var ports []int
	for port := first; port <= last; port++ {
		ports = append(ports, port)
	}
	return ports
}

// onLoopback reports whether a port published at the address is reached at
// 127.0.0.1.
func onLoopback(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "127.0.0.1" }

func unpublished(src source, s release.Service, name string) error {
	return invalid(src.at("services", name, "ports"),
		fmt.Sprintf("service %s publishes no host port for its port %d, at which nginx could reach it", name, s.Port),
		fmt.Sprintf("publish one, as 127.0.0.1:PORT:%d, or set port of service %s in teal.yaml to the container's port", s.Port, s.Name))
}
