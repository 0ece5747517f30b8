package nginx

import (
	"net/netip"

	"teal/internal/release"
)

// ends are where nginx reaches the containers of an app. Those on the app's
// network are told by their address alone, so that a port of an older shape
// counts as well; on the loopback address the port tells them apart.
type ends struct {
	addrs map[netip.Addr]release.Color
	ports map[netip.AddrPort]release.Color
}

func endsOf(app release.App, net release.Network) ends {
	e := ends{map[netip.Addr]release.Color{}, map[netip.AddrPort]release.Color{}}
	if app.Addresses != release.AddressesPorts {
		for slot, addr := range net.Slots {
			e.addrs[addr] = slot.Color
		}
		return e
	}
	for _, c := range release.Colors {
		for _, s := range append(app.ShapeIn(c).Services, app.Services...) {
			for replica := 1; replica <= max(s.Replicas, len(s.HostPorts[c])); replica++ {
				at := app.Endpoint(net, release.Slot{Service: s.Name, Color: c, Replica: replica})
				if at.IsValid() {
					e.ports[at] = c
				}
			}
		}
	}
	return e
}

// color is whose the address is, None for nobody's.
func (e ends) color(at netip.AddrPort) release.Color {
	if c, ok := e.ports[at]; ok {
		return c
	}
	return e.addrs[at.Addr()]
}
