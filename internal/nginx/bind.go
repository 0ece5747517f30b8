package nginx

import (
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
)

// bindForm is an address that nginx can't listen on, and the system's reason.
var bindForm = regexp.MustCompile(`bind\(\) to (\S+) failed \((\d+):`)

// The reasons, by Linux's numbers (errno-base.h and errno.h).
const (
	bindDenied = "13"
	bindTaken  = "98"
	bindAbroad = "99"
)

// withHolders adds to nginx's complaints who holds the ports it can't get.
func (s server) withHolders(says []string) []string {
	var taken []netip.AddrPort
	for _, line := range says {
		m := bindForm.FindStringSubmatch(line)
		if m == nil || m[2] != bindTaken {
			continue
		}
		if at, err := netip.ParseAddrPort(m[1]); err == nil && !slices.Contains(taken, at) {
			taken = append(taken, at)
		}
	}
	for _, at := range taken {
		says = append(says, at.String()+" is held by "+s.holder(at))
	}
	return says
}

// itself is the holder where the nginx has the port already, for an address of
// its own or for both families at once: a socket that a reload can't replace.
const itself = "this nginx itself, for another address with this port"

// holder names who listens there. A container's ports are its own.
func (s server) holder(at netip.AddrPort) string {
	m, running := s.running()
	within := os.Getpid()
	if s.box != nil {
		within = int(s.box.master)
	}
	switch pid := listener(within, at); {
	case pid == 0:
		return "a process that only root may look at, or that has ended since"
	case running && (pid == int(m) || parent(pid) == int(m)):
		return itself
	default:
		return fmt.Sprintf("%s (pid %d)", command(pid), pid)
	}
}

// unbound is what to do about addresses that can't be listened on; otherwise
// where the complaints are of something else.
func unbound(says []string, otherwise string) string {
	m := bindForm.FindStringSubmatch(strings.Join(says, "\n"))
	switch {
	case m == nil:
		return otherwise
	case mentions(says, itself):
		return "give listen in teal.yaml the form that it has in the other sites of this nginx, or change theirs and restart nginx"
	}
	switch m[2] {
	case bindTaken:
		return "free the port, or choose another listen in teal.yaml"
	case bindAbroad:
		return "choose a listen in teal.yaml that is an address of this machine: ip address shows them"
	case bindDenied:
		return "run teal as root, or choose a port above 1023 for listen in teal.yaml"
	}
	return otherwise
}
