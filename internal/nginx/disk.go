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

// recorded is told of each change, where a test asks for them.
var recorded func(diskChange)

func record(c diskChange, err error) error {
	if err == nil && recorded != nil {
		recorded(c)
	}
	return err
}

func mkdir(path string) error {
	return record(diskChange{op: "mkdir", path: path}, os.Mkdir(path, 0o755))
}

func symlink(target, path string) error {
	return record(diskChange{op: "symlink", path: path, to: target}, os.Symlink(target, path))
}

func rename(from, to string) error {
	return record(diskChange{op: "rename", path: from, to: to}, os.Rename(from, to))
}

// publish writes a file that nginx's workers may read. A link in its place is
// taken away: nothing is written where it leads.
func publish(path, text string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if err := lift(path); err != nil {
			return err
		}
	}
	return record(diskChange{op: "write", path: path, text: text}, write644(path, text))
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
	err := record(diskChange{op: "remove", path: flag}, os.Remove(flag))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// liftAll takes away all that lies at the path.
func liftAll(path string) error {
	return record(diskChange{op: "remove", path: path}, os.RemoveAll(path))
}

// syncFolder makes renames in the folder survive a power cut.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return record(diskChange{op: "sync", path: path}, dir.Sync())
}
