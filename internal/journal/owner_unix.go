//go:build unix

package journal

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
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
	if uid, known := ownerOf(info); known && uid != os.Geteuid() {
		return j.notOurs(uid)
	}
	if info.Mode().Perm()&0o002 != 0 {
		return &release.Error{
			Code: release.Invalid, What: fmt.Sprintf("others may write to the state root %s (mode %04o)", j.root, info.Mode().Perm()),
			State: "nothing was changed",
			Next:  "chmod go-w " + j.root + ", once you have looked at what lies there",
		}
	}
	return j.unplanted()
}

// unplanted refuses what somebody else has put where teal keeps its own: a
// folder or link of theirs would move traffic, or lead what teal writes to a
// place of their choice. What root has put there is as good as ours, say a
// link to another disk.
func (j *Journal) unplanted() error {
	list := []string{j.root}
	for _, pattern := range []string{"*", "live/*", "flags/*", "apps/*", "locks/*", "live/.*", "flags/.*"} {
		found, _ := filepath.Glob(filepath.Join(globbed(j.root), pattern)) // the pattern is well formed
		list = append(list, found...)
	}
	for _, path := range list {
		info, err := os.Lstat(path)
		if err != nil {
			continue // gone meanwhile: another teal's draft
		}
		if uid, known := ownerOf(info); known && uid != os.Geteuid() && uid != 0 {
			return planted(path, uid)
		}
	}
	return nil
}

// globbed is the folder with nothing in it that a pattern has a meaning for.
func globbed(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

func planted(path string, uid int) error {
	return &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("%s belongs to %s, who could move your traffic by it; teal runs as %s", path, called(uid), called(os.Geteuid())),
		State: "nothing was changed",
		Next:  fmt.Sprintf("look at what it is and where it leads; then remove it, or make it yours: chown -h %d %s", os.Geteuid(), path),
	}
}

// ownerOf is whose a file is, where the system says so.
func ownerOf(info os.FileInfo) (uid int, known bool) {
	own, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(own.Uid), true
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
