package adopt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// site is one nginx of the chain while it is adopted.
type site struct {
	p     *Proposal
	n     Nginx
	view  *conf.View
	bound []binding // in nginx's order

	draft    draft                       // of the block that is looked at
	drafts   map[*conf.Directive]written // what was written before
	edits    conf.Edits
	notes    []string
	problems []string // each names its place
}

// binding is a proxy_pass that leads to a colored service.
type binding struct {
	*conf.Pass
	service string
	port    int           // of the container
	color   release.Color // who answers today, None where that can't be told
	live    conf.Target   // where it leads today
	via     string        // what gave the address, as file:line:column; "" where it is written in the proxy_pass
}

func (s *site) problem(n *conf.Node, format string, args ...any) {
	s.problems = append(s.problems, n.Place()+": "+fmt.Sprintf(format, args...))
}

func (s *site) note(n *conf.Node, format string, args ...any) {
	if text := n.Place() + ": " + fmt.Sprintf(format, args...); !slices.Contains(s.notes, text) {
		s.notes = append(s.notes, text)
	}
}

// match finds what leads to the app.
func (s *site) match(d directory) {
	for _, pass := range s.view.Passes {
		if alwaysReturns(pass.Server.Node) || s.follows(pass) {
			continue // nobody gets there, or it is done
		}
		if b, ok := s.bind(pass, d); ok {
			s.bound = append(s.bound, b)
		}
	}
	s.matchOthers(d)
}

// endpoint is one address that a pass may lead to.
type endpoint struct {
	text   string
	idle   bool // backup or down: it isn't who answers today
	owners []owner
}

func (s *site) endpoints(t conf.Target, d directory) []endpoint {
	if t.Kind != conf.ToUpstream {
		return []endpoint{{text: t.Host + t.Socket, owners: d.owners(t.Host, number(t.Port), s.n.boxed())}}
	}
	var list []endpoint
	for _, peer := range t.Upstream.Servers {
		list = append(list, endpoint{
			text: peer.Address, idle: slices.Contains(peer.Params, "backup") || slices.Contains(peer.Params, "down"),
			owners: d.owners(peer.Host, number(peer.Port), s.n.boxed()),
		})
	}
	return list
}

// number is a port as written, HTTP's where none is.
func number(port string) int {
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
		return int(n)
	}
	return 80
}

// finding is what all targets of a pass come to.
type finding struct {
	services  []string
	ports     []int
	strangers []string // addresses that nobody of the compose files has
	unknown   string   // why a target can't be told
}

// bind decides whose a pass is. What can't be decided is a problem, what
// isn't teal's to serve a note.
func (s *site) bind(pass *conf.Pass, d directory) (binding, bool) {
	f := s.find(pass, d)
	if len(f.services) == 0 {
		s.leave(pass, f)
		return binding{}, false
	}
	if len(f.services) == 1 && !s.p.colored[f.services[0]] {
		return binding{}, false // shared: it stays where it is
	}
	switch {
	case slices.ContainsFunc(pass.Targets, func(t conf.Target) bool { return t.Scheme == "https" }):
		s.problem(pass.Node, "proxy_pass %s speaks HTTPS to %s, and teal's upstreams speak HTTP: let the service answer plain HTTP on its port",
			pass.Raw, f.services[0])
	case len(f.services) > 1:
		s.problem(pass.Node, "proxy_pass %s leads to %d services: %s; give each a location of its own", pass.Raw, len(f.services), strings.Join(f.services, ", "))
	case f.unknown != "":
		s.problem(pass.Node, "proxy_pass %s leads to %s, and elsewhere too: %s", pass.Raw, f.services[0], f.unknown)
	case len(f.strangers) > 0:
		s.problem(pass.Node, "proxy_pass %s leads to %s, and to %s, which the compose files don't know: take that out first",
			pass.Raw, f.services[0], strings.Join(f.strangers, ", "))
	case len(f.ports) > 1:
		s.problem(pass.Node, "proxy_pass %s leads to ports %d and %d of %s: teal sends a service's requests to one", pass.Raw, f.ports[0], f.ports[1], f.services[0])
	default:
		return s.binding(pass, f, d), true
	}
	return binding{}, false
}

