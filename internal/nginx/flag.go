package nginx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// raiseAttempts bounds how often the folder is made: others take it away only
// while they lower a flag of theirs.
const raiseAttempts = 1000

// raise makes a flag, which nginx finds in the next request. Flags of many apps
// share a folder that is there only while one of them is raised, and another
// teal may take it away between our two steps: it is made again then.
func raise(flag string) error {
	dir := filepath.Dir(flag)
	if err := folder(filepath.Dir(dir)); err != nil {
		return err
	}
	for attempts := 0; ; attempts++ {
		if err := flagFolder(dir); err != nil {
			return err
		}
		err := publish(flag, "")
		if !errors.Is(err, fs.ErrNotExist) || attempts == raiseAttempts {
			return err
		}
	}
}

// flagFolder makes the folder of the flags. It need not outlive a power cut.
func flagFolder(dir string) error {
	if leadsAway(dir) {
		if err := lift(dir); err != nil {
			return err
		}
	}
	if err := mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	err := os.Chmod(dir, 0o755) // whatever the umask is
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// lower takes a flag away, and its folder after the last. A folder that is not
// empty or can't be removed costs requests a look, no more.
func lower(flag string) error {
	dir := filepath.Dir(flag)
	if leadsAway(dir) {
		return lift(dir)
	}
	if err := lift(flag); err != nil {
		return err
	}
	_ = lift(dir)
	return nil
}

// leadsAway reports whether something else lies in the folder's place: a link
// leads to what is somebody else's.
func leadsAway(dir string) bool {
	info, err := os.Lstat(dir)
	return err == nil && !info.IsDir()
}
