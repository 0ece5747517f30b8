//go:build linux

package e2e

import (
	"testing"

	"github.com/moby/moby/client"

	private "teal/test/engine"
)

// The addresses that an engine gives to networks run out on machines with many
// projects; a color's own network needs some.
func TestScenarioAnEngineWithoutAddressesForAnotherNetworkLeavesTrafficAlone(t *testing.T) {
	t.Parallel()
	h := newHoused(t, private.Options{LiveRestore: true, Networks: 2})
	h.mustDeploy(1)
	load := h.gentle()
	if _, err := h.client.NetworkCreate(t.Context(), "somebodys", client.NetworkCreateOptions{}); err != nil {
		t.Fatal(err)
	}
	network := h.name + "-green_default"
	h.deploy(2).fails(3, "docker network "+network+" can't be created", "no addresses left", "state: release 1 is live in blue, as before", "next:  remove a network that nothing needs", "default-address-pools")
	h.settled("without addresses", 1)
	if _, err := h.client.NetworkRemove(t.Context(), "somebodys", client.NetworkRemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	h.mustDeploy(2)
	h.settled("with addresses again", 2)
	h.unhurt(load)
}
