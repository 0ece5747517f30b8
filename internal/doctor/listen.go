package doctor

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"teal/internal/release"
)

// holder is a process that listens at an address; pid is 0 where it can't be
// told, being somebody else's.
type holder struct {
	pid   int
	title string // its command line
}

// listens is about the addresses of the site: each must be free, or its own
// nginx's.
func (c Case) listens() []release.Finding {
	if c.App == nil || len(c.App.Routes) == 0 {
		return nil
	}
	var found []release.Finding
	for i, p := range c.Proxies {
		if p.Kind == release.ProxyContainer {
			continue // its addresses are the container's own
		}
		for _, text := range c.addresses(i) {
			if addr, err := address(text); err == nil {
				found = append(found, p.listen(text, addr))
			}
		}
	}
	return found
}

// addresses are those of a proxy of the chain: the outermost has the site's
// unless it is given others.
func (c Case) addresses(i int) []string {
	list := c.Proxies[i].Listen
	if len(list) == 0 {
		list = c.App.Site.Listen
	}
	if i == 0 && c.App.Site.TLS != nil {
		list = append(slices.Clone(list), c.App.Site.TLS.Listen...)
	}
	return list
}

// address reads site.listen's forms; a port alone is every IPv4 address.
func address(text string) (netip.AddrPort, error) {
	if n, err := strconv.ParseUint(text, 10, 16); err == nil {
		return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(n)), nil
	}
	return netip.ParseAddrPort(text)
}

func (p Proxy) listen(text string, addr netip.AddrPort) release.Finding {
	h, held := listener(addr)
	const fix = "stop it, or choose another address in site.listen"
	switch {
	case !held && !mayBind(addr.Port()) && !p.State.Running:
		return fail(release.Unreachable, fmt.Sprintf("%s needs rights that you don't have: ports below 1024 are root's", text), "run teal as root, or choose a port from 1024 on in site.listen")
	case !held:
		return ok("%s is free for the %s", text, p.Name())
	case h.pid == 0 && p.State.Running:
		return warn(fmt.Sprintf("%s is held by a process of another user, perhaps the %s", text, p.Name()), "run teal doctor as root to know")
	case h.pid == 0:
		return fail(release.Unreachable, text+" is held by a process of another user", fix)
	case p.State.PID > 0 && (h.pid == p.State.PID || parent(h.pid) == p.State.PID):
		return ok("%s is held by the %s", text, p.Name())
	case strings.HasPrefix(h.title, "nginx:") && p.Kind == release.ProxyStandalone:
		return fail(release.Unreachable, fmt.Sprintf("%s is held by another nginx: pid %d", text, h.pid), "use proxy: host to be served by that one, or choose another address in site.listen")
	}
	return fail(release.Unreachable, fmt.Sprintf("%s is held by pid %d: %s", text, h.pid, h.title), fix)
}

func mayBind(port uint16) bool { return port >= firstFree() || os.Geteuid() <= 0 }
