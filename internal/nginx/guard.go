package nginx

import (
	"errors"
	"net/netip"
	"path/filepath"
	"slices"
)

// guard keeps clients' requests on this machine. The addresses of an app's
// slots are reached through its network's bridge; where that is gone while
// nginx still has the app (somebody removed the network, or dockerd isn't up
// yet) they would follow the default route, to whoever has such addresses
// elsewhere. An unreachable route of the last resort stands behind the
// bridge's own: nginx then answers 502 at once.
//
// It takes rights that an ordinary user lacks, and a reboot forgets it until
// the next deploy, so callers go on without it.
func (r *Router) guard(app string) error {
	var errs []error
	for _, p := range r.subnets(app) {
		errs = append(errs, bar(p))
	}
	return errors.Join(errs...)
}

// subnets are those that the app's configuration leads to, as it is on disk.
func (r *Router) subnets(app string) []netip.Prefix {
	var list []netip.Prefix
	confs, _ := filepath.Glob(r.conf(app, "*")) // the pattern is well formed
	for _, path := range confs {
		conf, err := readConf(path)
		if err != nil {
			continue // to be told by those who need it
		}
		for _, server := range within(conf, "upstream", "server") {
			p, ok := subnetOf(server)
			if ok && !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
	}
	return list
}

// subnetOf is the app's network, a /24, by one of its addresses. Loopback
// addresses are in none.
func subnetOf(server directive) (netip.Prefix, bool) {
	if len(server.args) == 0 {
		return netip.Prefix{}, false
	}
	at, err := netip.ParseAddrPort(server.args[0])
	if err != nil || !at.Addr().Is4() || at.Addr().IsLoopback() {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(at.Addr(), 24).Masked(), true
}

// hear keeps what an observation says is the app's subnet: a down has a guard
// to take away also where the app's configuration was lost.
func (r *Router) hear(app string, subnet netip.Prefix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if subnet.IsValid() && !subnet.Addr().IsLoopback() {
		r.told[app] = subnet
	}
}

// heard is that subnet, if there is one.
func (r *Router) heard(app string) []netip.Prefix {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.told[app]; ok {
		return []netip.Prefix{p}
	}
	return nil
}

// unguard takes the guards of these networks away.
func unguard(list []netip.Prefix) error {
	var errs []error
	for _, p := range list {
		errs = append(errs, unbar(p))
	}
	return errors.Join(errs...)
}
