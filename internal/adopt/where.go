package adopt

import (
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"teal/internal/nginx/conf"
	"teal/internal/release"
)

var (
	routePath = regexp.MustCompile(`^/[a-zA-Z0-9._~/-]*$`)
	hostName  = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	filePath  = regexp.MustCompile(`^/[a-zA-Z0-9._/+-]+$`)
)

// sitesFolder names the folder in which the file for the http block goes, where
// it is not the usual one.
func (s *site) sitesFolder() string {
	var folders []string
	for _, n := range s.n.Tree.Named("include") {
		dir, base := path.Split(n.Arg(0))
		if n.Up == nil || n.Up.Name != "http" || base != "*" && base != "*.conf" || strings.ContainsAny(dir, "*?[") {
			continue
		}
		if !path.IsAbs(dir) {
			dir = path.Join(path.Dir(s.n.Tree.Main.Path), dir)
		}
		folders = append(folders, path.Clean(dir))
	}
	usually := []string{"sites-enabled", "conf.d"}
	if s.n.boxed() {
		usually = []string{"conf.d"}
	}
	for _, usual := range usually {
		if slices.Contains(folders, path.Join(path.Dir(s.n.Tree.Main.Path), usual)) {
			return ""
		}
	}
	if len(folders) == 0 {
		s.problems = append(s.problems, s.n.Tree.Main.Path+": the http block includes no folder, and teal needs one for a file of its own: add include "+
			path.Join(path.Dir(s.n.Tree.Main.Path), "conf.d")+"/*.conf; to it")
		return ""
	}
	return folders[0]
}

// where says at which names and addresses the adopted servers answer, so that
// teal can ask them and the witness can be a client there.
func (p *Proposal) where(sites []*site) {
	s := sites[0]
	listen, secure := s.addressesOf(s.servers())
	p.App.Site.Listen = listen
	for _, v := range s.servers() {
		for _, name := range v.Names {
			p.host(s, v, name)
		}
	}
	if len(secure) > 0 {
		p.tls(s, secure)
	}
	if len(listen)+len(secure) == 0 {
		s.problem(s.bound[0].Server.Node, "the server has no address at which teal could ask it: give it a listen with a port, without proxy_protocol")
	}
	p.because(Reason{Key: "site.listen", Choice: strings.Join(append(slices.Clone(listen), secure...), ", "), Why: "where the servers with the include listen", Place: s.servers()[0].Place()})
	p.inner(sites)
}

// inner gives the nginx behind the first their own addresses.
func (p *Proposal) inner(sites []*site) {
	for i, s := range sites[1:] {
		listen, secure := s.addressesOf(s.servers())
		if len(listen) == 0 {
			s.problem(s.bound[0].Server.Node, "an nginx behind another is asked in plain HTTP, and here %s is HTTPS alone: add a plain listen", strings.Join(secure, ", "))
		}
		p.App.Proxies[i+1].Listen = listen
	}
}

// addressesOf are the addresses of servers in the form of site.listen.
func (s *site) addressesOf(servers []*conf.Server) (plain, secure []string) {
	for _, v := range servers {
		for _, l := range v.Listens {
			at, ok := listenText(l)
			switch {
			case l.QUIC:
			case !ok || l.ProxyProtocol:
				s.note(v.Node, "teal can't ask at listen %s, so it asks the server's other addresses", listenWord(l))
			case l.TLS || v.Effective("ssl") != nil && v.Effective("ssl")[0].Arg(0) == "on":
				secure = appendNew(secure, at)
			default:
				plain = appendNew(plain, at)
			}
		}
	}
	return plain, secure
}

func listenWord(l conf.Listen) string {
	if l.Node == nil {
		return "80"
	}
	return l.Arg(0)
}

// listenText is an address as teal.yaml has it: a port, or an IP address with
// one.
func listenText(l conf.Listen) (string, bool) {
	host := strings.Trim(l.Host, "[]")
	if l.Socket != "" || strings.Contains(l.Port, "-") {
		return "", false
	}
	if host == "" {
		return l.Port, true
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "", false
	}
	return netip.AddrPortFrom(addr, uint16(number(l.Port))).String(), true
}

// host adds a name that clients use.
func (p *Proposal) host(s *site, v *conf.Server, name string) {
	name = strings.ToLower(name)
	names := []string{name}
	if rest, below := strings.CutPrefix(name, "."); below {
		names = []string{rest, "*." + rest}
	}
	for _, name := range names {
		switch {
		case name == "" || name == "_":
		case !hostName.MatchString(name):
			s.note(v.Node, "server_name %s is no plain name: name in site.hosts one that it matches, if no other does", name)
		default:
			p.App.Site.Hosts = appendNew(p.App.Site.Hosts, name)
		}
	}
	p.because(Reason{Key: "site.hosts", Choice: strings.Join(p.App.Site.Hosts, ", "), Why: "server_name of the servers with the include", Place: v.Place()})
}

// tls names the certificate that nginx uses; teal reads it and never writes
// it.
func (p *Proposal) tls(s *site, listen []string) {
	for _, v := range s.servers() {
		for i, cert := range v.Certificates {
			if i >= len(v.Keys) {
				break
			}
			pair := Certificate{Cert: s.file(cert.Arg(0)), Key: s.file(v.Keys[i].Arg(0)), Place: cert.Place()}
			if pair.Cert == "" || pair.Key == "" {
				s.note(cert, "the certificate %s can't be read from here", cert.Arg(0))
				continue
			}
			p.Certificates = appendNew(p.Certificates, pair)
		}
	}
	if len(p.Certificates) == 0 {
		s.problem(s.servers()[0].Node, "no certificate of this server is in a file on this machine, which teal needs to ask it: add a plain listen on 127.0.0.1 that leads to the same locations")
		return
	}
	first := p.Certificates[0]
	p.App.Site.TLS = &release.TLS{Listen: listen, Cert: first.Cert, Key: first.Key}
	p.because(Reason{Key: "site.tls", Choice: first.Cert, Why: "as in nginx; teal reads it and never writes it", Place: first.Place})
}

// file is a file that nginx names, on this machine; "" where it isn't there.
func (s *site) file(name string) string {
	if strings.ContainsAny(name, "$:") {
		return ""
	}
	if !path.IsAbs(name) {
		name = path.Join(path.Dir(s.n.Tree.Main.Path), name)
	}
	if here := s.n.here(path.Clean(name)); filePath.MatchString(here) {
		return here
	}
	return ""
}

// afterwards says what is to be done by hand around the first release.
func (p *Proposal) afterwards() {
	if p.pair != nil && p.App.Site.Adopted.First != release.None {
		live := p.App.Site.Adopted.First.Other()
		p.note("the first release takes %s; before the second, take down the %s that runs today (docker compose -f %s down): its ports and container names are the next color's",
			p.App.Site.Adopted.First, live, strings.Join(p.pair.Files[live], " -f "))
		return
	}
	var names []string
	for _, s := range p.App.Services {
		if !p.App.Routed(s.Name) {
			continue
		}
		for _, m := range p.members(s.Name) {
			names = append(names, m.service.Name)
		}
	}
	p.note("what serves today goes on until the first release does; then stop it: docker compose stop %s", strings.Join(names, " "))
}
