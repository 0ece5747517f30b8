package release

import "net/netip"

// Target is one replica whose health is asked.
type Target struct {
	Slot      Slot
	Container Container
	Addr      netip.AddrPort // where nginx will reach it; zero port for a service without one
	Health    Health
	Host      string // Host header where the health check names none
}
