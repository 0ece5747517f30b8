package plan

import (
	"hash/fnv"
	"net/netip"

	"teal/internal/release"
)

// pool is where subnets are taken from: inside 10/8, away from the parts that
// Docker (172.16/12, 192.168/16), the common cluster networks (10.42, 10.43,
// 10.96, 10.244) and most offices use. 4,096 networks of 254 addresses.
var pool = netip.MustParsePrefix("10.208.0.0/12")

// Network is the app's network with an address for every slot the app needs:
// the remembered one, or else the one Docker has, or else one of the pool that
// nothing on this machine uses.
func Network(known release.Network, e release.Engine, app release.App) (release.Network, error) {
	if known.Subnet.IsValid() {
		return known.Assign(app.Services)
	}
	if e.Network.Exists {
		return release.Network{Subnet: e.Network.Subnet}.Assign(app.Services)
	}
	subnet, ok := free(app.Name, e.Taken)
	if !ok {
		return release.Network{}, &release.Error{
			Code: release.Invalid,
			What: "no free subnet: all of " + pool.String() + " is in use on this machine",
			Next: "docker network ls shows the networks; remove one that is not needed",
		}
	}
	return release.Network{Subnet: subnet}.Assign(app.Services)
}

// free looks for a subnet from a place that the app's name gives, so that two
// apps deployed for the first time at the same moment don't want the same.
func free(app string, taken []netip.Prefix) (netip.Prefix, bool) {
	h := fnv.New32a()
	h.Write([]byte(app)) // never fails
	for i := range uint32(subnets) {
		p := subnet((h.Sum32() + i) % subnets)
		if !overlapsAny(p, taken) {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// subnets is how many /24 the pool holds.
const subnets = 1 << 12

// subnet is the nth /24 of the pool.
func subnet(n uint32) netip.Prefix {
	base := pool.Addr().As4()
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{base[0], base[1] + byte(n>>8), byte(n), 0}), 24)
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
