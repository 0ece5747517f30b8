package nginx

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// socket is what the kernel tells of one, by sock_diag(7) or as a line of
// /proc/<pid>/net/tcp or tcp6 (proc_net_tcp.txt of the kernel's documentation).
type socket struct {
	local  netip.AddrPort
	remote netip.AddrPort
	state  int
	unsent bool // something that was written has not been acknowledged
	probed bool // its timer is the keep-alive timer: SO_KEEPALIVE is on
	user   int
	inode  uint64
}

// States of a socket (tcp_states.h) and the kind of its keep-alive timer.
const (
	stateEstablished = 1
	stateConnecting  = 2 // SYN_SENT
	stateListen      = 10
	timerKeepalive   = "02"
)

// socketTable is a table of the kernel's: its file in /proc/<pid>, and its
// family of addresses.
type socketTable struct {
	file   string
	family byte
}

var (
	ipv4 = socketTable{"net/tcp", syscall.AF_INET}
	ipv6 = socketTable{"net/tcp6", syscall.AF_INET6}
)

// sockets lists the TCP sockets in the network namespace of a process. The
// kernel walks a table for it that is as large as the machine's memory allows,
// whatever is in it: 0.2 ms of a processor where it tells them, 3.5 where it
// writes them down (measured with 262,144 buckets).
func (t socketTable) sockets(pid int) ([]socket, error) {
	if list, err := t.told(pid); err == nil {
		return list, nil
	}
	list, err := socketsIn(procPath(pid, t.file))
	if err != nil {
		return nil, fmt.Errorf("read the sockets of process %d: %w", pid, err)
	}
	return list, nil
}

// sockets are those of IPv4 and of IPv6.
func sockets(pid int) ([]socket, error) {
	list, err := ipv4.sockets(pid)
	if err != nil {
		return nil, err
	}
	six, err := ipv6.sockets(pid)
	if errors.Is(err, fs.ErrNotExist) { // a kernel without IPv6
		return list, nil
	}
	return append(list, six...), err
}

func socketsIn(path string) ([]socket, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var list []socket
	scan := bufio.NewScanner(file)
	for scan.Scan() {
		if s, ok := parseSocket(scan.Text()); ok {
			list = append(list, s)
		}
	}
	return list, scan.Err()
}

// parseSocket reads the columns sl, local, remote, st, queues, tr:when, retr,
// uid, timeout, inode. The heading isn't a socket.
func parseSocket(line string) (socket, bool) {
	f := strings.Fields(line)
	if len(f) < 10 {
		return socket{}, false
	}
	local, ok1 := parseEnd(f[1])
	remote, ok2 := parseEnd(f[2])
	state, err1 := strconv.ParseInt(f[3], 16, 32)
	user, err2 := strconv.Atoi(f[7])
	inode, err3 := strconv.ParseUint(f[9], 10, 64)
	if !ok1 || !ok2 || err1 != nil || err2 != nil || err3 != nil {
		return socket{}, false
	}
	unsent, _, _ := strings.Cut(f[4], ":")
	timer, _, _ := strings.Cut(f[5], ":")
	return socket{local, remote, int(state), strings.Trim(unsent, "0") != "", timer == timerKeepalive, user, inode}, true
}

// parseEnd reads address:port. The kernel prints the address as words of 32
// bits in the machine's byte order.
func parseEnd(s string) (netip.AddrPort, bool) {
	words, ports, _ := strings.Cut(s, ":")
	raw, err := hex.DecodeString(words)
	port, err2 := strconv.ParseUint(ports, 16, 16)
	if err != nil || err2 != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), ok
}

// listener is the process that listens on an address, or on its port at all
// addresses, in the network of the process within. It is 0 where nobody is
// found, or may be looked at.
func listener(within int, at netip.AddrPort) int {
	list, err := sockets(within)
	if err != nil {
		return 0
	}
	for _, s := range list {
		if s.state != stateListen || !meets(s.local, at) {
			continue
		}
		link := fmt.Sprintf("socket:[%d]", s.inode)
		for _, pid := range processes() {
			if opened(pid, link) {
				return pid
			}
		}
	}
	return 0
}

// meets reports whether two listening addresses are in each other's way.
func meets(a, b netip.AddrPort) bool {
	if a.Port() != b.Port() {
		return false
	}
	return a.Addr() == b.Addr() || a.Addr().IsUnspecified() || b.Addr().IsUnspecified()
}

func command(pid int) string {
	text, err := os.ReadFile(procPath(pid, "comm"))
	if err != nil {
		return "a process"
	}
	return strings.TrimSpace(string(text))
}
