package plan

import (
	"errors"
	"net/netip"
	"testing"

	"teal/internal/release"
)

func asError(err error, e **release.Error) bool { return errors.As(err, e) }

func TestAnAppGetsTheFirstSubnetNothingUses(t *testing.T) {
	e := release.Engine{Taken: []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("10.208.0.0/23"), netip.MustParsePrefix("10.208.2.128/25"),
	}}
	n, err := Network(release.Network{}, e, testServices)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Subnet.String(); got != "10.208.3.0/24" {
		t.Errorf("subnet %s", got)
	}
	if len(n.Slots) != 8 {
		t.Errorf("%d slots, want 4 replicas in two colors", len(n.Slots))
	}
}

func TestAddressesStayWhenServicesComeAndGo(t *testing.T) {
	first, err := Network(release.Network{}, release.Engine{}, testServices)
	if err != nil {
		t.Fatal(err)
	}
	more := append([]release.Service{{Name: "admin", Port: 1, Replicas: 3}}, testServices[1:]...)
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
	_, err := Network(release.Network{}, release.Engine{Taken: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}, testServices)
	if release.CodeOf(err) != release.Invalid {
		t.Errorf("got %v", err)
	}
}
