package compose

import (
	"errors"
	"testing"
)

func TestAnEngineWithoutAddressesIsToldApart(t *testing.T) {
	for text, want := range map[string]bool{
		"could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network": true,
		"all predefined address pools have been fully subnetted":                                                     true,
		"Pool overlaps with other one on this address space":                                                         false,
		"cannot create network 5d0 (br-5d0): conflicts with network 7ac (br-7ac): networks have overlapping IPv4":    false,
		"failed to create network shop-green_default: plugin \"macvlan\" not found in address pool":                  false,
	} {
		if addressless(errors.New("Error response from daemon: "+text)) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}
