package config

import (
	"net/netip"
	"slices"

	"teal/internal/release"
)

// checkPorts refuses loopback ports that are too few, too many, given twice,
// or given where nobody uses them.
func (d *draft) checkPorts() {
	taken := d.listened()
	for _, s := range d.services {
		at := s.at.entry("ports")
		switch {
		case !at.written():
			d.demandPorts(s)
		case d.app.Addresses != release.AddressesPorts:
			at.refuse("%s: loopback ports are for addresses: ports, which the file doesn't say", at.title())
		case !s.at.has("port"):
			at.refuse("%s: the service has no port that they could lead to: write port: 8080 beside it", at.title())
		default:
			checkCount(s, at)
			claim(s, at, taken)
		}
	}
}

// demandPorts refuses a service without loopback ports where nothing else
// could give them: a color's own compose files publish theirs.
func (d *draft) demandPorts(s serviceDraft) {
	if d.app.Addresses == release.AddressesPorts && d.app.Own == nil && s.at.has("port") {
		s.at.refuse("%s: no loopback ports, which addresses: ports asks for: write ports: {blue: 18080, green: 18081}", s.at.title())
	}
}

// checkCount refuses colors that haven't one port for each replica.
func checkCount(s serviceDraft, at value) {
	for _, c := range release.Colors {
		ports, written := s.HostPorts[c]
		if !written {
			at.refuse("%s: none for %s: write ports: {blue: 18080, green: 18081}", at.title(), c)
			continue
		}
		if one := at.entry(string(c)); len(ports) > 0 && len(ports) != s.Replicas {
			one.refuse("%s: %d for %d replicas: each replica wants its own", one.title(), len(ports), s.Replicas)
		}
	}
}

// claim refuses ports that somebody before has. taken says who has which.
func claim(s serviceDraft, at value, taken map[int]string) {
	for _, c := range release.Colors {
		one := at.entry(string(c))
		for _, port := range s.HostPorts[c] {
			if holder, twice := taken[port]; twice {
				one.refuse("%s: port %d is taken by %s: each replica of each color wants its own", one.title(), port, holder)
				continue
			}
			taken[port] = one.title()
		}
	}
}

// listened are the ports that this machine's nginx has on the loopback
// address, for claim. A container's are its own.
func (d *draft) listened() map[int]string {
	taken := map[int]string{}
	for _, p := range d.app.Proxies {
		if p.Kind == release.ProxyContainer {
			continue
		}
		for _, l := range d.listens(p) {
			if addr := socket(l); addr.Addr().IsUnspecified() || addr.Addr().IsLoopback() {
				taken[int(addr.Port())] = p.Name()
			}
		}
	}
	return taken
}

// listens are the addresses the proxy has: its own, or else the site's.
func (d *draft) listens(p release.Proxy) []string {
	if len(p.Listen) > 0 {
		return p.Listen
	}
	all := slices.Clone(d.app.Site.Listen)
	if d.app.Site.TLS != nil {
		all = append(all, d.app.Site.TLS.Listen...)
	}
	return all
}

// socket is what nginx binds for a listen address that was read before; the
// zero AddrPort for another.
func socket(listen string) netip.AddrPort {
	if decimal.MatchString(listen) {
		listen = "0.0.0.0:" + listen
	}
	addr, err := netip.ParseAddrPort(listen)
	if err != nil {
		return netip.AddrPort{}
	}
	return addr
}
