//go:build unix

package remote

import (
	"os"
	"os/exec"
	"os/signal"
)

// startShielded starts a process that ignores Ctrl-C: an ignored signal stays
// ignored in a child (execve(2)), and ssh leaves it so. A process group of its
// own would keep it from asking for a passphrase.
func startShielded(cmd *exec.Cmd) error {
	signal.Ignore(os.Interrupt)
	return cmd.Start()
}
