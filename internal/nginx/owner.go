package nginx

import (
	"fmt"
	"os"

	"teal/internal/release"
)

// rooted makes the state root, or one that nginx's workers can pass through.
// Somebody else's stays as it is: it may be looked at, and what changes nginx
// refuses it (exclusive).
func rooted(root string) error {
	if _, foreign := foreigner(root); foreign {
		return nil
	}
	return folder(root)
}

// foreigner is the user whom the folder, or the link that is in its place,
// belongs to, if we are root and that is somebody else. Others than root are
// kept out by the folder's mode.
func foreigner(path string) (uid int, foreign bool) {
	if os.Geteuid() != 0 {
		return 0, false
	}
	for _, look := range []func(string) (os.FileInfo, error){os.Lstat, os.Stat} {
		info, err := look(path)
		if err != nil {
			return 0, false
		}
		if uid, _ := ownership(info); uid > 0 {
			return uid, true
		}
	}
	return 0, false
}

// notOurs refuses a state root from which nginx's master, root as a rule, would
// read what another user has written.
func notOurs(root string, uid int) error {
	return &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("the state root %s belongs to uid %d, and teal runs as uid %d", root, uid, os.Geteuid()),
		State: "nothing was changed",
		Next:  fmt.Sprintf("run teal as the user who owns that folder, or make it yours: chown -R %d %s", os.Geteuid(), root),
	}
}
