package doctor

import (
	"fmt"
	"net/netip"

	"teal/internal/release"
)

// claims are about the ports that the app's containers get of the engine's
// machine: loopback ports of the colors, and what shared services publish.
// Each must be free, or held by the container that it is for.
func (c Case) claims() []release.Finding {
	var found []release.Finding
	for _, k := range c.Claims {
		if f, known := c.claim(k); known {
			found = append(found, f)
		}
	}
	return found
}

// claim is known unless it is about another machine, or a protocol of which
// nobody lists the sockets.
func (c Case) claim(k release.Claim) (f release.Finding, known bool) {
	for _, p := range c.Published {
		switch {
		case !taking(p, k):
			continue
		case p.Project == k.Project:
			return ok("host port %s of the %s is held by its own container %s", k.Address(), k.Owner, p.Container), true
		}
		return taken(k, "container "+p.Container), true
	}
	if !c.Engine.Local || k.Protocol != "tcp" {
		return release.Finding{}, false
	}
	switch h, held := listener(netip.AddrPortFrom(hostOf(k), uint16(k.Port))); {
	case !held:
		return ok("host port %s is free for the %s", k.Address(), k.Owner), true
	case h.pid == 0:
		return taken(k, "a process of another user"), true
	default:
		return taken(k, fmt.Sprintf("pid %d: %s", h.pid, h.title)), true
	}
}

func taken(k release.Claim, by string) release.Finding {
	f := fail(release.Gate, fmt.Sprintf("host port %s, which the %s publishes, is held by %s", k.Address(), k.Owner, by), "free the port, or give the "+k.Owner+" another one")
	f.Place = k.Place
	return f
}

// taking reports whether the container's port keeps the claim's from being
// bound.
func taking(p release.Published, k release.Claim) bool {
	held := netip.AddrPortFrom(p.Host, uint16(p.Port))
	return p.Protocol == k.Protocol && meet(held, netip.AddrPortFrom(hostOf(k), uint16(k.Port)))
}

// hostOf is the address that the claim binds. Docker takes all of IPv4 where
// none is given, and refuses a text that is no address before anything else.
func hostOf(k release.Claim) netip.Addr {
	addr, err := netip.ParseAddr(k.Host)
	if err != nil {
		return netip.IPv4Unspecified()
	}
	return addr
}

// meet reports whether two sockets can't both listen. One on [::] takes IPv4
// as well, unless it is told not to, which the table doesn't say.
func meet(a, b netip.AddrPort) bool {
	if a.Port() != b.Port() {
		return false
	}
	x, y := a.Addr().Unmap(), b.Addr().Unmap()
	return x == y || x == netip.IPv6Unspecified() || x.Is4() == y.Is4() && (x.IsUnspecified() || y.IsUnspecified())
}
