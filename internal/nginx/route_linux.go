package nginx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"syscall"
)

// lastResort is the metric of our routes: any other to the same subnet comes
// first.
const lastResort = math.MaxUint32

// bar makes the subnet unreachable where no other route leads there.
func bar(p netip.Prefix) error {
	err := askKernel(routeMessage(syscall.RTM_NEWROUTE, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, p))
	if err != nil && !errors.Is(err, syscall.EEXIST) {
		return fmt.Errorf("add an unreachable route to %s: %w", p, err)
	}
	return nil
}

// unbar takes that route away, and no other: its metric and type are asked for.
func unbar(p netip.Prefix) error {
	err := askKernel(routeMessage(syscall.RTM_DELROUTE, 0, p))
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("remove the unreachable route to %s: %w", p, err)
	}
	return nil
}

// routeMessage is a message of rtnetlink(7): struct rtmsg and two attributes.
func routeMessage(kind, flags uint16, p netip.Prefix) []byte {
	order := binary.NativeEndian
	addr := p.Addr().As4()
	body := []byte{
		syscall.AF_INET, byte(p.Bits()), 0, 0, // the source's length, the type of service
		syscall.RT_TABLE_MAIN, syscall.RTPROT_STATIC, syscall.RT_SCOPE_UNIVERSE, syscall.RTN_UNREACHABLE,
		0, 0, 0, 0, // flags
	}
	body = attribute(body, syscall.RTA_DST, addr[:])
	body = attribute(body, syscall.RTA_PRIORITY, order.AppendUint32(nil, lastResort))
	return netlinkMessage(kind, flags, body)
}

// attribute adds one to a message (struct rtattr).
func attribute(body []byte, kind uint16, value []byte) []byte {
	order := binary.NativeEndian
	body = order.AppendUint16(body, uint16(syscall.SizeofRtAttr+len(value)))
	body = order.AppendUint16(body, kind)
	body = append(body, value...)
	return append(body, make([]byte, aligned(len(value))-len(value))...)
}

// netlinkMessage puts the header before the body.
func netlinkMessage(kind, flags uint16, body []byte) []byte {
	order := binary.NativeEndian
	head := order.AppendUint32(nil, uint32(syscall.NLMSG_HDRLEN+len(body)))
	head = order.AppendUint16(head, kind)
	head = order.AppendUint16(head, syscall.NLM_F_REQUEST|syscall.NLM_F_ACK|flags)
	head = order.AppendUint32(head, 1) // sequence number
	head = order.AppendUint32(head, 0) // the kernel gives the port
	return append(head, body...)
}

// askKernel sends a message and returns the kernel's verdict, which is there
// when the message is sent.
func askKernel(message []byte) error {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	if err := syscall.Sendto(fd, message, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(fd, answer, syscall.MSG_DONTWAIT)
	if err != nil {
		return err
	}
	list, err := syscall.ParseNetlinkMessage(answer[:n])
	if err != nil || len(list) == 0 {
		return errors.Join(errUnread, err)
	}
	return verdict(list[0])
}

var errUnread = errors.New("the kernel's answer is not understood")

// verdict is what a message of kind NLMSG_ERROR says, nil for zero.
func verdict(m syscall.NetlinkMessage) error {
	if m.Header.Type != syscall.NLMSG_ERROR || len(m.Data) < 4 {
		return errUnread
	}
	if code := int32(binary.NativeEndian.Uint32(m.Data)); code != 0 {
		return syscall.Errno(-code)
	}
	return nil
}
