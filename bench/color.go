package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"

	"teal/internal/release"
)

// color is one color of an application that runs in this process: its answer
// is its name, so a client needs nobody else's word for who answered.
type color struct {
	at     netip.AddrPort
	server *http.Server
}

// play starts a color at an address, on a free port if none is given.
func play(c release.Color, at netip.AddrPort) (*color, error) {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c, err)
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		// A body that does not come whole is a request that nginx lost, and
		// shows at its client.
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			fmt.Fprint(w, c)
		}
	}
	p := &color{at: l.Addr().(*net.TCPAddr).AddrPort(), server: &http.Server{Handler: http.HandlerFunc(answer)}}
	go p.server.Serve(l)
	return p, nil
}

func (c *color) close() error { return c.server.Close() }

// pair is both colors, each at its slot's address, on the same port.
type pair struct {
	net    release.Network
	colors []*color // blue, green
}

// newPair starts both colors in a subnet of the loopback network.
func newPair(subnet netip.Prefix, services []release.Service) (*pair, error) {
	addresses, err := release.Network{Subnet: subnet}.Assign(services)
	if err != nil {
		return nil, err
	}
	p := &pair{net: addresses}
	for _, c := range release.Colors {
		slot := release.Slot{Service: services[0].Name, Color: c, Replica: 1}
		one, err := play(c, netip.AddrPortFrom(addresses.Addr(slot), p.port()))
		if err != nil {
			p.close()
			return nil, err
		}
		p.colors = append(p.colors, one)
	}
	return p, nil
}

// port is the colors' port; 0 before the first has one.
func (p *pair) port() uint16 {
	if len(p.colors) == 0 {
		return 0
	}
	return p.colors[0].at.Port()
}

// at is where a color listens.
func (p *pair) at(c release.Color) netip.AddrPort {
	if c == release.Green {
		return p.colors[1].at
	}
	return p.colors[0].at
}

func (p *pair) close() {
	for _, c := range p.colors {
		// Ends with the process at the latest.
		_ = c.close()
	}
}
