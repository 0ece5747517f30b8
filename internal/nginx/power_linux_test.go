package nginx

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"

	"teal/internal/release"
)

// disk is an ext4 of its own, whose power can be cut.
type disk struct {
	t           *testing.T
	image, root string
}

func newDisk(t *testing.T) *disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("this test mounts a disk of its own, which takes root")
	}
	d := &disk{t, filepath.Join(t.TempDir(), "image"), publicDir(t)}
	if err := os.WriteFile(d.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(d.image, 32<<20); err != nil {
		t.Fatal(err)
	}
	d.run("mkfs.ext4", "-q", d.image)
	d.mount()
	t.Cleanup(func() { d.run("umount", d.root) })
	return d
}

func (d *disk) mount() {
	d.t.Helper()
	d.run("mount", "-o", "loop", d.image, d.root)
}

func (d *disk) run(name string, args ...string) {
	d.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s: %v: %s", name, err, out)
	}
}

// cut loses all that has not been synced (EXT4_IOC_SHUTDOWN with
// EXT4_GOING_FLAGS_NOLOGFLUSH, linux/fs/ext4/ext4.h) and starts again.
func (d *disk) cut() {
	d.t.Helper()
	root, err := os.Open(d.root)
	if err != nil {
		d.t.Fatal(err)
	}
	const shutdown = 0x8004587d // _IOR('X', 125, __u32)
	how := uint32(2)
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, root.Fd(), shutdown, uintptr(unsafe.Pointer(&how)))
	root.Close()
	if errno != 0 {
		d.t.Fatal(errno)
	}
	d.run("umount", d.root)
	d.mount()
}

func TestATableOutlivesAPowerCut(t *testing.T) {
	d := newDisk(t)
	r, err := New(filepath.Join(d.root, "state"))
	if err != nil {
		t.Fatal(err)
	}
	table := release.Table{Green: 37}
	if err := r.Shift(t.Context(), release.App{Name: "voda"}, table); err != nil {
		t.Fatal(err)
	}
	d.cut()
	if on, ok := r.onDisk("voda"); !ok || on != table || !r.complete(table) {
		text, err := os.ReadFile(filepath.Join(r.table(table), "table"))
		t.Errorf("live is %v (%v), the table says %q (%v)", on, ok, text, err)
	}
}
