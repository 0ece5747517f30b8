//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	private "teal/test/engine"
)

func TestScenarioADiskThatGetsFullWhileBuildingLeavesTrafficAlone(t *testing.T) {
	t.Parallel()
	h := newHoused(t, private.Options{Disk: 128 << 20})
	h.mustDeploy(1)
	load := h.gentle()
	h.write("Dockerfile", "FROM "+image+"\nCOPY payload /payload\n")
	h.payload(200 << 20)
	r := h.deploy(2)
	r.fails(3, "build web", "no space left on device", "release 1 is live in blue, as before", "next:")
	h.settled("the disk was full", 1)
	h.payload(1 << 10)
	h.mustDeploy(3)
	h.settled("there was room again", 3)
	h.unhurt(load)
}

// payload makes the file that the image gets a copy of, of so many bytes.
func (h *housed) payload(size int64) {
	h.t.Helper()
	path := filepath.Join(h.dir, "payload")
	if err := os.WriteFile(path, []byte("one\n"), 0o644); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		h.t.Fatal(err)
	}
}
