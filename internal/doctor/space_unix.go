//go:build linux || darwin

package doctor

import "syscall"

// left asks the file system of a folder. Bavail is what an ordinary user may
// use, which is less than what is free.
func left(dir string) (room, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return room{}, false
	}
	block := uint64(s.Bsize)
	return room{free: s.Bavail * block, total: s.Blocks * block, files: s.Ffree, inodes: s.Files}, true
}
