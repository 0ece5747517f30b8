package release

import "net/netip"

// Target is one replica whose health is asked.
type Target struct {
	Slot      Slot
	Container Container
	Addr      netip.AddrPort // where nginx will reach it; zero port for a service without one
	Inside    int            // its port in the container, where Addr is a port of this machine that leads to it; else 0
	Health    Health
	Host      string // Host header where the health check names none
}
