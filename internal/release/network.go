package release

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// Slot names one place a container can have: replicas count from 1.
type Slot struct {
	Service string
	Color   Color
	Replica int
}

// String is the slot's name, also the container's host part: back-green-1.
func (s Slot) String() string { return fmt.Sprintf("%s-%s-%d", s.Service, s.Color, s.Replica) }

// Network is an app's bridge network teal-<app>. Addresses are given to slots
// once and stay theirs for as long as the app exists, so the nginx config
// need not change when a release does.
type Network struct {
	Subnet netip.Prefix // a /24
	Slots  map[Slot]netip.Addr
}

// NetworkName is the Docker network of an app.
func NetworkName(app string) string { return "teal-" + app }

// firstSlot and lastSlot bound the host part of slot addresses in the /24; the
// gateway is .1 and Docker's own allocations come from the upper half.
const (
	firstSlot = 2
	lastSlot  = 127
)

// Gateway is the network's first address.
func (n Network) Gateway() netip.Addr { return host(n.Subnet, 1) }

// DockerRange is the half of the subnet from which Docker hands out addresses
// itself, so that it never takes a slot's.
func (n Network) DockerRange() netip.Prefix {
	return netip.PrefixFrom(host(n.Subnet, lastSlot+1), n.Subnet.Bits()+1)
}

// Addr is the slot's address; the zero Addr if it has none.
func (n Network) Addr(s Slot) netip.Addr { return n.Slots[s] }

// Assign returns the network with an address for every slot the services
// need, in both colors. Slots that have one keep it; addresses are never
// reused, so a slot that is gone can't lend its address to another service.
func (n Network) Assign(services []Service) (Network, error) {
	out := Network{Subnet: n.Subnet, Slots: map[Slot]netip.Addr{}}
	next := firstSlot
	for slot, addr := range n.Slots {
		out.Slots[slot] = addr
		next = max(next, int(addr.As4()[3])+1)
	}
	for _, slot := range slotsOf(services) {
		if out.Slots[slot].IsValid() {
			continue
		}
		if next > lastSlot {
			return Network{}, n.full(slot)
		}
		out.Slots[slot] = host(n.Subnet, next)
		next++
	}
	return out, nil
}

// full is the error of a network whose addresses are all given out: most of
// them to services and replicas of before, for none is ever given twice.
func (n Network) full(s Slot) error {
	return &Error{
		Code: Invalid, What: fmt.Sprintf("network %s has no address left for %s", n.Subnet, s),
		Detail: []string{fmt.Sprintf("it has %d for the replicas of both colors, and a service that was taken away keeps its own", lastSlot-firstSlot+1)},
		Next:   "ask for fewer replicas; or, where services come and go, teal down and teal deploy, which gives all addresses anew",
	}
}

func slotsOf(services []Service) []Slot {
	var slots []Slot
	for _, s := range services {
		for _, c := range Colors {
			for r := 1; r <= s.Replicas; r++ {
				slots = append(slots, Slot{s.Name, c, r})
			}
		}
	}
	slices.SortStableFunc(slots, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Color, b.Color), a.Replica-b.Replica)
	})
	return slots
}

func host(p netip.Prefix, n int) netip.Addr {
	b := p.Masked().Addr().As4()
	b[3] = byte(n)
	return netip.AddrFrom4(b)
}
