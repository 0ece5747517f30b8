package remote

import (
	"fmt"
	"strings"

	"teal/internal/release"
)

// symptoms are what ssh says (OpenSSH, which translates none of it), and what
// it means.
var symptoms = []struct{ says, what, next string }{
	{"IDENTIFICATION HAS CHANGED", "%s answers with another key than the one known", "find out why before you trust it; ssh-keygen -R removes the known one"},
	{"Host key verification failed", "the key of %s is not known here", "connect once with ssh, compare the fingerprint, and accept it; in CI, put the key into known_hosts"},
	{"Permission denied", "%s does not let you in", "load the key (ssh-add), or name it in ssh's configuration; ssh-copy-id puts it there"},
	{"Connection refused", "%s refuses connections", "start sshd there, or give its port: --host ssh://user@host:port"},
	{"Could not resolve hostname", "%s: the name is not known", "check the name, or give the address"},
	{"timed out", "%s does not answer", "check the address, the port and the firewall"},
	{"No route to host", "%s can't be reached from here", "check the address and the network"},
	{"Network is unreachable", "%s can't be reached from here", "check the address and the network"},
	{"Bad configuration option", "ssh refuses its configuration", "correct it as ssh says above"},
	{"Can't open user config file", "ssh can't read its configuration", "correct TEAL_SSH_CONFIG"},
}

// broken says why ssh failed. Where the other teal has said something, the
// connection was there, and words like those may be its own.
func (s Session) broken(out, errs string) error {
	for _, symptom := range symptoms {
		if out != "" || !strings.Contains(errs, symptom.says) {
			continue
		}
		what := symptom.what
		if strings.Contains(what, "%s") {
			what = fmt.Sprintf(what, s.Host)
		}
		return &release.Error{Code: release.Unreachable, What: what, State: "nothing was done", Next: symptom.next}
	}
	return &release.Error{
		Code: release.Unreachable, What: "the connection to " + s.Host.String() + " was lost",
		State: "a deploy that ran there is undone, as by Ctrl-C", Next: "teal --host " + s.Host.String() + " status",
	}
}

// parted is an interrupt whose end was not waited for.
func (s Session) parted() error {
	return &release.Error{
		Code: release.Interrupted, What: "interrupted, without word of what became of it on " + s.Host.String(),
		State: "a deploy that ran there is undone, as by Ctrl-C", Next: "teal --host " + s.Host.String() + " status",
	}
}

func (s Session) absent() error {
	return &release.Error{
		Code: release.Unreachable, What: "teal is not installed on " + s.Host.String() + ", or not where commands are looked for there",
		State: "nothing was done", Next: "install it there: copy bin/teal to /usr/local/bin",
	}
}
