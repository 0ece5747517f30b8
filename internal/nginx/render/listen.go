package render

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Address reads an nginx listen address: "80", "*:80", "127.0.0.1:80" or
// "[::1]:80". A port alone stands for all IPv4 addresses, as in nginx.
func Address(listen string) (netip.AddrPort, error) {
	if port, err := strconv.ParseUint(strings.TrimPrefix(listen, "*:"), 10, 16); err == nil && port > 0 {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)), nil
	}
	a, err := netip.ParseAddrPort(listen)
	if err != nil || a.Port() == 0 || a.Addr().Zone() != "" {
		return netip.AddrPort{}, fmt.Errorf("%q is not an address to listen on", listen)
	}
	return a, nil
}

// Reach is the address at which a process on this machine meets what listens
// on a: loopback in place of a wildcard.
func Reach(a netip.AddrPort) netip.AddrPort {
	switch {
	case !a.Addr().IsUnspecified():
		return a
	case a.Addr().Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), a.Port())
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), a.Port())
}

// allow lists, beside loopback, from where teal's questions may come: the
// specific addresses we listen on, since a connection from this machine to one
// of its own addresses comes from that address, and those it is told.
func allow(in Input) []string {
	all := slices.Clone(in.Listen)
	if in.TLS != nil {
		all = append(all, in.TLS.Listen...)
	}
	var list []string
	add := func(a netip.Addr) {
		if text := a.String(); !a.IsUnspecified() && !a.IsLoopback() && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	for _, l := range all {
		if a, err := Address(l); err == nil {
			add(a.Addr())
		}
	}
	for _, a := range in.Ask {
		add(a)
	}
	return list
}