func (s *site) find(pass *conf.Pass, d directory) finding {
	var f finding
	for _, t := range pass.Targets {
		if t.Kind == conf.Unknown {
			f.unknown = t.Why
			continue
		}
		for _, e := range s.endpoints(t, d) {
			if len(e.owners) == 0 {
				f.strangers = append(f.strangers, e.text)
			}
			for _, o := range e.owners {
				f.services = appendNew(f.services, o.service)
				f.ports = appendNew(f.ports, o.port)
			}
		}
	}
	return f
}

func appendNew[T comparable](list []T, one T) []T {
	if slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

// leave says of a pass that isn't the app's what might have been thought of
// it.
func (s *site) leave(pass *conf.Pass, f finding) {
	switch {
	case strings.HasPrefix(pass.Raw, "$teal_") || strings.HasPrefix(pass.Raw, "http://$teal_"):
	case f.unknown != "":
		s.note(pass.Node, "proxy_pass %s stays as it is: %s", pass.Raw, f.unknown)
	case pass.Socket != "":
		s.note(pass.Node, "proxy_pass %s stays as it is: a socket is no port of the compose files; if the app is behind it, publish a port and name that here", pass.Raw)
	}
}

func (s *site) binding(pass *conf.Pass, f finding, d directory) binding {
	b := binding{Pass: pass, service: f.services[0], port: f.ports[0], live: pass.Targets[0]}
	for _, t := range pass.Targets {
		if !t.Sometimes {
			b.live = t
		}
	}
	var colors []release.Color
	for _, e := range s.endpoints(b.live, d) {
		for _, o := range e.owners {
			if !e.idle {
				colors = appendNew(colors, o.color)
			}
		}
	}
	if len(colors) == 1 {
		b.color = colors[0]
	}
	if len(b.live.By) > 0 {
		b.via = b.live.By[len(b.live.By)-1].Place()
	} else if b.live.Upstream != nil {
		b.via = b.live.Upstream.Place()
	}
	return b
}

// others are directives that lead to a server and that teal doesn't adopt.
var others = []string{"fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"}

// matchOthers notes what leads to the app in another way than a proxy_pass of
// HTTP's.
func (s *site) matchOthers(d directory) {
	for _, n := range s.n.Tree.Find(func(n *conf.Node) bool {
		return slices.Contains(others, n.Name) || n.Name == "proxy_pass" && within(n, "stream")
	}) {
		for _, address := range s.addresses(n) {
			host, port := cutPort(address)
			for _, o := range d.owners(host, number(port), s.n.boxed()) {
				if s.p.colored[o.service] {
					s.note(n, "%s %s leads to %s and is not adopted: teal switches proxy_pass of HTTP alone; let %s answer HTTP, or keep it out of the services of teal.yaml",
						n.Name, n.Arg(0), o.service, o.service)
				}
			}
		}
	}
}

// addresses are what the argument of a pass names: itself, or the servers of
// the upstream of that name.
func (s *site) addresses(n *conf.Node) []string {
	name := strings.TrimPrefix(n.Arg(0), "grpc://")
	var list []string
	for _, u := range s.n.Tree.Named("upstream", name) {
		for _, server := range u.Own("server") {
			list = append(list, server.Arg(0))
		}
	}
	if list == nil {
		return []string{name}
	}
	return list
}

func cutPort(address string) (host, port string) {
	i := strings.LastIndexByte(address, ':')
	if i < 0 {
		return address, ""
	}
	return address[:i], address[i+1:]
}

func within(n *conf.Node, block string) bool {
	for up := n.Up; up != nil; up = up.Up {
		if up.Name == block {
			return true
		}
	}
	return false
}

// alwaysReturns reports whether a server answers each request by itself.
func alwaysReturns(server *conf.Node) bool {
	if len(server.Own("return")) == 0 {
		return false
	}
	return !slices.ContainsFunc(append(server.Own("if"), server), func(n *conf.Node) bool { return len(n.Own("rewrite", "break")) > 0 })
}
