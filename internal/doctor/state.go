package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"teal/internal/release"
)

// state is about the state root: who may write it, and who must be able to
// walk through it.
func (c Case) state() []release.Finding {
	info, err := os.Stat(c.Root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c.absent()
	case err != nil:
		return []release.Finding{fail(release.Unreachable, "the state root can't be looked at: "+err.Error(), "run teal as root, or set TEAL_STATE_DIR")}
	case !info.IsDir():
		return []release.Finding{fail(release.Invalid, c.Root+" is not a folder", "move it away, or set TEAL_STATE_DIR")}
	}
	found := append(c.owned(info), c.passable(c.Root)...)
	if len(found) == 0 {
		found = append(found, ok("the state root %s is yours, and nginx's workers can walk through it", c.Root))
	}
	return append(found, c.journal()...)
}

// absent looks at the folder in which the state root will be made.
func (c Case) absent() []release.Finding {
	above := filepath.Dir(c.Root)
	for {
		if _, err := os.Stat(above); err == nil || above == filepath.Dir(above) {
			break
		}
		above = filepath.Dir(above)
	}
	if !writable(above) {
		return []release.Finding{fail(release.Unreachable, fmt.Sprintf("the state root %s is not there, and you can't make it in %s", c.Root, above), "run teal as root, or set TEAL_STATE_DIR")}
	}
	if found := c.passable(above); len(found) > 0 {
		return found
	}
	return []release.Finding{ok("the state root %s will be made by the first deploy", c.Root)}
}

// owned refuses a root that others can change: who writes there moves traffic.
func (c Case) owned(info fs.FileInfo) []release.Finding {
	var found []release.Finding
	if uid := owner(info); uid > 0 && uid != os.Geteuid() {
		found = append(found, fail(release.Unreachable, fmt.Sprintf("the state root %s belongs to uid %d, who could move your traffic", c.Root, uid), "run teal as that user, or set TEAL_STATE_DIR"))
	} else if !writable(c.Root) {
		found = append(found, fail(release.Unreachable, "you may not write the state root "+c.Root, "run teal as root, or set TEAL_STATE_DIR"))
	}
	said := fmt.Sprintf("may write the state root %s (mode %04o), and so move your traffic", c.Root, info.Mode().Perm())
	switch {
	case allows(info, 0o002):
		found = append(found, fail(release.Invalid, "everyone "+said, "chmod 755 "+c.Root))
	case allows(info, 0o020):
		found = append(found, warn("its group "+said, "chmod 755 "+c.Root))
	}
	return found
}

// passable wants every folder on the way open to nginx's workers, who are
// another user than the one who starts nginx as root.
func (c Case) passable(dir string) []release.Finding {
	if !otherWorkers() {
		return nil
	}
	for {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			return []release.Finding{fail(release.Unreachable, fmt.Sprintf("nginx's workers can't walk through %s (mode %04o) to the state root", dir, info.Mode().Perm()),
				"chmod o+x "+dir+", or set TEAL_STATE_DIR to another place")}
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

func (c Case) journal() []release.Finding {
	path := filepath.Join(c.Root, "teal.db")
	info, err := os.Stat(path)
	if err != nil || !allows(info, 0o044) {
		return nil // none yet, or as it should be
	}
	return []release.Finding{warn(fmt.Sprintf("others may read %s (mode %04o), which holds secrets of the compose files", path, info.Mode().Perm()), "chmod 600 "+path)}
}
