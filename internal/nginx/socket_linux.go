package nginx

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"syscall"
)

// What linux/sock_diag.h and linux/inet_diag.h name and the syscall package
// doesn't: the family of netlink's messages, the question for sockets, and the
// length of struct inet_diag_req_v2 and of struct inet_diag_msg.
const (
	diagFamily   = 4 // NETLINK_SOCK_DIAG
	diagQuestion = 20
	diagAsk      = 56
	diagTell     = 72
)

// diagStates are all states but TIME_WAIT: those are many, and no process's.
const diagStates = 0xfff &^ (1 << 6)

// told lists the sockets of a table as the kernel tells them by sock_diag(7),
// which takes it a fraction of what writing the table down takes. It tells them to
// whom is in the same network only.
func (t socketTable) told(pid int) ([]socket, error) {
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return nil, err
	}
	if theirs, err := os.Readlink(procPath(pid, "ns/net")); err != nil || theirs != ours {
		return nil, errors.Join(errors.ErrUnsupported, err)
	}
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, diagFamily)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	body := make([]byte, diagAsk)
	body[0], body[1] = t.family, syscall.IPPROTO_TCP
	binary.NativeEndian.PutUint32(body[4:], diagStates)
	message := netlinkMessage(diagQuestion, syscall.NLM_F_DUMP, body)
	if err := syscall.Sendto(fd, message, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return nil, err
	}
	return readDiag(fd)
}

// readDiag reads the answer to its end. The kernel has each part ready when the
// one before was taken.
func readDiag(fd int) ([]socket, error) {
	var list []socket
	for buffer := make([]byte, 64<<10); ; {
		n, _, err := syscall.Recvfrom(fd, buffer, syscall.MSG_DONTWAIT)
		if err != nil {
			return nil, err
		}
		messages, err := syscall.ParseNetlinkMessage(buffer[:n])
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			switch m.Header.Type {
			case syscall.NLMSG_DONE:
				return list, nil
			case syscall.NLMSG_ERROR:
				return nil, verdict(m)
			case diagQuestion:
				if len(m.Data) < diagTell {
					return nil, errUnread
				}
				list = append(list, diagnosed(m.Data))
			}
		}
	}
}

// diagnosed reads a struct inet_diag_msg. Ports and addresses are as they go
// over the network, the rest is in the machine's byte order.
func diagnosed(b []byte) socket {
	order := binary.NativeEndian
	state := int(b[1])
	return socket{
		local:  diagEnd(b[0], b[8:24], b[4:6]),
		remote: diagEnd(b[0], b[24:40], b[6:8]),
		state:  state,
		unsent: state != stateListen && order.Uint32(b[60:]) > 0, // a listener's is its backlog
		probed: b[2] == 2,
		user:   int(order.Uint32(b[64:])),
		inode:  uint64(order.Uint32(b[68:])),
	}
}

func diagEnd(family byte, addr, port []byte) netip.AddrPort {
	at := netip.AddrFrom16([16]byte(addr)).Unmap()
	if family == syscall.AF_INET {
		at = netip.AddrFrom4([4]byte(addr))
	}
	return netip.AddrPortFrom(at, binary.BigEndian.Uint16(port))
}
