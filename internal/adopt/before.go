package adopt

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

// befores name what serves each service until the first release does: what
// does today.
func (p *Proposal) befores(sites []*site) {
	p.App.Site.Adopted = &release.Adopted{Before: map[string]string{}, First: p.App.Site.Adopted.First}
	for _, svc := range p.App.Services {
		var today []binding // the first of each nginx that leads there
		var of []*site
		for _, s := range sites {
			if b, ok := s.firstOf(svc.Name); ok {
				today, of = append(today, b), append(of, s)
			}
		}
		if len(today) > 0 {
			p.before(svc.Name, of, today)
		}
	}
}

func (s *site) firstOf(service string) (binding, bool) {
	for _, b := range s.bound {
		if b.service == service {
			return b, true
		}
	}
	return binding{}, false
}

// before is one value for all nginx of the chain: an upstream or an address. An
// upstream is made where one nginx has another name for it than the next, and
// for host names, which teal.yaml can't hold.
func (p *Proposal) before(service string, of []*site, today []binding) {
	value, same := plainBefore(today[0]), true
	for _, b := range today[1:] {
		same = same && plainBefore(b) == value
	}
	if value == "" || !same {
		value = "before_" + release.Variable(p.App.Name, service)
		for i, s := range of {
			s.upstream(value, today[i])
		}
	}
	for i, s := range of {
		s.vanishing(service, value, today[i])
	}
	p.App.Site.Adopted.Before[service] = value
	p.because(Reason{Key: "site.adopted.before." + service, Choice: value, Why: "serves today, and until the first release does: " + today[0].Place(), Place: today[0].Place()})
}

// upstreamName is what teal.yaml takes for one.
var upstreamName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// plainBefore is an upstream of the nginx's own or an address, "" for a host
// name.
func plainBefore(b binding) string {
	t := b.live
	if t.Upstream != nil && upstreamName.MatchString(t.Upstream.Name) {
		return t.Upstream.Name
	}
	if t.Upstream != nil {
		return ""
	}
	host := strings.Trim(t.Host, "[]")
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return ""
	}
	return hostAndPort(host, t.Port)
}

func hostAndPort(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(number(port))
}

// upstream writes a block for what serves today in front of the first server
// that needs it.
func (s *site) upstream(name string, b binding) {
	var body []string
	if u := b.live.Upstream; u == nil {
		body = []string{"server " + conf.Quote(hostAndPort(strings.Trim(b.live.Host, "[]"), b.live.Port)) + ";"}
	} else {
		for _, n := range u.Kids {
			body = append(body, strings.Join(strings.Fields(n.File.Src[n.Start:n.End]), " "))
		}
	}
	s.draft = nil
	s.draft.before(b.Server.Directive, "upstream "+name+" { "+strings.Join(body, " ")+" }  # teal: until the first release serves")
	for _, c := range s.draft {
		if err := s.apply(c); err != nil {
			s.problem(b.Server.Node, "%v", err)
		}
	}
}

// vanishing notes upstreams by host names that are gone once the containers of
// today are: nginx starts with none of those.
func (s *site) vanishing(service, value string, b binding) {
	hosts := []string{b.live.Host}
	if u := b.live.Upstream; u != nil {
		hosts = nil
		for _, peer := range u.Servers {
			hosts = append(hosts, peer.Host)
		}
	}
	for _, host := range hosts {
		if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || strings.EqualFold(host, "localhost") || host == "host.docker.internal" || host == "" {
			continue
		}
		s.note(b.Node, "upstream %s names the container %s, and nginx does not start without it: when the first release serves, take %s out of before in teal.yaml and the upstream out of nginx's files, deploy, and only then remove the old container",
			value, host, service)
		return
	}
}

// first lets the first release take the color that doesn't serve today.
func (p *Proposal) first(sites []*site) {
	p.App.Site.Adopted = &release.Adopted{}
	var live release.Color
	var place string
	for _, s := range sites {
		for _, b := range s.bound {
			switch {
			case b.color == release.None || live == b.color:
			case live == release.None:
				live, place = b.color, b.Place()
			default:
				s.problem(b.Node, "proxy_pass %s leads to %s, others to %s: bring all to one color first", b.Raw, b.color, live)
			}
		}
	}
	if live == release.None {
		return
	}
	p.App.Site.Adopted.First = live.Other()
	p.because(Reason{Key: "site.adopted.first", Choice: string(live.Other()), Place: place,
		Why: "nginx sends everyone to " + string(live) + " today, whose ports are taken"})
}
