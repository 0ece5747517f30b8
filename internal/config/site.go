package config

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"teal/internal/release"
)

// siteDraft is the site while it is read: the redirect stands beside tls in
// the file and within it in release.
type siteDraft struct {
	release.Site
	redirect redirect
}

// redirect is the status that leads plain requests to HTTPS; 0 for none.
type redirect int

func defaultSite() release.Site { return release.Site{Listen: []string{"80"}} }

func (d *draft) readSite(v value) { d.app.Site = d.site().read(v).Site }

func (d *draft) site() kind[siteDraft] {
	return object(siteDraft{Site: defaultSite()}, d.siteKeys, checkSite)
}

func (d *draft) siteKeys(s *siteDraft) []key {
	return []key{
		set("hosts", &s.Hosts, hosts(), "The host names that are answered; `*.voda.example` for all below one.").usually("any host"),
		set("listen", &s.Listen, addresses(), "Where nginx listens for plain HTTP: a port, or an address with one. A port alone means every IPv4 address."),
		set("tls", &s.TLS, optional(tls(d.app.Dir)), "HTTPS.").usually("plain HTTP only"),
		set("redirect", &s.redirect, redirects(), "Leads plain requests to HTTPS with this status. 308 keeps the method, so that a POST stays one; 301 is what old clients know.").
			usually("both are served"),
		set("trusted_proxies", &s.TrustedProxies, networks(),
			"Proxies and load balancers in front of this nginx, as networks or addresses: what they say of the client's address (`X-Forwarded-For`) is believed.").
			usually("nobody is believed"),
		custom("error_pages", errorPages(d.app.Dir).schema, func(v value) { s.ErrorPages = errorPages(d.app.Dir).read(v) },
			"Own pages for answers that nginx itself makes, a file for each status from 400 to 599; not for 418 to 420, 427 and 499.").usually("nginx's pages"),
		set("gzip", &s.Gzip, toggle(), "Whether answers are compressed."),
		custom("access_log", func() schema { return accessLogSchema(d.app.Dir) }, func(v value) { s.AccessLog = readAccessLog(v, d.app.Dir) },
			"The site's own log of requests: a path, or a path and a format.").usually("the log of the nginx that serves the site"),
		set("adopted", &s.Adopted, optional(adopted()),
			"The site's server blocks are your own: teal writes what they include and never the blocks, `hosts`, `listen` and `tls` say where they answer. See [a site of your own](proxies.md#a-site-of-your-own).").
			usually("teal writes the server block"),
	}
}

func checkSite(s *siteDraft, v value) {
	if s.Adopted != nil && s.TLS != nil {
		s.TLS.HTTP2 = false // its owner's to say
		if !v.has("listen") {
			s.Listen = nil // plain HTTP may only lead to HTTPS there
			return
		}
	}
	if len(s.Listen) == 0 {
		s.Listen = defaultSite().Listen
	}
	if s.TLS == nil {
		if at := v.entry("redirect"); at.written() {
			at.refuse("%s: there is no HTTPS to lead to: write tls: {cert: site.pem, key: site.key} beside it", at.title())
		}
		return
	}
	s.TLS.Redirect = int(s.redirect)
	plain := map[netip.AddrPort]bool{}
	for _, l := range s.Listen {
		plain[socket(l)] = true
	}
	for _, l := range s.TLS.Listen {
		if plain[socket(l)] {
			v.refuse("%s: %s listens for plain HTTP and for HTTPS: keep one", v.title(), l)
		}
	}
}

func redirects() kind[redirect] {
	return kind[redirect]{
		schema: func() schema { return schema{Title: "301 or 308", Enum: []any{301, 308}} },
		read: func(v value) redirect {
			n := v.integer(300, 399)
			if n != 0 && n != 301 && n != 308 {
				v.refuse("%s: %d is not known: write 301 or 308", v.title(), n)
			}
			return redirect(n)
		},
	}
}

// hosts are host names; the same one twice is refused, since nginx only warns
// about it.
func hosts() kind[[]string] {
	host := kind[string]{
		schema: func() schema { return schema{Title: "host name", Type: "string", Pattern: hostForm.String()} },
		read:   readHost, shown: filledText,
	}
	return distinct(host, func(host string) string { return host }, "host %q")
}

func readHost(v value) string {
	s, ok := v.text()
	if !ok {
		return ""
	}
	host := strings.ToLower(s)
	if !hostName(strings.TrimPrefix(host, "*.")) {
		v.refuse("%s: %q is not a host name: write voda.example or *.voda.example", v.title(), s)
		return ""
	}
	return host
}

// hostName reports whether s is a DNS name in lower case, or an IPv4 address.
func hostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !labelForm.MatchString(label) {
			return false
		}
	}
	return true
}

// addresses are what nginx listens on. Two that are one socket to nginx are
// refused: it wouldn't start with them.
func addresses() kind[[]string] {
	low, high := 1, maxPort
	address := kind[string]{
		schema: func() schema {
			return schema{
				Title: "port or address with one", Type: []string{"integer", "string"}, Minimum: &low, Maximum: &high,
				Pattern: `^([0-9.]+:|\[[0-9a-fA-F:.]+\]:)?[1-9][0-9]{0,4}$`,
			}
		},
		read: readAddress, shown: filledText,
	}
	return distinct(address, socket, "%s")
}

// readAddress reads 80, 127.0.0.1:8080 or [::1]:8080. A port alone means
// every IPv4 address, as in nginx's listen directive.
func readAddress(v value) string {
	if !v.is("!!int") && !v.is("!!str") {
		v.mistyped("a port or an address with one")
		return ""
	}
	host, port, err := net.SplitHostPort(v.node.Value)
	if err != nil {
		host, port = "", v.node.Value
	}
	number, portErr := strconv.ParseUint(port, 10, 16)
	addr, addrErr := netip.ParseAddr(host)
	alone := err != nil
	if portErr != nil || number == 0 || !decimal.MatchString(port) || !alone && (addrErr != nil || addr.Zone() != "") {
		v.refuse("%s: %q is not an address to listen on: write 80, 127.0.0.1:8080 or [::1]:8080", v.title(), v.node.Value)
		return ""
	}
	if alone {
		return port
	}
	return netip.AddrPortFrom(addr, uint16(number)).String()
}

// networks are proxies in front of the site.
func networks() kind[[]netip.Prefix] {
	network := kind[netip.Prefix]{
		schema: func() schema {
			return schema{Title: "network or address", Type: "string", Pattern: `^[0-9a-fA-F:.]+(/[0-9]{1,3})?$`}
		},
		read: readNetwork,
	}
	return distinct(network, func(p netip.Prefix) netip.Prefix { return p }, "%s")
}

// readNetwork reads 10.0.0.0/8, fd00::/8, or an address alone.
func readNetwork(v value) netip.Prefix {
	s, ok := v.text()
	if !ok {
		return netip.Prefix{}
	}
	p, err := netip.ParsePrefix(s)
	if addr, addrErr := netip.ParseAddr(s); addrErr == nil && addr.Zone() == "" {
		p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil || p.Addr().Is4In6() {
		v.refuse("%s: %q is not a network: write 10.0.0.0/8, fd00::/8 or 192.0.2.7", v.title(), s)
		return netip.Prefix{}
	}
	// nginx would take the network and say nothing of the rest, which may
	// have been meant.
	if p != p.Masked() {
		v.refuse("%s: %q is an address within a network: write %s or %s", v.title(), s, p.Masked(), p.Addr())
		return netip.Prefix{}
	}
	return p
}
