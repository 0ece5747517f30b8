//go:build unix

package cli

import (
	"io/fs"
	"os"
	"syscall"
)

// own gives a file the owner of another.
func own(path string, of fs.FileInfo) error {
	stat, ok := of.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Getuid() && int(stat.Gid) == os.Getgid() {
		return nil
	}
	return os.Chown(path, int(stat.Uid), int(stat.Gid))
}
