package adopt

import (
	"cmp"
	"slices"
	"strings"

	"teal/internal/release"
)

// mains are names of services that serve a site's pages, the likeliest first.
var mains = []string{"web", "www", "frontend", "front", "site", "ui", "client", "app", "nginx", "server"}

// route sends / to the one service that serves pages. What no client could
// reach before is not opened to them: it becomes a route that may be wanted.
func (p *Proposal) route() {
	web, open := p.web()
	if len(web) == 0 {
		return
	}
	main := web[0]
	why := "the only service that clients can be sent to"
	if len(web) > 1 {
		why = "of " + strings.Join(web, ", ") + " the likeliest to serve pages"
	}
	p.App.Routes = []release.Route{{Path: "/", To: main}}
	p.because(Reason{Key: "routes./", Choice: main, Why: why, Place: p.portPlace(main)})
	for _, name := range web[1:] {
		r := release.Route{Path: "/" + strings.ToLower(name) + "/", To: name}
		if !open[name] {
			p.Maybe = append(p.Maybe, r)
			continue
		}
		p.App.Routes = append(p.App.Routes, r)
		p.because(Reason{Key: "routes." + r.Path, Choice: name, Why: "it has a port of its own now; the path is a guess (strip: true takes it off)", Place: p.portPlace(name)})
	}
	slices.SortStableFunc(p.App.Routes, func(a, b release.Route) int { return len(b.Path) - len(a.Path) })
}

// portPlace is where the compose files give the service its port.
func (p *Proposal) portPlace(name string) string {
	s, _ := p.survey.Service(name)
	_, _, key := portOf(s)
	return s.Place(key)
}

// web are the colored services with a port, the likeliest for / first, and
// those of them that clients may be sent to: all that publish a port; if none
// does, the first.
func (p *Proposal) web() (names []string, open map[string]bool) {
	open = map[string]bool{}
	for _, s := range p.App.Services {
		if s.Port == 0 {
			continue
		}
		names = append(names, s.Name)
		from, _ := p.survey.Service(s.Name)
		open[s.Name] = slices.ContainsFunc(from.Ports, func(port release.SurveyPort) bool {
			return port.Published != "" && port.Target == s.Port
		})
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Or(rank(open[b])-rank(open[a]), likelihood(b)-likelihood(a))
	})
	return names, open
}

func rank(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func likelihood(name string) int {
	i := slices.Index(mains, strings.ToLower(name))
	if i < 0 {
		return 0
	}
	return len(mains) - i
}

// proxy chooses the nginx: one that the app brings, else the machine's where
// there is one, else teal's own.
func (p *Proposal) proxy(m Machine) {
	for _, name := range p.Shared {
		s, _ := p.survey.Service(name)
		if front(s) {
			p.App.Proxies = []release.Proxy{{Kind: release.ProxyContainer, Service: name}}
			p.because(Reason{Key: "proxy", Choice: "container", Why: "service " + name + " is nginx with configuration of yours", Place: s.Place("volumes")})
			p.note("%s: what %s is told to serve is known inside of its container alone, where it runs: docker exec %s nginx -T | teal init --nginx-dump %s=-",
				s.Place("volumes"), name, cmp.Or(s.Container, p.survey.Project+"-"+name+"-1"), name)
			return
		}
	}
	if m.Nginx {
		p.App.Proxies = []release.Proxy{{Kind: release.ProxyHost}}
		p.because(Reason{Key: "proxy", Choice: "host", Why: "an nginx runs on this machine; teal adds one file beside its sites"})
		return
	}
	p.App.Proxies = []release.Proxy{{Kind: release.ProxyStandalone}}
	p.because(Reason{Key: "proxy", Choice: "standalone", Why: "no nginx runs on this machine: teal starts its own"})
}

// listen keeps the addresses that clients know.
func (p *Proposal) listen() {
	if len(p.App.Routes) == 0 {
		return
	}
	if front := p.App.Proxies[0].Service; front != "" {
		p.listenIn(front)
		return
	}
	main := p.App.Routes[len(p.App.Routes)-1].To
	from, _ := p.survey.Service(main)
	port, _, _ := portOf(from)
	p.App.Site.Listen = published(from, port)
	if len(p.App.Site.Listen) == 0 {
		p.App.Site.Listen = []string{"80"}
		p.because(Reason{Key: "site.listen", Choice: "80", Why: "no port of " + main + " is published: HTTP's usual one"})
		return
	}
	at := strings.Join(p.App.Site.Listen, ", ")
	p.because(Reason{Key: "site.listen", Choice: at, Why: "where " + main + " is reached now", Place: from.Place("ports")})
	p.note("%s: %s has to be free at the first deploy: where docker compose runs %s now, stop it right before (docker compose stop %s)",
		from.Place("ports"), at, main, main)
}

// listenIn is for an nginx in a container: the ports inside of it.
func (p *Proposal) listenIn(front string) {
	s, _ := p.survey.Service(front)
	port, ok := bestPort(s.Ports)
	if !ok {
		port.Target = 80
	}
	p.App.Site.Listen = []string{itoa(port.Target)}
	p.because(Reason{Key: "site.listen", Choice: itoa(port.Target), Why: "the port inside the container of " + front, Place: s.Place("ports")})
	p.note("%s: give the site its hosts: beside the server that %s has already, teal's must be told by name", s.Place("volumes"), front)
}
