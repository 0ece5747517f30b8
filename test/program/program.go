// Package program writes programs that a test runs.
package program

import (
	"os"
	"syscall"
)

// Write writes a program or script with mode 0755. It must be used for every
// file that a process of ours writes and then runs: a child that another
// goroutine forks meanwhile has the file open for writing until its exec, and
// the kernel runs no such file, "text file busy" (ETXTBSY, execve(2); Go issue
// 22315). Under the lock that os/exec takes for a fork there is no such child.
func Write(name string, content []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(name, content, 0o755)
}
