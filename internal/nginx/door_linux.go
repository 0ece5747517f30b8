package nginx

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// What linux/fib_rules.h names and the syscall package doesn't: struct
// fib_rule_hdr's length, the action of a rule, and its attributes.
const (
	ruleHeader      = 12
	ruleUnreachable = 7 // FR_ACT_UNREACHABLE

	ruleTo       = 1  // FRA_DST
	ruleFrom     = 3  // FRA_IIFNAME: lo stands for this machine's own packets
	rulePriority = 6  // FRA_PRIORITY
	ruleProtocol = 22 // FRA_IP_PROTO
	rulePorts    = 24 // FRA_DPORT_RANGE: the first and the last
)

// doorPriority tells our rules from others'. The main table comes at 32766.
const doorPriority = 7334

// shut makes new connections of this machine to the address fail at once.
func shut(d netip.AddrPort) error {
	err := askKernel(ruleMessage(syscall.RTM_NEWRULE, syscall.NLM_F_CREATE|syscall.NLM_F_EXCL, d))
	if errors.Is(err, syscall.EEXIST) {
		return nil
	}
	return err
}

// reopen takes that rule away, and no other.
func reopen(d netip.AddrPort) error {
	err := askKernel(ruleMessage(syscall.RTM_DELRULE, 0, d))
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return err
}

func ruleMessage(kind, flags uint16, d netip.AddrPort) []byte {
	order := binary.NativeEndian
	addr := d.Addr().As4()
	body := []byte{
		syscall.AF_INET, 32, 0, 0, // the destination's length, the source's, the type of service
		0, 0, 0, ruleUnreachable, // no table
		0, 0, 0, 0, // flags
	}
	body = attribute(body, ruleTo, addr[:])
	body = attribute(body, ruleFrom, []byte("lo\x00"))
	body = attribute(body, rulePriority, order.AppendUint32(nil, doorPriority))
	body = attribute(body, ruleProtocol, []byte{syscall.IPPROTO_TCP})
	body = attribute(body, rulePorts, order.AppendUint16(order.AppendUint16(nil, d.Port()), d.Port()))
	return netlinkMessage(kind, flags, body)
}

// allShut are the doors that any teal of this machine has shut.
func allShut() ([]netip.AddrPort, error) {
	dump, err := syscall.NetlinkRIB(syscall.RTM_GETRULE, syscall.AF_INET)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseNetlinkMessage(dump)
	if err != nil {
		return nil, err
	}
	var list []netip.AddrPort
	for _, m := range messages {
		if d, ok := doorOf(m); ok && !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	return list, nil
}

// doorOf is the door that a rule shuts, if it is one of ours.
func doorOf(m syscall.NetlinkMessage) (netip.AddrPort, bool) {
	if m.Header.Type != syscall.RTM_NEWRULE || len(m.Data) < ruleHeader || m.Data[7] != ruleUnreachable {
		return netip.AddrPort{}, false
	}
	order := binary.NativeEndian
	have := attributes(m.Data[ruleHeader:])
	addr, known := netip.AddrFromSlice(have[ruleTo])
	priority, ports := have[rulePriority], have[rulePorts]
	if !known || len(priority) != 4 || order.Uint32(priority) != doorPriority || len(ports) != 4 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(addr, order.Uint16(ports)), true
}

// attributes are the attributes of a message by their kind (struct rtattr).
func attributes(b []byte) map[uint16][]byte {
	order := binary.NativeEndian
	all := map[uint16][]byte{}
	for len(b) >= syscall.SizeofRtAttr {
		n := int(order.Uint16(b))
		if n < syscall.SizeofRtAttr || n > len(b) {
			break
		}
		all[order.Uint16(b[2:])] = b[syscall.SizeofRtAttr:n]
		b = b[min(aligned(n), len(b)):]
	}
	return all
}

// aligned is a length as netlink rounds it up.
func aligned(n int) int { return (n + 3) &^ 3 }
