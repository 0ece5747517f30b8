package cli

import "teal/internal/release"

// The exit codes. Scripts depend on them; they never change.
const (
	exitDone        = 0
	exitInternal    = 1
	exitInvalid     = 2   // usage or configuration
	exitGate        = 3   // a gate failed, traffic is where it was
	exitLocked      = 4   // another deploy runs
	exitUnreachable = 5   // Docker or nginx can't be reached
	exitInterrupted = 130 // by a signal, and undone
)

// exits is the one table from error code to exit code.
var exits = map[release.Code]int{
	release.Internal:    exitInternal,
	release.Invalid:     exitInvalid,
	release.Gate:        exitGate,
	release.Locked:      exitLocked,
	release.Unreachable: exitUnreachable,
	release.Interrupted: exitInterrupted,
}

func exitOf(err error) int {
	if code, ok := exits[release.CodeOf(err)]; ok {
		return code
	}
	return exitInternal
}
