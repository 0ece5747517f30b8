//go:build !unix

package doctor

import "io/fs"

// Where there are no modes and user IDs, there is nothing to say of them.

func owner(fs.FileInfo) int                    { return -1 }
func writable(string) bool                     { return true }
func allows(_ fs.FileInfo, _ fs.FileMode) bool { return false }
func otherWorkers() bool                       { return false }
