package probe

import (
	"fmt"

	"teal/internal/release"
)

// tell says how the container of the named slot ended, what that means and
// what to do.
func (o obituary) tell(name, service string) (what string, detail []string, next string) {
	c := o.container
	fix := "fix what its log says, then run teal deploy again"
	switch o.cause {
	case missing:
		return name + " has no container", []string{"something removed it after it was started"},
			"find out what removes containers on this machine, then run teal deploy again"
	case gone:
		return name + " is gone: no such container", []string{"something removed it while teal waited for it"},
			"find out what removes containers on this machine, then run teal deploy again"
	case killedOOM:
		return oomWhat(name, c), []string{oomProof(c)},
			fmt.Sprintf("raise the memory limit of %s in the compose file, or make it need less", service)
	case restarts:
		return restartWhat(name, c), nil, fix
	}
	if c.ExitCode == 137 {
		detail = []string{"the out-of-memory flag is not set: something sent SIGKILL, or the whole machine ran out of memory"}
	}
	return name + " " + ending(c) + lived(c), detail, fix
}

func oomWhat(name string, c release.Container) string {
	if c.Running {
		return "a process of " + name + " was killed for memory"
	}
	return fmt.Sprintf("%s was killed for memory (exit code %d)", name, c.ExitCode)
}

func oomProof(c release.Container) string {
	if c.OOM {
		return "Docker's out-of-memory flag is set"
	}
	return "the kernel's log says so, though Docker's out-of-memory flag isn't set"
}

// restartWhat names the exit code only while Docker has it: it forgets the
// code when the next run starts.
func restartWhat(name string, c release.Container) string {
	what := fmt.Sprintf("%s keeps restarting (%d so far)", name, c.Restarts)
	if c.Running {
		return what
	}
	return what + ": it " + ending(c)
}

// ending words an exit code; 128+n is how shells and Docker report signal n.
func ending(c release.Container) string {
	if c.ExitCode == 0 {
		return "exited with code 0, though it should stay up"
	}
	if signal, ok := signals[c.ExitCode-128]; ok {
		return fmt.Sprintf("was killed by %s (exit code %d)", signal, c.ExitCode)
	}
	switch c.ExitCode {
	case 126:
		return "exited with code 126 (its command can't be executed)"
	case 127:
		return "exited with code 127 (its command isn't in the image)"
	}
	return fmt.Sprintf("exited with code %d", c.ExitCode)
}

func lived(c release.Container) string {
	if c.Started.IsZero() || !c.Finished.After(c.Started) {
		return ""
	}
	return " after " + seconds(c.Finished.Sub(c.Started))
}

// signals are those a process in a container usually dies of (signal(7)).
var signals = map[int]string{
	1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP",
	6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV",
	13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
}
