package remote

import (
	"os/exec"
	"syscall"
)

// startShielded starts a process that Ctrl-C doesn't reach: it is off in a new
// process group (CreateProcess, CREATE_NEW_PROCESS_GROUP).
func startShielded(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	return cmd.Start()
}
