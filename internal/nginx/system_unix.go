//go:build unix

package nginx

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"
)

// replace puts a file in the place of another at once, through a draft in the
// same folder, with the mode as it is whatever the umask.
func replace(path string, text []byte, mode os.FileMode) error {
	return attempt(diskChange{op: "write", path: path, text: string(text), synced: true}, func() error {
		return renameio.WriteFile(path, text, mode, renameio.WithTempDir(filepath.Dir(path)), renameio.IgnoreUmask())
	})
}

// noFollow opens no link in the last place of a path.
const noFollow = syscall.O_NOFOLLOW

func kill(pid int, s syscall.Signal) error { return syscall.Kill(pid, s) }

// ownership is whose a file is.
func ownership(info os.FileInfo) (uid, gid int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return -1, -1
}
