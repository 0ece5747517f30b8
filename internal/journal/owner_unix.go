//go:build unix

package journal

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"teal/internal/release"
)

// ours refuses a state root that somebody else may write to. nginx's master,
// which is root as a rule, reads its configuration from there: who owns the
// folder could put another one in its place.
func (j *Journal) ours() error {
	info, err := os.Stat(j.root)
	if err != nil {
		return err
	}
	if own, ok := info.Sys().(*syscall.Stat_t); ok && int(own.Uid) != os.Geteuid() {
		return j.notOurs(int(own.Uid))
	}
	if info.Mode().Perm()&0o002 != 0 {
		return &release.Error{
			Code: release.Invalid, What: fmt.Sprintf("others may write to the state root %s (mode %04o)", j.root, info.Mode().Perm()),
			State: "nothing was changed",
			Next:  "chmod go-w " + j.root + ", once you have looked at what lies there",
		}
	}
	return nil
}

func (j *Journal) notOurs(owner int) error {
	return &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("the state root %s belongs to %s, and teal runs as %s", j.root, called(owner), called(os.Geteuid())),
		State: "nothing was changed",
		Next:  fmt.Sprintf("run teal as the user who owns that folder, or make it yours: chown -R %d %s", os.Geteuid(), j.root),
	}
}

// called is a user by name and number, as far as the name is known.
func called(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return fmt.Sprintf("%s (uid %d)", u.Username, uid)
	}
	return fmt.Sprintf("uid %d", uid)
}
