package adopt

import (
	"net/netip"
	"path"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// Nginx is one nginx of the chain as its files have it.
type Nginx struct {
	Tree      *conf.Tree
	Proxy     release.Proxy
	Asked     bool            // somebody named it: that it leads nowhere near the app is an error
	AccessLog string          // where it logs when no file says so, as built; "" is not known
	Mounts    []release.Mount // of its container: where its files are on this machine
	// Real follows the symbolic links of a path; nil leaves it as it is.
	Real func(path string) string
}

// boxed reports whether its files are inside a container.
func (n Nginx) boxed() bool { return n.Proxy.Kind == release.ProxyContainer }

// here is the path on this machine of a file that the nginx sees, "" where it
// is in the container alone.
func (n Nginx) here(file string) string {
	if n.boxed() {
		file = n.mounted(file)
	}
	if file == "" || n.Real == nil {
		return file
	}
	return n.Real(file)
}

func (n Nginx) mounted(file string) string {
	found, deepest := "", -1
	for _, m := range n.Mounts {
		target := path.Clean(m.Target)
		rest, inside := strings.CutPrefix(file, strings.TrimSuffix(target, "/")+"/")
		if file == target {
			rest, inside = "", true
		}
		if inside && len(target) > deepest {
			found, deepest = path.Join(m.Source, rest), len(target)
		}
	}
	return found
}

// templates is the folder of this machine whose templates become the files of
// conf.d when the container starts, as in the official image; "" without.
func (n Nginx) templates() string { return n.here("/etc/nginx/templates") }

// Change is one file of an nginx, patched.
type Change struct {
	Proxy  string `json:"proxy"`          // whose it is, as in messages
	File   string `json:"file"`           // as that nginx sees it
	Host   string `json:"host,omitempty"` // on this machine; "" where it can't be patched
	Before string `json:"-"`
	After  string `json:"-"`
	Diff   string `json:"diff"` // for patch -p1 -d /
}

// Certificate is a pair of files that an adopted server uses.
type Certificate struct {
	Cert, Key string // on this machine
	Place     string // of ssl_certificate
}

// owner is who stands behind an address.
type owner struct {
	service string
	color   release.Color // None where the files know no colors
	port    int           // of the container
	why     string
}

// directory finds owners of addresses.
type directory struct {
	ports   map[int][]owner        // of this machine
	names   map[string][]owner     // in networks of the compose files; port is 0
	addrs   map[netip.Addr][]owner // likewise
	subnets []netip.Prefix
	inside  map[int][]owner // by the container's port, for addresses within the subnets
	own     []netip.Addr    // this machine's
}

func (p *Proposal) directory(own []netip.Addr) directory {
	d := directory{ports: map[int][]owner{}, names: map[string][]owner{}, addrs: map[netip.Addr][]owner{}, inside: map[int][]owner{}, own: own}
	for _, s := range p.survey.Services {
		for _, m := range p.members(s.Name) {
			d.add(s.Name, m, p.survey.Project)
		}
	}
	for _, text := range p.survey.Subnets {
		if subnet, err := netip.ParsePrefix(text); err == nil {
			d.subnets = append(d.subnets, subnet)
		}
	}
	return d
}

func (d directory) add(name string, m member, project string) {
	o := owner{service: name, color: m.color}
	for _, at := range m.service.Ports {
		if at.Protocol == "udp" {
			continue
		}
		for _, port := range hostPorts(at) {
			o.port, o.why = at.Target, m.service.Place("ports")
			d.ports[port] = append(d.ports[port], o)
		}
	}
	o.port, o.why = 0, m.service.Place("")
	for _, host := range []string{m.service.Name, m.service.Container, project + "-" + m.service.Name + "-1", project + "_" + m.service.Name + "_1"} {
		if host != "" {
			d.names[strings.ToLower(host)] = append(d.names[strings.ToLower(host)], o)
		}
	}
	for _, text := range m.service.Addresses {
		if addr, err := netip.ParseAddr(text); err == nil {
			d.addrs[addr] = append(d.addrs[addr], o)
		}
	}
	if o.port, _, _ = portOf(m.service); o.port == 0 && (m.service.Database || front(m.service) || kind(m.service) != "") {
		return
	}
	d.inside[o.port] = append(d.inside[o.port], o)
}

// owners are who may stand behind a host and port, as an nginx sees them.
func (d directory) owners(host string, port int, boxed bool) []owner {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	literal := err == nil
	switch {
	case d.machine(host, addr, boxed):
		return d.ports[port]
	case !literal:
		return withPort(d.names[strings.ToLower(host)], port)
	case len(d.addrs[addr]) > 0:
		return withPort(d.addrs[addr], port)
	}
	for _, subnet := range d.subnets {
		if subnet.Contains(addr) {
			if len(d.inside[port]) == 0 { // nobody says it, and these say nothing
				return withPort(d.inside[0], port)
			}
			return d.inside[port]
		}
	}
	return nil
}

// machine reports whether the host is the machine that publishes ports: inside
// of a container, its own loopback isn't.
func (d directory) machine(host string, addr netip.Addr, boxed bool) bool {
	if host == "host.docker.internal" {
		return true
	}
	for _, own := range d.own {
		if addr.IsValid() && own == addr && !own.IsLoopback() {
			return true
		}
	}
	return !boxed && (strings.EqualFold(host, "localhost") || addr.IsValid() && (addr.IsLoopback() || addr.IsUnspecified()))
}

func withPort(list []owner, port int) []owner {
	var out []owner
	for _, o := range list {
		o.port = port
		out = append(out, o)
	}
	return out
}
