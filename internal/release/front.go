package release

import "net/netip"

// Front is where a process of this machine meets an app as a client does. Two
// that are equal are the same place.
type Front struct {
	Addr netip.AddrPort
	TLS  bool
	Host string // for the handshake and the request
}
