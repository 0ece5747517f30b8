package probe

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// dockerResolver is where Docker's own name server listens inside every
// container of a user-defined network (libnetwork resolver.go); it is not the
// application's.
var dockerResolver = netip.AddrFrom4([4]byte{127, 0, 0, 11})

// listeners are the TCP addresses the network namespace of the process
// listens on, from /proc/<pid>/net/tcp and tcp6 (proc(5)), sorted.
func listeners(pid int) ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, table := range []string{"tcp", "tcp6"} {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil && table == "tcp" {
			return nil, fmt.Errorf("read the container's sockets: %w", err)
		}
		all = append(all, parseListeners(string(data))...)
	}
	slices.SortFunc(all, netip.AddrPort.Compare)
	return slices.Compact(all), nil
}

// stateListen is TCP_LISTEN (Linux include/net/tcp_states.h).
const stateListen = "0A"

func parseListeners(table string) []netip.AddrPort {
	var all []netip.AddrPort
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != stateListen {
			continue
		}
		if addr, ok := parseSocket(fields[1]); ok && addr.Addr() != dockerResolver {
			all = append(all, addr)
		}
	}
	return all
}

// parseSocket reads 0100007F:0BB8: the address as 32-bit words in the
// machine's byte order, the port as a number.
func parseSocket(text string) (netip.AddrPort, bool) {
	host, port, ok := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	n, portErr := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || portErr != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(raw, 4) {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), ok
}

// reach sorts what a container listens on by whether nginx could reach it.
type reach struct {
	open     []int // ports open to other hosts
	loopback []int // ports open to the container itself alone
}

func reachOf(all []netip.AddrPort) reach {
	var r reach
	for _, a := range all {
		if a.Addr().IsLoopback() {
			r.loopback = append(r.loopback, int(a.Port()))
		} else {
			r.open = append(r.open, int(a.Port()))
		}
	}
	for _, ports := range []*[]int{&r.open, &r.loopback} {
		slices.Sort(*ports)
		*ports = slices.Compact(*ports)
	}
	return r
}
