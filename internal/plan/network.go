package plan

import (
	"net/netip"

	"teal/internal/release"
)

// pool is where subnets are taken from: inside 10/8, away from the parts that
// Docker (172.16/12, 192.168/16), the common cluster networks (10.42, 10.43,
// 10.96, 10.244) and most offices use. 4,096 networks of 254 addresses.
var pool = netip.MustParsePrefix("10.208.0.0/12")

// Network is the app's network with an address for every slot the app needs:
// the remembered one, or else the one Docker has, or else the first of the
// pool that nothing on this machine uses.
func Network(known release.Network, e release.Engine, services []release.Service) (release.Network, error) {
	if known.Subnet.IsValid() {
		return known.Assign(services)
	}
	if e.Network.Exists {
		return release.Network{Subnet: e.Network.Subnet}.Assign(services)
	}
	subnet, ok := free(e.Taken)
	if !ok {
		return release.Network{}, &release.Error{
			Code: release.Invalid,
			What: "no free subnet: all of " + pool.String() + " is in use on this machine",
			Next: "docker network ls shows the networks; remove one that is not needed",
		}
	}
	return release.Network{Subnet: subnet}.Assign(services)
}

func free(taken []netip.Prefix) (netip.Prefix, bool) {
	for a := pool.Addr(); pool.Contains(a); a = nextNet(a) {
		p := netip.PrefixFrom(a, 24)
		if !overlapsAny(p, taken) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

func overlapsAny(p netip.Prefix, taken []netip.Prefix) bool {
	for _, t := range taken {
		// A default route covers everything and reserves nothing.
		if t.Bits() > 0 && t.Overlaps(p) {
			return true
		}
	}
	return false
}

func nextNet(a netip.Addr) netip.Addr {
	b := a.As4()
	n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8
	n += 1 << 8
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8)})
}
