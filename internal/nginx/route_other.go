//go:build !linux

package nginx

import "net/netip"

// Docker's addresses are not this machine's where it isn't Linux: there is
// nothing to bar.
func bar(netip.Prefix) error { return nil }

func unbar(netip.Prefix) error { return nil }
