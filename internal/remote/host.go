// Package remote runs the teal of another machine through this one's ssh
// program: the command line from anywhere, all effects on the host.
//
// The invariants: ssh gets an argument vector, and the one string in it that
// a shell on the other side will read is made of words each quoted alone; no
// value of an environment variable is in an argument vector, on either side;
// the other teal is told of an interrupt, and takes a lost connection for one.
package remote

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"teal/internal/release"
)

// Host is where another teal is.
type Host struct {
	User string // "" leaves it to ssh's configuration
	Name string // host name, a name of ssh's configuration, or an address
	Port int    // 0 leaves it to ssh's configuration
}

// Neither may begin with a dash: ssh would take it for an option.
var (
	userForm = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}$`)
	nameForm = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,252}$`)
	portForm = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)
)

// Parse reads ssh://[user@]host[:port], and nothing else.
func Parse(text string) (Host, error) {
	rest, is := strings.CutPrefix(text, "ssh://")
	if !is {
		return Host{}, malformed(text, "it does not begin with ssh://")
	}
	var h Host
	if user, after, has := strings.Cut(rest, "@"); has {
		if strings.Contains(user, ":") {
			return Host{}, malformed("ssh://…@"+after, "a password has no place in it; use a key")
		}
		if !userForm.MatchString(user) {
			return Host{}, malformed(text, fmt.Sprintf("%q is not a user name", user))
		}
		h.User, rest = user, after
	}
	name, port, err := cutPort(rest)
	if err != nil {
		return Host{}, malformed(text, err.Error())
	}
	h.Name, h.Port = name, port
	return h, nil
}

// cutPort splits name:port, where an IPv6 address stands in brackets.
func cutPort(text string) (string, int, error) {
	name, port, has := strings.Cut(text, ":")
	if inside, after, bracket := strings.Cut(strings.TrimPrefix(text, "["), "]"); strings.HasPrefix(text, "[") && bracket {
		addr, err := netip.ParseAddr(inside)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", 0, fmt.Errorf("%q is not an IPv6 address", inside)
		}
		name = inside
		port, has = strings.CutPrefix(after, ":")
		if !has && after != "" {
			return "", 0, fmt.Errorf("%q follows the address", after)
		}
	} else if !nameForm.MatchString(name) {
		return "", 0, fmt.Errorf("%q is not a host", name)
	}
	if !has {
		return name, 0, nil
	}
	n, err := strconv.Atoi(port)
	if err != nil || !portForm.MatchString(port) || n > 65535 {
		return "", 0, fmt.Errorf("%q is not a port", port)
	}
	return name, n, nil
}

func malformed(text, why string) error {
	return &release.Error{
		Code: release.Invalid, What: fmt.Sprintf("%q is not a host for teal: %s", text, why),
		State: "nothing was done", Next: "teal --host ssh://user@host.example status",
	}
}

// String is the host as it is written.
func (h Host) String() string {
	text := h.Name
	if strings.Contains(text, ":") {
		text = "[" + text + "]"
	}
	if h.User != "" {
		text = h.User + "@" + text
	}
	if h.Port != 0 {
		text += ":" + strconv.Itoa(h.Port)
	}
	return "ssh://" + text
}
