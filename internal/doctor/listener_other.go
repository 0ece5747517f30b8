//go:build !linux

package doctor

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
)

// listener tries to listen itself, for an instant: only Linux tells who holds
// an address.
func listener(addr netip.AddrPort) (holder, bool) {
	l, err := net.Listen("tcp", addr.String())
	if err != nil {
		return holder{}, !os.IsPermission(err)
	}
	return holder{}, l.Close() != nil
}

func parent(int) int { return 0 }

func firstFree() uint16 { return 1024 }

// HostNginx reports whether this machine has an nginx.
func HostNginx() bool {
	_, err := exec.LookPath("nginx")
	return err == nil
}
