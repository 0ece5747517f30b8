package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"teal/internal/release"
	"teal/test/load"
)

// place is one color of the application, in this process, at a fixed address.
type place struct {
	at     netip.AddrPort
	app    load.App
	server *http.Server
	mu     sync.Mutex
	conns  map[net.Conn]bool // those that left HTTP
}

// play starts a color at its address, on a free port if none is given.
func play(c release.Color, at netip.AddrPort, keep func(load.ID) error) (*place, error) {
	p := &place{at: at, app: load.App{Color: string(c), Keep: keep}}
	return p, p.start()
}

func (p *place) start() error {
	l, err := net.Listen("tcp", p.at.String())
	if err != nil {
		return fmt.Errorf("start %s: %w", p.app.Color, err)
	}
	p.at, p.conns = l.Addr().(*net.TCPAddr).AddrPort(), map[net.Conn]bool{}
	p.server = &http.Server{Handler: p.app.Handler(), ReadHeaderTimeout: time.Minute, ConnState: p.watch}
	go p.server.Serve(l)
	return nil
}

// watch knows the connections that left HTTP, which the server forgets.
func (p *place) watch(conn net.Conn, s http.ConnState) {
	if s != http.StateHijacked {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[conn] = true
}

// kill ends it as kill -9 would: whatever is inside is gone.
func (p *place) kill() error {
	err := p.server.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		if e := conn.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// pair is both colors, each at its slot's address, on the same port. More
// replicas than the first may be played beside them.
type pair struct {
	net    release.Network
	places map[release.Slot]*place
	port   uint16
}

// newPair starts all slots of the services in a subnet of the loopback network.
func newPair(subnet netip.Prefix, services []release.Service, keep func(load.ID) error) (*pair, error) {
	addresses, err := release.Network{Subnet: subnet}.Assign(services)
	if err != nil {
		return nil, err
	}
	p := &pair{net: addresses, places: map[release.Slot]*place{}}
	for slot, addr := range addresses.Slots {
		one, err := play(slot.Color, netip.AddrPortFrom(addr, p.port), keep)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.places[slot], p.port = one, one.at.Port()
	}
	return p, nil
}

// first is a color's first replica.
func (p *pair) first(c release.Color) *place {
	return p.places[release.Slot{Service: service, Color: c, Replica: 1}]
}

// all does the same to every replica of a color.
func (p *pair) all(c release.Color, do func(*place) error) error {
	var errs []error
	for slot, one := range p.places {
		if slot.Color == c {
			errs = append(errs, do(one))
		}
	}
	return errors.Join(errs...)
}

func (p *pair) close() error {
	var errs []error
	for _, one := range p.places {
		errs = append(errs, one.kill())
	}
	return errors.Join(errs...)
}
