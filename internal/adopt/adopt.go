package adopt

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// adopt takes the sites of the chain as they are. It reports false where none
// of them leads to the app.
func (p *Proposal) adopt(m Machine) (bool, error) {
	sites, err := p.read(m)
	if err != nil || len(sites) == 0 {
		return false, err
	}
	p.settle(sites)
	p.befores(sites)
	for _, s := range sites {
		for _, b := range s.bound {
			s.pass(b)
		}
		for _, v := range s.servers() {
			s.server(v, m.Root)
		}
	}
	p.where(sites)
	if err := refusal(sites); err != nil {
		return false, err
	}
	for _, s := range sites {
		p.Notes = append(p.Notes, s.notes...)
		if err := p.patch(s); err != nil {
			return false, err
		}
		p.mounts(s, m.Root)
	}
	p.afterwards()
	return true, nil
}

// read matches each nginx and leaves out those that nobody asked for and that
// don't lead here.
func (p *Proposal) read(m Machine) ([]*site, error) {
	var all, sites []*site
	d := p.directory(m.Addrs)
	for _, n := range m.Sites {
		s := &site{p: p, n: n, view: n.Tree.View(), drafts: map[*conf.Directive]written{}}
		s.match(d)
		all = append(all, s)
	}
	if err := p.already(all, m.Root); err != nil {
		return nil, err
	}
	for _, s := range all {
		switch {
		case len(s.bound) > 0 || len(s.problems) > 0:
			sites = append(sites, s)
		case s.n.Asked:
			return nil, s.nowhere()
		default:
			p.note("nothing in %s leads to a port of the compose files: the app becomes a site of its own beside what is there", s.n.Tree.Main.Path)
		}
	}
	return sites, refusal(sites)
}

// nowhere refuses a tree in which no proxy_pass is the app's.
func (s *site) nowhere() error {
	e := &release.Error{
		Code: release.Invalid, What: "no proxy_pass in " + s.n.Tree.Main.Path + " leads to a service of the compose files",
		State: "nothing was written",
		Next:  "publish in the compose files the ports that nginx uses, or leave this nginx out and teal makes a site of its own",
	}
	if len(s.view.Passes) == 0 {
		e.Detail = append(e.Detail, s.n.Tree.Main.Path+": there is no proxy_pass at all")
	}
	for _, pass := range s.view.Passes {
		e.Detail = append(e.Detail, pass.Place()+": proxy_pass "+pass.Raw)
	}
	for _, v := range s.p.survey.Services {
		for _, m := range s.p.members(v.Name) {
			for _, port := range m.service.Ports {
				e.Detail = append(e.Detail, fmt.Sprintf("%s: %s publishes %s", m.service.Place("ports"), m.service.Name, cmp.Or(port.Listen(), "a port that Docker chooses")))
			}
		}
	}
	e.Detail = append(e.Detail, s.notes...)
	return e
}

// refusal tells all that stands in the way at once.
func refusal(sites []*site) error {
	e := &release.Error{
		Code: release.Invalid, What: "this nginx configuration can't be adopted by a small patch", State: "nothing was written",
		Next: "change what is named, reload nginx, and run teal init again",
	}
	for _, s := range sites {
		for _, text := range s.problems {
			e.Detail = appendNew(e.Detail, text)
		}
	}
	if len(e.Detail) == 0 {
		return nil
	}
	return e
}

// patch makes the new files.
func (p *Proposal) patch(s *site) error {
	changes, err := s.edits.Changes()
	if err != nil {
		return &release.Error{Code: release.Invalid, What: "this nginx configuration can't be adopted by a small patch", Detail: []string{err.Error()}, State: "nothing was written",
			Next: "put the directives on lines of their own, and run teal init again", Err: err}
	}
	for _, c := range changes {
		out := Change{Proxy: s.n.Proxy.Name(), File: c.Path, Host: s.n.here(c.Path), Before: c.Before, After: c.After}
		c.Path = cmp.Or(out.Host, c.Path)
		out.Diff = c.Diff()
		p.Changes = append(p.Changes, out)
		if out.Host == "" || s.templated(out.File) {
			p.note("%s", s.byHand(out))
		}
	}
	return nil
}

