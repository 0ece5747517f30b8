//go:build unix

package doctor

import (
	"io/fs"
	"os"
	"syscall"
)

// owner is the user ID a file belongs to.
func owner(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// writeAccess is W_OK of access(2).
const writeAccess = 2

func writable(path string) bool { return syscall.Access(path, writeAccess) == nil }

// allows reports whether the file's mode has one of the bits.
func allows(info fs.FileInfo, bits fs.FileMode) bool { return info.Mode().Perm()&bits != 0 }

// otherWorkers reports whether nginx's workers are another user: they are
// where its master is root's.
func otherWorkers() bool { return os.Geteuid() == 0 }
