package nginx

import (
	"errors"
	"io/fs"
	"os"
)

// The changes of the disk by which what nginx routes by comes about. Each is
// all there or not at all; what of them outlives a power cut is said by the
// order of the syncs, which a test replays from the record.

// diskChange is one of them. A write is one of the file's text and its name; its
// text is on the disk before the name is where it is synced.
type diskChange struct {
	op       string // mkdir, write, symlink, rename, remove, sync
	path, to string // to: the new name, or where a symlink leads
	text     string
	synced   bool
}

// recorded is told of each change, and refused is asked before it, where a test
// wants to know of them or wants one to fail.
var (
	recorded func(diskChange)
	refused  func(diskChange) error
)

// attempt makes one change of the disk.
func attempt(c diskChange, do func() error) error {
	if refused != nil {
		if err := refused(c); err != nil {
			return &fs.PathError{Op: c.op, Path: c.path, Err: err}
		}
	}
	err := do()
	if err == nil && recorded != nil {
		recorded(c)
	}
	return err
}

func mkdir(path string) error {
	return attempt(diskChange{op: "mkdir", path: path}, func() error { return os.Mkdir(path, 0o755) })
}

func symlink(target, path string) error {
	return attempt(diskChange{op: "symlink", path: path, to: target}, func() error { return os.Symlink(target, path) })
}

func rename(from, to string) error {
	return attempt(diskChange{op: "rename", path: from, to: to}, func() error { return os.Rename(from, to) })
}

// publish writes a file that nginx's workers may read. A link in its place is
// taken away: nothing is written where it leads.
func publish(path, text string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if err := lift(path); err != nil {
			return err
		}
	}
	return attempt(diskChange{op: "write", path: path, text: text}, func() error { return write644(path, text) })
}

func write644(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|noFollow, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Chmod(0o644), f.Close())
}

// lift takes a flag away.
func lift(flag string) error {
	err := attempt(diskChange{op: "remove", path: flag}, func() error { return os.Remove(flag) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// liftAll takes away all that lies at the path.
func liftAll(path string) error {
	return attempt(diskChange{op: "remove", path: path}, func() error { return os.RemoveAll(path) })
}

// syncFolder makes renames in the folder survive a power cut.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return attempt(diskChange{op: "sync", path: path}, dir.Sync)
}