// templated reports whether the container makes the file at each start.
func (s *site) templated(file string) bool {
	return s.n.boxed() && s.n.templates() != "" && path.Dir(file) == release.DefaultSites
}

// byHand says what becomes of a file that is in a container alone, or is made
// there anew.
func (s *site) byHand(c Change) string {
	if s.templated(c.File) {
		return fmt.Sprintf("%s is made from a template when the container starts: write the lines of the diff into %[2]s after teal init --write, and restart %[3]s; "+
			"or let teal write the site: take the template off %[3]s, and say in place of adopted what it says (hosts, tls with self_signed: true where it makes a certificate, redirect: 308)",
			c.File, path.Join(s.n.templates(), path.Base(c.File)+".template"), s.n.Proxy.Service+s.n.Proxy.Container)
	}
	return fmt.Sprintf("%s is inside the container of %s alone: keep it in a folder of this machine that the compose file mounts, with the lines of the diff",
		c.File, s.n.Proxy.Service+s.n.Proxy.Container)
}

// mounts notes what a container has to see before teal can switch its nginx.
func (p *Proposal) mounts(s *site, root string) {
	if !s.n.boxed() {
		return
	}
	var missing []string
	for _, m := range p.App.ProxyMounts(root, s.n.Proxy) {
		seen := slices.ContainsFunc(s.n.Mounts, func(have release.Mount) bool {
			return m.Target == have.Target || strings.HasPrefix(m.Target, strings.TrimSuffix(have.Target, "/")+"/")
		})
		switch {
		case seen:
		case s.templated(path.Join(m.Target, "x.conf")): // teal's folder would hide what is made there, and be read-only
			missing = append(missing, "./nginx.d:"+m.Target)
		default:
			missing = append(missing, m.Line())
		}
	}
	if len(missing) > 0 {
		p.note("the container of %s must see teal's folders: add to its volumes %s, and start it anew once, before teal init --write",
			s.n.Proxy.Service+s.n.Proxy.Container, strings.Join(missing, ", "))
	}
}

// settle records what the matches decide: ports, routes, colors, balance.
func (p *Proposal) settle(sites []*site) {
	p.App.Proxies = nil
	for _, s := range sites {
		s.n.Proxy.Sites = s.sitesFolder()
		p.App.Proxies = append(p.App.Proxies, s.n.Proxy)
		for _, b := range s.bound {
			p.bindService(s, b)
			p.bindRoute(b)
		}
	}
	p.becauseProxies(sites)
	slices.SortStableFunc(p.App.Routes, func(a, b release.Route) int { return len(b.Path) - len(a.Path) })
	p.first(sites)
	for _, svc := range p.App.Services {
		if from, _ := p.survey.Service(svc.Name); svc.Port > 0 && !p.App.Routed(svc.Name) {
			p.note("%s: %s is reached by no proxy_pass: it is released with the others, and no client gets to it", from.Place(""), svc.Name)
		}
	}
	p.loopbackPorts()
}

func (p *Proposal) becauseProxies(sites []*site) {
	var kinds, mains []string
	for _, s := range sites {
		kinds = append(kinds, string(s.n.Proxy.Kind))
		mains = append(mains, s.n.Tree.Main.Path)
	}
	p.because(Reason{Key: "proxy", Choice: strings.Join(kinds, ", "), Why: "its configuration leads to the app: " + strings.Join(mains, ", ")})
}

