package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Bad moments: no room left where teal keeps its state.

// onSmallDisk puts the state root on a disk of its own, and returns the disk's
// folder.
func onSmallDisk(t *testing.T) (a *app, disk string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this scenario mounts a disk of its own, which takes root: sudo make test")
	}
	a = newApp(t)
	disk = filepath.Join(filepath.Dir(a.dir), "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tealtest", disk, "tmpfs", 0, "size=4m,mode=755"); err != nil {
		t.Fatal(err)
	}
	a.state = filepath.Join(disk, "state")
	t.Cleanup(func() { // runs before the app's end, so it does that too
		a.makeRoom(disk)
		a.teal("down", "--volumes", "--yes")
		a.teal("proxy", "down")
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Errorf("unmount %s: %v", disk, err)
		}
	})
	return a, disk
}

// fillUp leaves no room on the disk.
func (a *app) fillUp(disk string) {
	a.t.Helper()
	f, err := os.Create(filepath.Join(disk, "full"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; {
		if _, err = f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		a.t.Fatalf("the disk is not full: %v", err)
	}
}

func (a *app) makeRoom(disk string) {
	a.t.Helper()
	if err := os.Remove(filepath.Join(disk, "full")); err != nil && !os.IsNotExist(err) {
		a.t.Fatal(err)
	}
}

func TestScenarioAFullDiskStopsADeployBeforeItBegins(t *testing.T) {
	t.Parallel()
	a, disk := onSmallDisk(t)
	a.fillUp(disk)
	a.deploy(1).fails(1, "no space left", a.state, "next:  make room on that disk")
	a.makeRoom(disk)
	a.mustDeploy(1)
	load := a.gentle()
	before := a.snapshot()
	a.fillUp(disk)
	a.deploy(2).fails(1, "no space left", a.state, "release 1 is live in blue", "next:  make room on that disk")
	a.serves(1)
	if v := a.status(); v.Live != "blue" { // who makes room must see what is live
		t.Errorf("status %+v", v)
	}
	a.makeRoom(disk)
	if after := a.snapshot(); fmt.Sprint(after.Containers, after.Files) != fmt.Sprint(before.Containers, before.Files) {
		t.Errorf("was %v, is %v", before, after)
	}
	a.mustDeploy(2)
	a.serves(2)
	a.unhurt(load)
}

func TestScenarioADiskThatFillsUpInTheMiddleOfADeployLeavesTrafficAlone(t *testing.T) {
	t.Parallel()
	a, disk := onSmallDisk(t)
	a.mustDeploy(1)
	load := a.gentle()
	version := 2
	for _, at := range []int{8, 3, 16} { // while the new color starts, before the release is kept, after the shift
		r := a.run(built.crash, []string{fmt.Sprintf("VERSION=%d", version), fmt.Sprintf("TEAL_TEST_DIE_AT=%d", at), "TEAL_TEST_FILL=" + disk}, "deploy")
		r.fails(1, "no space left", a.state, "is live in", "next:  ")
		if strings.Contains(r.stderr, `\n`) {
			t.Errorf("a line of the error is not one: %v", r)
		}
		if code, body := a.get("/"); code != 200 {
			t.Errorf("entry %d: the site answers %d %s", at, code, body)
		}
		a.makeRoom(disk)
		a.mustDeploy(version + 1)
		a.serves(version + 1)
		a.converged(fmt.Sprintf("entry %d", at))
		version += 2
	}
	a.unhurt(load)
}
