//go:build linux

package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"os"
	"syscall"
	"unsafe"
)

// The kernel's requests for network interfaces (linux/sockios.h).
const (
	setFlags   = 0x8914 // SIOCSIFFLAGS
	setAddress = 0x8916 // SIOCSIFADDR
	setMask    = 0x891c // SIOCSIFNETMASK
	makeBridge = 0x89a0 // SIOCBRADDBR
	dropBridge = 0x89a1 // SIOCBRDELBR
)

// request is the kernel's struct ifreq: a name, and for some requests flags or
// an address.
type request struct {
	name [16]byte
	data [24]byte
}

// ask sends requests about the interface; the first that fails ends it.
func ask(name string, requests ...query) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	for _, q := range requests {
		r := request{data: q.data}
		copy(r.name[:len(r.name)-1], name)
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), q.what, uintptr(unsafe.Pointer(&r))); errno != 0 {
			return fmt.Errorf("bridge %s, request %#x: %w", name, q.what, errno)
		}
	}
	return nil
}

type query struct {
	what uintptr
	data [24]byte
}

func flags(bits uint16) query {
	q := query{what: setFlags}
	binary.NativeEndian.PutUint16(q.data[:], bits)
	return q
}

// address is a struct sockaddr_in.
func address(what uintptr, a netip.Addr) query {
	q := query{what: what}
	binary.NativeEndian.PutUint16(q.data[:], syscall.AF_INET)
	copy(q.data[4:8], a.AsSlice())
	return q
}

// addBridge makes a bridge, if it isn't there, with an address of those that
// are set aside for measurements (RFC 2544): dockerd would give it one of the
// few networks that all engines of the machine take theirs from.
func addBridge(name string) error {
	if _, err := os.Stat("/sys/class/net/" + name); err == nil {
		return nil
	}
	sum := crc32.ChecksumIEEE([]byte(name))
	at := netip.AddrFrom4([4]byte{198, 18 + byte(sum>>16&1), byte(sum >> 8), byte(sum)&0xf0 + 1})
	mask := netip.AddrFrom4([4]byte{255, 255, 255, 0xf0})
	return ask(name, query{what: makeBridge}, address(setAddress, at), address(setMask, mask), flags(syscall.IFF_UP))
}

// removeBridge takes a bridge down and removes it; one that is gone is fine.
func removeBridge(name string) error {
	err := ask(name, flags(0), query{what: dropBridge})
	if errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.ENXIO) {
		return nil
	}
	return err
}
