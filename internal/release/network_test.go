package release

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestANetworkThatIsFullIsTheUsersToMend(t *testing.T) {
	n := Network{Subnet: netip.MustParsePrefix("10.210.3.0/24")}
	full, err := n.Assign([]Service{{Name: "web", Replicas: 63}})
	if err != nil || len(full.Slots) != 126 {
		t.Fatalf("%d slots, %v", len(full.Slots), err)
	}
	again, err := full.Assign([]Service{{Name: "web", Replicas: 63}})
	if err != nil || len(again.Slots) != 126 {
		t.Errorf("the same services once more: %d slots, %v", len(again.Slots), err)
	}
	for _, services := range [][]Service{{{Name: "web", Replicas: 64}}, {{Name: "other", Replicas: 1}}} {
		_, err := full.Assign(services)
		var told *Error
		if !errors.As(err, &told) || told.Code != Invalid || told.Next == "" || !strings.Contains(told.What, "no address left for "+services[0].Name+"-blue-") {
			t.Errorf("%v: got %v", services, err)
		}
	}
}
