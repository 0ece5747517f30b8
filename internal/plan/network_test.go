package plan

import (
	"errors"
	"net/netip"
	"testing"

	"teal/internal/release"
)

func asError(err error, e **release.Error) bool { return errors.As(err, e) }

func TestAnAppGetsASubnetNothingUses(t *testing.T) {
	first, err := Network(release.Network{}, release.Engine{}, testApp())
	if err != nil {
		t.Fatal(err)
	}
	e := release.Engine{Taken: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.PrefixFrom(first.Subnet.Addr(), 25)}}
	second, err := Network(release.Network{}, e, testApp())
	if err != nil {
		t.Fatal(err)
	}
	if second.Subnet.Overlaps(first.Subnet) || !pool.Overlaps(second.Subnet) || second.Subnet.Bits() != 24 {
		t.Errorf("%s is taken, got %s", first.Subnet, second.Subnet)
	}
	if len(second.Slots) != 8 {
		t.Errorf("%d slots, want 4 replicas in two colors", len(second.Slots))
	}
}

func TestTheLastFreeSubnetIsFound(t *testing.T) {
	var taken []netip.Prefix
	for n := range uint32(subnets) {
		if p := subnet(n); p.String() != "10.220.7.0/24" {
			taken = append(taken, p)
		}
	}
	n, err := Network(release.Network{}, release.Engine{Taken: taken}, testApp())
	if err != nil || n.Subnet.String() != "10.220.7.0/24" {
		t.Errorf("got %s, %v", n.Subnet, err)
	}
}

func TestAddressesStayWhenServicesComeAndGo(t *testing.T) {
	first, err := Network(release.Network{}, release.Engine{}, testApp())
	if err != nil {
		t.Fatal(err)
	}
	more := testApp()
	more.Services = append([]release.Service{{Name: "admin", Port: 1, Replicas: 3}}, testServices[1:]...)
	second, err := Network(first, release.Engine{Taken: []netip.Prefix{first.Subnet}}, more)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[netip.Addr]release.Slot{}
	for slot, addr := range second.Slots {
		if old, ok := first.Slots[slot]; ok && old != addr {
			t.Errorf("%s moved from %s to %s", slot, old, addr)
		}
		if other, twice := seen[addr]; twice {
			t.Errorf("%s and %s share %s", slot, other, addr)
		}
		seen[addr] = slot
		if second.DockerRange().Contains(addr) || !second.Subnet.Contains(addr) || addr == second.Gateway() {
			t.Errorf("%s has %s, outside the slots' half", slot, addr)
		}
	}
}

func TestAFullPoolIsAClearRefusal(t *testing.T) {
	_, err := Network(release.Network{}, release.Engine{Taken: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, testApp())
	if release.CodeOf(err) != release.Invalid {
		t.Errorf("got %v", err)
	}
}
