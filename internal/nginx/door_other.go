//go:build !linux

package nginx

import "net/netip"

// Docker's addresses are not this machine's where it isn't Linux.
func shut(netip.AddrPort) error { return nil }

func reopen(netip.AddrPort) error { return nil }

func allShut() ([]netip.AddrPort, error) { return nil, nil }