// bindService takes the port that nginx uses for the service's.
func (p *Proposal) bindService(s *site, b binding) {
	i := slices.IndexFunc(p.App.Services, func(v release.Service) bool { return v.Name == b.service })
	svc := &p.App.Services[i]
	key := "services." + b.service + ".port"
	if !p.ported[b.service] {
		svc.Port, p.ported[b.service] = b.port, true
		p.because(Reason{Key: key, Choice: itoa(b.port), Why: "where nginx sends requests, " + b.Place(), Place: b.Place()})
		if from, _ := p.survey.Service(b.service); svc.Health.Kind == "" {
			p.unchecked(from, b.port)
		}
	}
	if svc.Port != b.port {
		s.problem(b.Node, "proxy_pass %s leads to port %d of %s, and another one to its port %d: teal sends a service's requests to one", b.Raw, b.port, b.service, svc.Port)
	}
	if svc.Handoff == release.HandoffStopFirst {
		s.problem(b.Node, "proxy_pass %s leads to %s, which looks like a scheduler that may not run twice: requests need one that may", b.Raw, b.service)
	}
}

// bindRoute names the service's first path, which the witness asks.
func (p *Proposal) bindRoute(b binding) {
	choice := "http://$" + release.Variable(p.App.Name, b.service)
	p.because(Reason{Key: "proxy_pass." + b.Place(), Choice: choice, Why: "proxy_pass " + b.Raw + " leads to " + b.service + b.said(), Place: b.Place()})
	path, plain := b.path()
	known := slices.ContainsFunc(p.App.Routes, func(r release.Route) bool { return r.Path == path })
	switch {
	case p.App.Routed(b.service) && (known || !plain):
		return
	case known || !plain:
		path = p.freePath(b.service)
	}
	p.App.Routes = append(p.App.Routes, release.Route{Path: path, To: b.service, Options: release.RouteOptions{Balance: p.balance(b)}})
	p.because(Reason{Key: "routes." + path, Choice: b.service, Why: "proxy_pass " + b.Raw + " in " + b.Place(), Place: b.Place()})
}

func (b binding) said() string {
	if b.via == "" {
		return ""
	}
	return " by " + b.via
}

// path is the location's, where it is a prefix that a route can have.
func (b binding) path() (path string, plain bool) {
	l := b.Location
	if l == nil || !slices.Contains([]string{"", "=", "^~"}, l.Modifier) || !routePath.MatchString(l.Path) || strings.Contains(l.Path, "//") {
		return "/", false
	}
	return l.Path, true
}

// freePath is a path for a service that clients reach by patterns alone.
func (p *Proposal) freePath(service string) string {
	want := "/"
	for n := 0; slices.ContainsFunc(p.App.Routes, func(r release.Route) bool { return r.Path == want }); n++ {
		want = "/" + strings.ToLower(service) + strings.Repeat("-", n) + "/"
	}
	return want
}

// balance is how the upstream spreads requests, as far as teal can.
func (p *Proposal) balance(b binding) release.Balance {
	u := b.live.Upstream
	if u == nil {
		return release.RoundRobin
	}
	for _, n := range u.Kids {
		if text := dropped(n); text != "" {
			p.note("%s: %s", n.Place(), text)
		}
	}
	if u.Balance == nil {
		return release.RoundRobin
	}
	for _, known := range []release.Balance{release.LeastConn, release.IPHash} {
		if u.Balance.Name == string(known) {
			p.because(Reason{Key: "routes." + b.service + ".balance", Choice: string(known), Why: "as in upstream " + u.Name + ", " + u.Balance.Place(), Place: u.Balance.Place()})
			return known
		}
	}
	p.note("%s: %s is not carried over: teal balances round robin, by least_conn or ip_hash", u.Balance.Place(), u.Balance.Name)
	return release.RoundRobin
}

// dropped says what of an upstream has no part in teal's.
func dropped(n *conf.Node) string {
	switch n.Name {
	case "server":
		var params []string
		for i, word := range n.Args() {
			if i > 0 && word != "backup" && word != "down" {
				params = append(params, word)
			}
		}
		if len(params) > 0 {
			return strings.Join(params, " ") + " is not carried over: a replica is left for a second after three faults within one, and the other color stands behind"
		}
	case "keepalive", "keepalive_timeout", "keepalive_requests", "keepalive_time", "zone":
		return n.Name + " is not carried over: teal's upstreams keep connections by themselves"
	}
	return ""
}
